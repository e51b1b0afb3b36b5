/*
 * engine_certificate: client assertions, read and verified as Entra does, with keys and
 * certificates in every form that is taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "core/buffer.h"
#include "core/secret.h"
#include "engine/base64url.h"
#include "engine/credential_certificate.h"
#include "engine/crypto_certificate.h"
#include "engine/crypto_digest.h"
#include "engine/jwt.h"

#include "engine_openssl.h"

#define APP "00001111-aaaa-2222-bbbb-3333cccc4444"
#define ENDPOINT "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"

static struct se_config *config;
static struct se_error error;

static int
set_up(void **state)
{
	(void)state;
	scratch_make();
	openssl_fixtures();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

static int
forget(void **state)
{
	(void)state;
	se_config_free(config);
	config = NULL;
	world_reset();
	return 0;
}

/* An account with those files of the scratch directory; NULL: key or password not given. */
static const struct se_account *
account(const char *certificate, const char *key, const char *password)
{
	struct se_buffer text;

	se_buffer_init(&text, 8192);
	se_buffer_addf(&text,
		"[account relay]\nmatch = *\ntenant = contoso.com\nclient_id = " APP
		"\ncredential = certificate\ncertificate = %s\n",
		scratch(certificate));
	if (key != NULL)
		se_buffer_addf(&text, "private_key = %s\n", scratch(key));
	if (password != NULL)
		se_buffer_addf(&text, "private_key_password_file = %s\n", scratch(password));
	se_config_free(config);
	assert_false(text.failed);
	config = config_of(se_buffer_text(&text));
	se_buffer_free(&text);
	return &config->accounts[0];
}

/* --- an assertion, as a server reads it --------------------------------------------------------- */

struct read {
	struct se_json *header, *claims;
	char *text; /* all of it */
	size_t signed_len;
	unsigned char signature[1024];
	size_t signature_len;
};

