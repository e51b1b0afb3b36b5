/*
 * engine_seal: what is sealed opens with its key, for its account, unchanged; or not at all, and
 * then it stays as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "engine/base64url.h"
#include "engine/crypto_seal.h"
#include "engine/state_seal.h"
#include "engine/store_names.h"

#include "engine_sealing.h"

/* For the table of doc/internals/reliability.md, where that is being made. */
static void
figure(unsigned long inputs)
{
	const char *python = getenv("PYTHON"), *top = getenv("top_srcdir");
	char command[1000];

	if (getenv("SE_FIGURES_FILE") == NULL)
		return;
	snprintf(command, sizeof(command),
		"'%s' '%s/tests/reliability/figures.py' add 'a sealed state file comes altered' "
		"tests/unit/engine_seal inputs=%lu",
		python != NULL && python[0] != '\0' ? python : "python3", top != NULL ? top : ".",
		inputs);
	assert_int_equal(system(command), 0);
}

/* --- the cipher -------------------------------------------------------------------------------- */

static size_t
bytes_of(const char *hex, unsigned char *bytes)
{
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &bytes[i]), 1);
	return len;
}

/* Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)". */
static void
test_known_answer(void **state)
{
	static const char key_hex[] =
		"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
	static const char text_hex[] =
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
	static const char sealed_hex[] =
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
		"76fc6ece0f4e1768cddf8853bb2d551b";
	unsigned char key[32], nonce[12], text[64], wanted[80], associated_bytes[20];
	struct se_buffer associated, sealed, back;
	struct se_seal seal = {NULL, nonce, &associated};
	struct se_secret *secret;
	size_t len = bytes_of(text_hex, text);

	(void)state;
	assert_int_equal(bytes_of(key_hex, key), SE_SEAL_KEY_BYTES);
	assert_int_equal(bytes_of("cafebabefacedbaddecaf888", nonce), SE_SEAL_NONCE_BYTES);
	assert_int_equal(bytes_of(sealed_hex, wanted), len + SE_SEAL_TAG_BYTES);
	se_buffer_init(&associated, 100);
	se_buffer_add(&associated, associated_bytes,
		bytes_of("feedfacedeadbeeffeedfacedeadbeefabaddad2", associated_bytes));
	seal.key = secret = se_secret_new(key, sizeof(key));
	se_buffer_init(&sealed, 200);
	se_buffer_init(&back, 200);
	assert_int_equal(se_seal_close(&seal, text, len, &sealed, &error), SE_OK);
	assert_int_equal(sealed.len, len + SE_SEAL_TAG_BYTES);
	assert_memory_equal(sealed.data, wanted, sealed.len);
	assert_int_equal(se_seal_open(&seal, sealed.data, sealed.len, &back, &error), SE_OK);
	assert_int_equal(back.len, len);
	assert_memory_equal(back.data, text, len);

	/* Other associated data, and no room. */
	se_buffer_reset(&back);
	associated.data[19] ^= 1;
	assert_int_equal(se_seal_open(&seal, sealed.data, sealed.len, &back, &error), SE_ABSENT);
	assert_int_equal(back.len, 0);
	assert_int_equal(
		se_seal_open(&seal, sealed.data, SE_SEAL_TAG_BYTES - 1, &back, &error), SE_ABSENT);
	se_buffer_free(&sealed);
	se_buffer_init(&sealed, len + SE_SEAL_TAG_BYTES - 1);
	assert_int_equal(se_seal_close(&seal, text, len, &sealed, &error), SE_MEMORY);
	assert_int_equal(sealed.len, 0);
	se_secret_free(secret);
	se_buffer_free(&associated);
	se_buffer_free(&sealed);
	se_buffer_free(&back);
}

/* OpenSSL's own, by --wrap: it fails for that reason where there is one. */
int __real_EVP_CipherInit_ex(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, ENGINE *engine,
	const unsigned char *key, const unsigned char *iv, int encrypt);
int __wrap_EVP_CipherInit_ex(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, ENGINE *engine,
	const unsigned char *key, const unsigned char *iv, int encrypt);

static int openssl_fails;

int
__wrap_EVP_CipherInit_ex(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, ENGINE *engine,
	const unsigned char *key, const unsigned char *iv, int encrypt)
{
	if (openssl_fails == 0)
		return __real_EVP_CipherInit_ex(context, cipher, engine, key, iv, encrypt);
	ERR_raise(ERR_LIB_EVP, openssl_fails);
	return 0;
}

