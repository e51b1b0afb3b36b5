#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/message.h"

enum { OUT_MAX = 4096 };

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
encode_base64(const char *data, size_t len, char *out)
{
	const unsigned char *bytes = (const unsigned char *)data;

	for (size_t i = 0; i < len; i += 3) {
		unsigned group = (unsigned)bytes[i] << 16;

		group |= i + 1 < len ? (unsigned)bytes[i + 1] << 8 : 0;
		group |= i + 2 < len ? bytes[i + 2] : 0;
		*out++ = base64_digits[group >> 18];
		*out++ = base64_digits[group >> 12 & 63];
		*out++ = i + 1 < len ? base64_digits[group >> 6 & 63] : '=';
		*out++ = i + 2 < len ? base64_digits[group & 63] : '=';
	}
	*out = '\0';
}

/* --- the initial responses ------------------------------------------------------------------ */

struct vector {
	const char *source;
	const char *user;
	const char *host; /* OAUTHBEARER's alone */
	unsigned port;
	const char *token;
	const char *bytes;
	const char *wire; /* in base64, as it travels */
};

static const struct vector xoauth2[] = {
	{"Microsoft", "test@contoso.onmicrosoft.com", NULL, 0,
		"EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA",
		"user=test@contoso.onmicrosoft.com\001"
		"auth=Bearer EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA\001\001",
		"dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3"
		"QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0NjbFJDM0VvQUEBAQ=="},
	{"Google", "someuser@example.com", NULL, 0, "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
		"user=someuser@example.com\001"
		"auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\001\001",
		"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRm"
		"dDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="},
};

static const struct vector oauthbearer[] = {
	{"RFC 7628 4.1", "user@example.com", "server.example.com", 143,
		"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
		"n,a=user@example.com,\001host=server.example.com\001port=143\001"
		"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001",
		"bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBv"
		"cnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1s"
		"emRHRXVZMjl0Q2c9PQEB"},
	{"RFC 7628, port 587", "user@example.com", "server.example.com", 587,
		"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
		"n,a=user@example.com,\001host=server.example.com\001port=587\001"
		"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001",
		"bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBv"
		"cnQ9NTg3AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1s"
		"emRHRXVZMjl0Q2c9PQEB"},
	{"RFC 7628, no host and port", "user@example.com", NULL, 0,
		"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
		"n,a=user@example.com,\001"
		"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001",
		"bixhPXVzZXJAZXhhbXBsZS5jb20sAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52"
		"YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"},
};

static void
check_vector(const struct vector *vector, bool bearer)
{
	struct se_secret *token = se_secret_new(vector->token, strlen(vector->token));
	struct se_buffer out;
	struct se_error error;
	enum se_code code;
	char wire[OUT_MAX];

	se_buffer_init(&out, OUT_MAX);
	code = bearer ? se_message_oauthbearer(
				vector->user, vector->host, vector->port, token, &out, &error)
		      : se_message_xoauth2(vector->user, token, &out, &error);
	assert_int_equal(code, SE_OK);
	assert_int_equal(out.len, strlen(vector->bytes));
	assert_memory_equal(out.data, vector->bytes, out.len);
	encode_base64(out.data, out.len, wire);
	assert_string_equal(wire, vector->wire);
	se_buffer_free(&out);
	se_secret_free(token);
}

static void
builds_the_published_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(xoauth2) / sizeof(xoauth2[0]); i++)
		check_vector(&xoauth2[i], false);
	for (size_t i = 0; i < sizeof(oauthbearer) / sizeof(oauthbearer[0]); i++)
		check_vector(&oauthbearer[i], true);
}

static void
escapes_the_authzid(void **state)
{
	static const struct vector vector = {"", "a,b=c=2C@x", "", 0, "t",
		"n,a=a=2Cb=3Dc=3D2C@x,\001auth=Bearer t\001\001",
		"bixhPWE9MkNiPTNEYz0zRDJDQHgsAWF1dGg9QmVhcmVyIHQBAQ=="};

	(void)state;
	check_vector(&vector, true);
}

/* Whatever is wrong: SE_CONFIG, a sentence, no token in it, nothing built. */
static void
check_refused(const char *user, const char *host, unsigned port, const char *token, size_t len)
{
	struct se_secret *secret = se_secret_new(token, len);
	struct se_buffer out;
	struct se_error error;

	se_buffer_init(&out, OUT_MAX);
	if (host == NULL && port == 0) {
		error.text[0] = '\0';
		assert_int_equal(se_message_xoauth2(user, secret, &out, &error), SE_CONFIG);
		assert_true(strlen(error.text) > 10);
		assert_null(strstr(error.text, "tok3n"));
	}
	error.text[0] = '\0';
	assert_int_equal(se_message_oauthbearer(user, host, port, secret, &out, &error), SE_CONFIG);
	assert_true(strlen(error.text) > 10);
	assert_null(strstr(error.text, "tok3n"));
	assert_int_equal(out.len, 0);
	se_buffer_free(&out);
	se_secret_free(secret);
}