static void
decode_signature(struct read *read, const char *part)
{
	char text[2048];
	size_t len = strlen(part), i;

	assert_true(len < sizeof(text) - 4);
	assert_int_equal(strspn(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_"),
		len);
	for (i = 0; i < len; i++)
		text[i] = (char)(part[i] == '-' ? '+' : part[i] == '_' ? '/' : part[i]);
	while (len % 4 != 0)
		text[len++] = '=';
	assert_true(se_base64_decode(text, len, read->signature, &read->signature_len));
}

static struct se_json *
decode_header(const char *text, size_t len)
{
	struct se_secret *shifted;
	struct se_buffer copy;
	struct se_json *json;

	se_buffer_init(&copy, 65536);
	se_buffer_addf(&copy, "x.%.*s.x", (int)len, text);
	shifted = se_secret_new(copy.data, copy.len);
	json = se_jwt_claims(shifted);
	se_secret_free(shifted);
	se_buffer_free(&copy);
	return json;
}

static void
read_assertion(struct read *read, const struct se_secret *assertion)
{
	const char *text = se_secret_reveal(assertion), *last = strrchr(text, '.');

	memset(read, 0, sizeof(*read));
	read->text = strdup(text);
	assert_null(strpbrk(text, "=+/ \n"));
	assert_non_null(last);
	read->signed_len = (size_t)(last - text);
	read->claims = se_jwt_claims(assertion);
	read->header = decode_header(text, strcspn(text, "."));
	assert_non_null(read->claims);
	assert_non_null(read->header);
	decode_signature(read, last + 1);
}

static void
read_free(struct read *read)
{
	se_json_free(read->header);
	se_json_free(read->claims);
	free(read->text);
}

static void
make(const struct se_account *relay, struct read *read)
{
	struct se_secret *assertion = NULL;

	if (se_credential_certificate_assert(relay, &world, &assertion, &error) != SE_OK)
		fail_msg("%s", error.text);
	read_assertion(read, assertion);
	se_secret_free(assertion);
}

/* Makes one and verifies it under a certificate: PS256 with the full thumbprint. */
static void
good(const struct se_account *relay, const char *certificate)
{
	struct read read;

	make(relay, &read);
	assert_string_equal(se_json_string(read.header, "alg"), "PS256");
	assert_true(openssl_verifies(
		certificate, true, read.text, read.signed_len, read.signature, read.signature_len));
	read_free(&read);
}

static int64_t
number(const struct se_json *json, const char *name)
{
	int64_t value = -1;

	assert_null(se_json_string(json, name)); /* an integer, no string */
	assert_true(se_json_integer(json, name, &value));
	return value;
}

static void
test_claims(void **state)
{
	struct read read;
	int64_t before, after;

	(void)state;
	before = world.wall(NULL);
	make(account("relay.pem", NULL, NULL), &read);
	after = world.wall(NULL);
	assert_string_equal(se_json_string(read.header, "typ"), "JWT");
	assert_string_equal(se_json_string(read.header, "alg"), "PS256");
	assert_false(se_json_has(read.header, "x5t"));
	assert_string_equal(se_json_string(read.claims, "aud"), ENDPOINT);
	assert_string_equal(se_json_string(read.claims, "iss"), APP);
	assert_string_equal(se_json_string(read.claims, "sub"), APP);
	assert_int_equal(strlen(se_json_string(read.claims, "jti")), 36);
	assert_in_range(number(read.claims, "nbf"), before, after);
	assert_int_equal(number(read.claims, "iat"), number(read.claims, "nbf"));
	assert_int_equal(number(read.claims, "exp"), number(read.claims, "nbf") + 600);
	assert_true(openssl_verifies(
		"relay.crt", true, read.text, read.signed_len, read.signature, read.signature_len));
	assert_false(openssl_verifies(
		"other.crt", true, read.text, read.signed_len, read.signature, read.signature_len));
	read.signature[7] ^= 1;
	assert_false(openssl_verifies(
		"relay.crt", true, read.text, read.signed_len, read.signature, read.signature_len));
	read_free(&read);
}

/* The thumbprint in the header is what the openssl command says. */
static void
test_thumbprint(void **state)
{
	struct read read;
	char *expected;

	(void)state;
	openssl_run("openssl x509 -in relay.crt -outform DER | openssl dgst -sha256 -binary | "
		    "openssl base64 -A | tr '+/' '-_' | tr -d '=' > thumbprint");
	expected = read_text(scratch("thumbprint"));
	make(account("relay.pem", NULL, NULL), &read);
	assert_string_equal(se_json_string(read.header, "x5t#S256"), expected);
	free(expected);
	read_free(&read);
}

static void
test_unique(void **state)
{
	const struct se_account *relay = account("relay.pem", NULL, NULL);
	struct read one, two;

	(void)state;
	make(relay, &one);
	make(relay, &two);
	assert_string_not_equal(
		se_json_string(one.claims, "jti"), se_json_string(two.claims, "jti"));
	assert_string_not_equal(one.text, two.text);
	read_free(&one);
	read_free(&two);
}

static void
test_forms(void **state)
{
	(void)state;
	good(account("relay.crt", "relay.key", NULL), "relay.crt");
	good(account("relay.pem", "relay.pem", NULL), "relay.crt");
	good(account("relay.pem", NULL, "password"), "relay.crt");
	good(account("relay.crt", "pkcs1.key", NULL), "relay.crt");
	good(account("relay.der", "relay.key", NULL), "relay.crt");
	good(account("relay.crt", "relay.key.der", NULL), "relay.crt");
	good(account("relay.crt", "encrypted.key", "password"), "relay.crt");
	good(account("relay.crt", "traditional.key", "password"), "relay.crt");
	good(account("relay.p12", NULL, "password"), "relay.crt");
	good(account("relay.crt", "relay.p12", "password"), "relay.crt");
	good(account("plain.p12", NULL, NULL), "relay.crt");
	good(account("slow.p12", NULL, "password"), "relay.crt");
	good(account("large.crt", "large.key", NULL), "large.crt");
	good(account("pss.crt", "pss.key", NULL), "pss.crt");
}

/* Whatever comes first in the file: the certificate that belongs to the key is meant. */
static void
test_chain(void **state)
{
	(void)state;
	good(account("chain.pem", NULL, NULL), "relay.crt");
}

/* --- keys that cannot do PSS -------------------------------------------------------------------- */

static bool no_pss, no_pss_signature;

int __real_EVP_PKEY_CTX_set_rsa_padding(EVP_PKEY_CTX *context, int padding);
int __wrap_EVP_PKEY_CTX_set_rsa_padding(EVP_PKEY_CTX *context, int padding);
int __real_EVP_DigestSign(EVP_MD_CTX *context, unsigned char *signature, size_t *size,
	const unsigned char *text, size_t len);
int __wrap_EVP_DigestSign(EVP_MD_CTX *context, unsigned char *signature, size_t *size,
	const unsigned char *text, size_t len);

int
__wrap_EVP_PKEY_CTX_set_rsa_padding(EVP_PKEY_CTX *context, int padding)
{
	return no_pss && padding == RSA_PKCS1_PSS_PADDING
		       ? -2
		       : __real_EVP_PKEY_CTX_set_rsa_padding(context, padding);
}

int
__wrap_EVP_DigestSign(EVP_MD_CTX *context, unsigned char *signature, size_t *size,
	const unsigned char *text, size_t len)
{
	int padding = 0;

	(void)EVP_PKEY_CTX_get_rsa_padding(EVP_MD_CTX_get_pkey_ctx(context), &padding);
	return no_pss_signature && signature != NULL && padding == RSA_PKCS1_PSS_PADDING
		       ? 0
		       : __real_EVP_DigestSign(context, signature, size, text, len);
}

static void
good_rs256(void)
{
	struct read read;

	make(account("relay.pem", NULL, NULL), &read);
	assert_string_equal(se_json_string(read.header, "alg"), "RS256");
	assert_int_equal(strlen(se_json_string(read.header, "x5t")), 27);
	assert_false(se_json_has(read.header, "x5t#S256"));
	assert_true(openssl_verifies("relay.crt", false, read.text, read.signed_len, read.signature,
		read.signature_len));
	read_free(&read);
}

/* Said when it is asked, or not before it is to sign. */
static void
test_no_pss(void **state)
{
	(void)state;
	no_pss = true;
	good_rs256();
	no_pss = false;
	no_pss_signature = true;
	good_rs256();
	no_pss_signature = false;
}

/* A certificate alone is no secret. */
static void
test_public(void **state)
{
	(void)state;
	good(account("open.crt", "relay.key", NULL), "relay.crt");
}

/* Read anew each time: a new pair needs no restart. */
static void
test_anew(void **state)
{
	const struct se_account *relay;

	(void)state;
	openssl_run("cp relay.crt now.crt; cp relay.key now.key");
	relay = account("now.crt", "now.key", NULL);
	good(relay, "relay.crt");
	openssl_run("cp other.crt now.crt; cp other.key now.key");
	good(relay, "other.crt");
}

/* The file may hold both certificates while the key is being replaced. */
static void
test_switch(void **state)
{
	const struct se_account *relay;

	(void)state;
	openssl_run("cat other.crt relay.crt > now.crt; cp relay.key now.key");
	relay = account("now.crt", "now.key", NULL);
	good(relay, "relay.crt");
	openssl_run("cp other.key now.key");
	good(relay, "other.crt");
}

/* A host's error queue is its own: what is in it stays, and nothing is added. */
static void
test_queue(void **state)
{
	struct se_secret *assertion = NULL;

	(void)state;
	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, 77);
	good(account("relay.pem", NULL, NULL), "relay.crt");
	good(account("relay.p12", NULL, "password"), "relay.crt");
	assert_int_not_equal(
		se_credential_certificate_assert(
			account("relay.crt", "encrypted.key", "wrong"), &world, &assertion, &error),
		SE_OK);
	assert_int_not_equal(se_credential_certificate_assert(
				     account("garbage", NULL, NULL), &world, &assertion, &error),
		SE_OK);
	assert_int_equal(ERR_GET_REASON(ERR_get_error()), 77);
	assert_int_equal(ERR_get_error(), 0);
}