static void
expect_refusal(int reason, enum se_code code, const char *words)
{
	char *before = content_of(&anna), *after;
	struct se_state kept;

	openssl_fails = reason;
	assert_int_equal(write_token(&anna, "canary.lost"), code);
	assert_says(error.text, words);
	assert_int_equal(se_store_read(store, &anna, &kept, &error), code);
	assert_says(error.text, words);
	openssl_fails = 0;
	after = content_of(&anna);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* An OpenSSL that cannot: nothing is lost; and what a host program has not fetched from the error
 * queue yet stays there, alone. */
static void
test_openssl_fails(void **state)
{
	(void)state;
	must_write(&anna, "canary");
	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, 123);
	expect_refusal(EVP_R_UNSUPPORTED_CIPHER, SE_INTERNAL, "OpenSSL does not do AES-256-GCM");
	expect_refusal(ERR_R_MALLOC_FAILURE, SE_MEMORY, "memory");
	expect_refusal(EVP_R_INITIALIZATION_ERROR, SE_MEMORY, "memory");
	expect_token(&anna, "canary");
	assert_int_equal(ERR_GET_REASON(ERR_get_error()), 123);
	assert_int_equal(ERR_get_error(), 0);
}

static void
test_base64url(void **state)
{
	static const struct {
		const char *text, *bytes;
	} good[] = {{"", ""}, {"Zg", "f"}, {"Zm8", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg", "foob"},
		{"Zm9vYmFy", "foobar"}, {"-_8", "\xfb\xff"}};
	/* Padding, the other alphabet, blanks, bits that no byte has, one digit too many. */
	static const char *const bad[] = {
		"Zg==", "+/8", "Zm9 v", "Zm9v\n", "Zh", "Zm9", "Z", "Zm9vY"};
	struct se_buffer out;

	(void)state;
	se_buffer_init(&out, 100);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(se_base64url_decode(&out, good[i].text));
		assert_string_equal(se_buffer_text(&out), good[i].bytes);
		se_buffer_reset(&out);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(se_base64url_decode(&out, bad[i]));
		assert_int_equal(out.len, 0);
		assert_false(out.failed);
	}
	se_buffer_free(&out);
	se_buffer_init(&out, 5);
	assert_false(se_base64url_decode(&out, "Zm9vYmFy"));
	assert_true(out.failed);
	se_buffer_free(&out);
}

/* --- what is sealed ---------------------------------------------------------------------------- */