static void
refuses_what_would_forge_a_field(void **state)
{
	(void)state;
	check_refused("anna\001auth=Bearer x", NULL, 0, "tok3n", 5);
	check_refused("anna\r", NULL, 0, "tok3n", 5);
	check_refused("anna\n", NULL, 0, "tok3n", 5);
	check_refused("anna", NULL, 0, "tok3n\001", 6);
	check_refused("anna", NULL, 0, "tok3n\r", 6);
	check_refused("anna", NULL, 0, "tok3n\n", 6);
	check_refused("anna", NULL, 0, "tok3n\0x", 7);
	check_refused("anna", "server\001port=1", 0, "tok3n", 5);
	check_refused("anna", "server\n", 0, "tok3n", 5);
	check_refused("anna", "server", 65536, "tok3n", 5);
}

static void
refuses_what_is_empty(void **state)
{
	struct se_buffer out;
	struct se_error error;

	(void)state;
	check_refused("", NULL, 0, "tok3n", 5);
	check_refused(NULL, NULL, 0, "tok3n", 5);
	check_refused("anna", NULL, 0, "", 0);
	se_buffer_init(&out, OUT_MAX);
	assert_int_equal(se_message_xoauth2("anna", NULL, &out, &error), SE_CONFIG);
	se_buffer_free(&out);
}

static void
says_when_it_does_not_fit(void **state)
{
	struct se_secret *token = se_secret_new("tok3n", 5);
	struct se_buffer out;
	struct se_error error;

	(void)state;
	se_buffer_init(&out, 20);
	assert_int_equal(se_message_xoauth2("anna@contoso.com", token, &out, &error), SE_MEMORY);
	se_buffer_free(&out);
	se_secret_free(token);
}

/* --- "is a token" --------------------------------------------------------------------------- */

/* HEADER in base64url, then as many digits as make it long enough, in three parts. */
static void
make_jws(char *out, size_t size, const char *header)
{
	char encoded[OUT_MAX * 2];
	size_t len;

	encode_base64(header, strlen(header), encoded);
	len = strcspn(encoded, "=");
	encoded[len] = '\0';
	for (size_t i = 0; i < len; i++)
		encoded[i] = encoded[i] == '+' ? '-' : encoded[i] == '/' ? '_' : encoded[i];
	(void)snprintf(out, size, "%s.%s.%s", encoded,
		"eyJhdWQiOiJodHRwczovL291dGxvb2sub2ZmaWNlMzY1LmNvbSIsInJvbGVzIjpbIlNNVFAuU2VuZEFzQ"
		"X",
		"c2lnbmF0dXJlLV8c2lnbmF0dXJlLV8c2lnbmF0dXJlLV8");
}

static bool
jws_passes(const char *header)
{
	char token[OUT_MAX * 2 + 200];

	make_jws(token, sizeof(token), header);
	assert_true(strlen(token) >= 100);
	return se_message_is_token(token, strlen(token));
}

static void
knows_a_jws(void **state)
{
	(void)state;
	assert_true(jws_passes("{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"abc\"}"));
	assert_true(jws_passes("{\"alg\":\"RS256\"}"));
	assert_true(jws_passes(" {\r\n\t\"alg\" : \"RS256\" } \n"));
	assert_true(jws_passes("{\"x5c\":[\"a]\",{\"b\":\"}\\\"\"}],\"n\":-1.5e+3,\"t\":true,"
			       "\"alg\":\"PS256\"}"));
	assert_true(jws_passes("{\"nonce\":\"\\\"\xc3\xbc\",\"alg\":\"none\",\"z\":null}"));
}

static void
refuses_other_headers(void **state)
{
	static const char *const headers[] = {
		"",
		"{}",
		"[]",
		"\"alg\"",
		"{\"typ\":\"JWT\"}",
		"{\"alg\":1}",
		"{\"alg\":{\"alg\":\"RS256\"}}",
		"{\"in\":{\"alg\":\"RS256\"}}",
		"{\"in\":[\"alg\",\"RS256\"]}",
		"{\"typ\":\"alg\"}",
		"{\"ALG\":\"RS256\"}",
		"{\"algo\":\"RS256\"}",
		"{\"alg\":\"RS256\"",
		"{\"alg\":\"RS256\"}}",
		"{\"alg\":\"RS256\"}x",
		"{\"alg\":\"RS256\",}",
		"{\"alg\" \"RS256\"}",
		"{\"alg\":}",
		"{\"alg\":\"RS256}",
		"{\"alg\":\"RS256\\",
		"{\"alg\":\"RS\n256\"}",
		"{alg:\"RS256\"}",
		"{\"a\":[[[[\"x\"],\"alg\":\"RS256\"}",
		"{",
		"{\"",
		"{\"alg",
		"{\"alg\":",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (jws_passes(headers[i]))
			fail_msg("%s", headers[i]);
}

static void
bounds_the_header(void **state)
{
	char header[OUT_MAX + 100];
	int len = snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"pad\":\"");

	(void)state;
	memset(header + len, 'x', 3800);
	memcpy(header + len + 3800, "\"}", 3);
	assert_true(jws_passes(header));
	memset(header + len, 'x', 4090);
	memcpy(header + len + 4090, "\"}", 3);
	assert_false(jws_passes(header));
	memset(header, '[', 3000);
	header[3000] = '\0';
	assert_false(jws_passes(header));
}