/* --- thumbprints -------------------------------------------------------------------------------- */

/* RFC 8705, appendix A. */
static const char rfc8705[] = "-----BEGIN CERTIFICATE-----\n"
			      "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx\n"
			      "ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG\n"
			      "SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ\n"
			      "/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID\n"
			      "SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV\n"
			      "bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=\n"
			      "-----END CERTIFICATE-----\n";

static void
test_vectors(void **state)
{
	static const unsigned char sha1[] = {0x84, 0xE0, 0x5C, 0x1D, 0x98, 0xBC, 0xE3, 0xA5, 0x42,
		0x1D, 0x22, 0x5B, 0x14, 0x0B, 0x36, 0xE8, 0x6A, 0x3D, 0x55, 0x34};
	const struct se_key_password none = {.secret = NULL};
	struct se_certificates *list = NULL;
	struct se_certificate_facts facts;
	struct se_buffer text;

	(void)state;
	se_buffer_init(&text, 4096);
	se_buffer_add_text(&text, rfc8705);
	assert_int_equal(se_certificates_read("rfc", &text, &none, &list, &error), SE_OK);
	assert_true(se_certificates_first(list, &facts));
	assert_string_equal(facts.sha256, "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
	assert_string_equal(facts.sha1, "T8Qp8fPmVYqb9iHyzQUaAbxBedY");
	assert_string_equal(facts.sha1_hex, "4FC429F1F3E6558A9BF621F2CD051A01BC4179D6");
	assert_string_equal(facts.subject, "CN=mtls");
	assert_int_equal(facts.not_before, 1539866229);
	assert_int_equal(facts.not_after, 1651495029);
	se_certificates_free(list);
	se_buffer_reset(&text);
	assert_true(se_base64url_add(&text, sha1, sizeof(sha1)));
	assert_string_equal(se_buffer_text(&text), "hOBcHZi846VCHSJbFAs26Go9VTQ");
	se_buffer_free(&text);
}

/* --- warnings ----------------------------------------------------------------------------------- */

static void
test_warnings(void **state)
{
	const struct se_account *relay = account("relay.pem", NULL, NULL);
	char text[600] = "";

	(void)state;
	assert_false(se_credential_certificate_warning(relay, &world, text, sizeof(text)));
	world_wait((int64_t)86400 * (365 - 62));
	assert_false(se_credential_certificate_warning(relay, &world, text, sizeof(text)));
	world_wait((int64_t)86400 * 2);
	assert_true(se_credential_certificate_warning(relay, &world, text, sizeof(text)));
	assert_says(text, "ends on");
	assert_says(text, "sasl-entra certificate new relay");
	assert_says(text, scratch("relay.pem"));
	world_wait((int64_t)86400 * 30);
	assert_true(se_credential_certificate_warning(relay, &world, text, sizeof(text)));
	assert_says(text, "ends soon");
	world_wait((int64_t)86400 * 23);
	assert_true(se_credential_certificate_warning(relay, &world, text, sizeof(text)));
	assert_says(text, "mail stops then");
	world_wait((int64_t)86400 * 10);
	assert_false(se_credential_certificate_warning(relay, &world, text, sizeof(text)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_claims, forget),
		cmocka_unit_test_teardown(test_thumbprint, forget),
		cmocka_unit_test_teardown(test_unique, forget),
		cmocka_unit_test_teardown(test_forms, forget),
		cmocka_unit_test_teardown(test_no_pss, forget),
		cmocka_unit_test_teardown(test_chain, forget),
		cmocka_unit_test_teardown(test_public, forget),
		cmocka_unit_test_teardown(test_anew, forget),
		cmocka_unit_test_teardown(test_switch, forget),
		cmocka_unit_test_teardown(test_queue, forget),
		cmocka_unit_test_teardown(test_vectors, forget),
		cmocka_unit_test_teardown(test_warnings, forget),
	};

	return cmocka_run_group_tests_name("engine_certificate", tests, set_up, tear_down);
}