static void
test_round_trip(void **state)
{
	struct stat st;
	char *text;

	(void)state;
	must_write(&anna, "canary.refresh");
	must_write(&app, "canary.none");
	assert_true(is_sealed(&anna));
	assert_true(is_sealed(&app));
	expect_token(&anna, "canary.refresh");
	expect_token(&app, "canary.none");
	assert_int_equal(stat(file_of(&anna), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	text = content_of(&anna);
	assert_says(text, "\"version\":2");
	assert_says(text, "\"identity\":\"anna@fabrikam.com\"");
	assert_silent_about(text, "access_token");
	free(text);
	assert_int_equal(count_hidden(scratch("state")), 0);
}

static void
tell(void *context, const char *holder)
{
	unsigned *calls = context;

	assert_string_equal(holder, "anna@fabrikam.com");
	(*calls)++;
}

/* Whose sign-ins are kept can be told without the key. */
static void
test_lists(void **state)
{
	char identity[SE_NAME_MAX + 1];
	unsigned calls = 0;

	(void)state;
	must_write(&anna, "canary");
	must_write(&app, "canary");
	assert_int_equal(unlink(key_file()), 0);
	se_store_each_sign_in(store, tell, &calls);
	assert_int_equal(calls, 1);
	assert_true(se_store_identity(store, anna.name, identity));
	assert_string_equal(identity, "anna@fabrikam.com");
	assert_false(se_store_identity(store, app.name, identity));
}

static void
test_nonces(void **state)
{
	enum { WRITES = 64 };
	char *nonces[WRITES], *texts[WRITES];

	(void)state;
	for (size_t i = 0; i < WRITES; i++) {
		must_write(&anna, "canary");
		nonces[i] = member(&anna, "nonce");
		texts[i] = member(&anna, "text");
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(nonces[i], nonces[k]);
			assert_string_not_equal(texts[i], texts[k]);
		}
	}
	for (size_t i = 0; i < WRITES; i++) {
		free(nonces[i]);
		free(texts[i]);
	}
}

static bool
no_random(void *context, void *data, size_t len)
{
	(void)context;
	memset(data, 0, len);
	return false;
}

static void
test_no_randomness(void **state)
{
	const struct se_world bad = {world.wall, world.monotonic, no_random, NULL};
	struct se_seal_key with = {"0123456789abcdef", NULL};
	struct se_json *file = se_json_new();
	struct se_buffer text;

	(void)state;
	with.secret = se_secret_new(KEY_A, SE_SEAL_KEY_BYTES);
	se_buffer_init(&text, 100);
	se_buffer_add_text(&text, "{}");
	assert_int_equal(se_state_seal(&with, &bad, &anna, &text, file, &error), SE_AGAIN);
	assert_says(error.text, "random");
	assert_null(se_state_sealed_with(file));
	se_json_free(file);
	se_buffer_free(&text);
	se_secret_free(with.secret);
}

/* --- what does not open ------------------------------------------------------------------------ */

/* Every bit of every byte. */
static void
test_flipped(void **state)
{
	unsigned long flipped = 0;
	char *text;
	size_t len;

	(void)state;
	must_write(&anna, "canary");
	text = content_of(&anna);
	len = strlen(text);
	for (size_t i = 0; i < len; i++)
		for (unsigned bit = 0; bit < 8; bit++, flipped++) {
			text[i] = (char)(text[i] ^ 1 << bit);
			write_file(file_of(&anna), text, len, 0600);
			expect_unreadable(&anna, anna.name);
			assert_says(error.text, "left as it is");
			if (text[i] != '\0')
				expect_left(&anna, text, len);
			text[i] = (char)(text[i] ^ 1 << bit);
		}
	write_file(file_of(&anna), text, len, 0600);
	expect_token(&anna, "canary");
	free(text);
	figure(flipped);
}

static void
test_truncated(void **state)
{
	char *text;
	size_t len;

	(void)state;
	must_write(&anna, "canary");
	text = content_of(&anna);
	len = strlen(text) - 1; /* the line end is no loss */
	for (size_t left = 0; left < len; left++) {
		write_file(file_of(&anna), text, left, 0600);
		expect_unreadable(&anna, DAMAGED);
	}
	figure(len);
	free(text);
}

/* It is not only that the text inside is another account's: not even that comes out. */
static void
expect_sealed_for_another(const char *content)
{
	const struct se_state_key source = {.file = key_file()};
	struct se_seal_keys *keys = se_seal_keys_new(&source);
	struct se_json *file = se_json_parse(content, strlen(content));
	struct se_buffer text;

	assert_int_equal(se_seal_keys_load(keys, &error), SE_OK);
	se_buffer_init(&text, SE_STATE_SIZE_MAX);
	assert_int_equal(
		se_state_unseal(se_seal_keys_first(keys), &anna, file, &text, &error), SE_ABSENT);
	assert_int_equal(text.len, 0);
	se_buffer_free(&text);
	se_json_free(file);
	se_seal_keys_free(keys);
}

/* A whole file under another name, and one account's sealed part beside another's key. */
static void
test_other_account(void **state)
{
	char *hers, *mixed, *at;

	(void)state;
	must_write(&anna, "annas.canary");
	must_write(&berta, "bertas.canary");
	hers = content_of(&berta);
	mixed = content_of(&anna);
	write_text(file_of(&anna), hers);
	expect_unreadable(&anna, DAMAGED);

	at = strstr(mixed, "\"sealed\"");
	assert_non_null(at);
	strcpy(at, strstr(hers, "\"sealed\""));
	write_text(file_of(&anna), mixed);
	expect_unreadable(&anna, DAMAGED);
	expect_left(&anna, mixed, strlen(mixed));
	expect_sealed_for_another(mixed);
	expect_token(&berta, "bertas.canary");
	free(hers);
	free(mixed);
}

#define NONCE "AAAAAAAAAAAAAAAA"
#define TAG "AAAAAAAAAAAAAAAAAAAAAA"

static void
test_odd_files(void **state)
{
	static const char *const sealed[] = {"5", "{}", "[]", "{\"key_id\": 5}",
		"{\"key_id\": \"%s\"}", "{\"key_id\": \"%s\", \"nonce\": \"\", \"text\": \"\"}",
		"{\"key_id\": \"%s\", \"nonce\": \"" NONCE "\", \"text\": \"\"}",
		"{\"key_id\": \"%s\", \"nonce\": \"" NONCE "\", \"text\": \"AAAA\"}",
		"{\"key_id\": \"%s\", \"nonce\": \"" NONCE "AA\", \"text\": \"" TAG "\"}",
		"{\"key_id\": \"%s\", \"nonce\": \"" NONCE "\", \"text\": \"" TAG "\"}"};
	char inner[300], text[900], *id;

	(void)state;
	must_write(&anna, "canary");
	id = member(&anna, "key_id");
	for (size_t i = 0; i < sizeof(sealed) / sizeof(sealed[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(inner, sizeof(inner), sealed[i], id);
#pragma GCC diagnostic pop
		snprintf(text, sizeof(text),
			"{\"version\": 2, \"key\": {\"endpoint\": \"%s\", \"client_id\": \"%s\", "
			"\"scope\": \"%s\", \"identity\": \"anna@fabrikam.com\"}, \"sealed\": %s}",
			anna.endpoint, anna.client_id, anna.scope, inner);
		write_text(file_of(&anna), text);
		expect_unreadable(&anna, DAMAGED);
		expect_left(&anna, text, strlen(text));
	}
	free(id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SEALING_TEST(test_known_answer),
		SEALING_TEST(test_openssl_fails),
		SEALING_TEST(test_base64url),
		SEALING_TEST(test_round_trip),
		SEALING_TEST(test_lists),
		SEALING_TEST(test_nonces),
		SEALING_TEST(test_no_randomness),
		SEALING_TEST(test_flipped),
		SEALING_TEST(test_truncated),
		SEALING_TEST(test_other_account),
		SEALING_TEST(test_odd_files),
	};

	return cmocka_run_group_tests_name("engine_seal", tests, sealing_begin, sealing_end);
}