static void
refuses_other_shapes(void **state)
{
	char good[OUT_MAX];
	char bad[OUT_MAX + 16];
	size_t len;

	(void)state;
	make_jws(good, sizeof(good), "{\"alg\":\"RS256\"}");
	len = strlen(good);
	assert_true(se_message_is_token(good, len));
	assert_false(se_message_is_token(good, 99));
	assert_false(se_message_is_token(NULL, 0));
	assert_false(se_message_is_token("", 0));

	(void)snprintf(bad, sizeof(bad), "%s.fourth", good);
	assert_false(se_message_is_token(bad, strlen(bad)));
	(void)snprintf(bad, sizeof(bad), "%s.", good);
	assert_false(se_message_is_token(bad, strlen(bad)));
	(void)snprintf(bad, sizeof(bad), "%s\n", good);
	assert_false(se_message_is_token(bad, strlen(bad)));
	(void)snprintf(bad, sizeof(bad), "%s=", good);
	assert_false(se_message_is_token(bad, strlen(bad)));
	(void)snprintf(bad, sizeof(bad), ".%s", strchr(good, '.') + 1);
	assert_false(se_message_is_token(bad, strlen(bad)));
	*strrchr(good, '.') = 'x';
	assert_false(se_message_is_token(good, len));
	/* a NUL within */
	make_jws(good, sizeof(good), "{\"alg\":\"RS256\"}");
	good[60] = '\0';
	assert_false(se_message_is_token(good, len));
}

static void
knows_opaque_tokens(void **state)
{
	char token[201];

	(void)state;
	memset(token, 'x', sizeof(token) - 1);
	token[200] = '\0';
	assert_false(se_message_is_token(token, 200));
	assert_true(se_message_can_be_token(token, 200));
	memcpy(token, "EwA", 3);
	assert_true(se_message_is_token(token, 200));
	assert_true(se_message_is_token(token, 100));
	assert_false(se_message_is_token(token, 99));
	memcpy(token, "EwB", 3);
	memcpy(token + 50, "-._~+/", 6);
	memcpy(token + 198, "==", 2);
	assert_true(se_message_is_token(token, 200));
	memcpy(token, "ya29.", 5);
	assert_true(se_message_is_token(token, 200));
	token[100] = '=';
	assert_false(se_message_is_token(token, 200));
	assert_false(se_message_can_be_token(token, 200));
	token[100] = ' ';
	assert_false(se_message_is_token(token, 200));
	token[100] = '\0';
	assert_false(se_message_is_token(token, 200));
	memcpy(token, "EwC", 3);
	token[100] = 'x';
	assert_false(se_message_is_token(token, 200));
}

static void
never_takes_a_password(void **state)
{
	static const char *const passwords[] = {
		"a.b.c",
		"secret",
		"EwA",
		"ya29.",
		"/etc/sasl-entra/tokens/anna@contoso.com",
		"correct horse battery staple correct horse battery staple correct horse battery "
		"staple correct horse battery staple",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"bbbbbbbbbbbbbbbbbbbbbbbbbb"
		"bbbbbbbbbbbbbbbb.cccccccccccccccccccccccccccccccc",
		"EwA is how my very long passphrase begins, and it goes on like that for a while, "
		"as passphrases do; it has blanks",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01"
		"23456789abcdef0123456789abcdef",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++)
		assert_false(se_message_is_token(passwords[i], strlen(passwords[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builds_the_published_messages),
		cmocka_unit_test(escapes_the_authzid),
		cmocka_unit_test(refuses_what_would_forge_a_field),
		cmocka_unit_test(refuses_what_is_empty),
		cmocka_unit_test(says_when_it_does_not_fit),
		cmocka_unit_test(knows_a_jws),
		cmocka_unit_test(refuses_other_headers),
		cmocka_unit_test(bounds_the_header),
		cmocka_unit_test(refuses_other_shapes),
		cmocka_unit_test(knows_opaque_tokens),
		cmocka_unit_test(never_takes_a_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
