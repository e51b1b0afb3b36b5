/*
 * engine_seal: what is sealed opens with its key, for its account, unchanged; or not at all, and
 * then it stays as it is.
 */
#include <errno.h>
#include <fcntl.h>
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
#include "engine/store.h"
#include "engine/store_names.h"
#include "engine/store_reseal.h"

#include "engine_support.h"

#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B "F0f1f2f3f4f5f6f7f8f9fafbfcfdfeffe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
#define DAMAGED "is damaged, of another version, or another account's"

static struct se_token_key anna, berta, app;
static struct se_store *store;
static struct se_error error;

static int
begin(void **state)
{
	struct se_config *config;

	(void)state;
	scratch_make();
	config = config_of("[account person]\n"
			   "match = *@fabrikam.com\n"
			   "tenant = fabrikam.com\n"
			   "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
			   "[account relay]\n"
			   "match = *@contoso.com\n"
			   "tenant = contoso.com\n"
			   "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
			   "credential = secret\n"
			   "client_secret_file = /etc/sasl-entra/secret\n");
	assert_int_equal(
		se_token_key_make(&config->accounts[0], "anna@fabrikam.com", &anna, &error), SE_OK);
	assert_int_equal(
		se_token_key_make(&config->accounts[0], "berta@fabrikam.com", &berta, &error),
		SE_OK);
	assert_int_equal(
		se_token_key_make(&config->accounts[1], "x@contoso.com", &app, &error), SE_OK);
	se_config_free(config);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	se_token_key_free(&anna);
	se_token_key_free(&berta);
	se_token_key_free(&app);
	scratch_remove();
	return 0;
}

static const char *
file_of(const struct se_token_key *key)
{
	char name[100];

	snprintf(name, sizeof(name), "state/%s.json", key->name);
	return scratch(name);
}

static const char *
key_file(void)
{
	return scratch("state.key");
}

/* The store reads the key file when it has changed: to be sure, as another inode. */
static void
write_keys(const char *lines)
{
	write_text(scratch("new.key"), lines);
	assert_int_equal(rename(scratch("new.key"), key_file()), 0);
}

static void
seal_with(const char *path)
{
	const struct se_state_key key = {.file = path};

	assert_int_equal(se_store_seal_with(store, &key, &error), SE_OK);
}

static int
set_up(void **state)
{
	(void)state;
	memset(&error, 0, sizeof(error));
	write_keys(KEY_A "\n");
	store = se_store_open(scratch("state"), true, &error);
	if (store == NULL)
		return -1;
	seal_with(key_file());
	return 0;
}

static int
tear_down(void **state)
{
	char command[300];

	(void)state;
	end_if_child();
	se_store_close(store);
	store = NULL;
	snprintf(command, sizeof(command), "rm -rf '%s' '%s'", scratch("state"), key_file());
	assert_int_equal(system(command), 0);
	return 0;
}

static enum se_code
write_token(const struct se_token_key *key, const char *refresh)
{
	struct se_state state = {0};
	enum se_code code;

	state.access_token = se_secret_new("canary.access", 13);
	state.refresh_token = se_secret_new(refresh, strlen(refresh));
	state.times = (struct se_times){1000, 4600, 4600, 2800};
	memset(&error, 0, sizeof(error));
	code = se_store_write(store, key, &state, &error);
	se_state_free(&state);
	return code;
}

static void
must_write(const struct se_token_key *key, const char *refresh)
{
	if (write_token(key, refresh) != SE_OK)
		fail_msg("%s", error.text);
}

static void
expect_token(const struct se_token_key *key, const char *refresh)
{
	struct se_state state;

	if (se_store_read(store, key, &state, &error) != SE_OK)
		fail_msg("%s", error.text);
	assert_string_equal(se_secret_reveal(state.refresh_token), refresh);
	assert_string_equal(se_secret_reveal(state.access_token), "canary.access");
	se_state_free(&state);
}

static void
expect_unreadable(const struct se_token_key *key, const char *words)
{
	struct se_state state;

	memset(&error, 0, sizeof(error));
	assert_int_equal(se_store_read(store, key, &state, &error), SE_CONFIG);
	assert_null(state.access_token);
	assert_null(state.refresh_token);
	assert_says(error.text, words);
	assert_silent_about(error.text, "canary");
}

static bool
is_sealed(const struct se_token_key *key)
{
	char *text = read_text(file_of(key));
	bool sealed = strstr(text, "\"sealed\"") != NULL;

	assert_int_equal(strstr(text, "canary") == NULL, sealed);
	free(text);
	return sealed;
}

/* The value of a member, to be freed. */
static char *
member(const struct se_token_key *key, const char *name)
{
	char *text = read_text(file_of(key)), *value;
	struct se_json *json = se_json_parse(text, strlen(text));

	assert_non_null(json);
	value = strdup(se_json_string(se_json_object(json, "sealed"), name));
	se_json_free(json);
	free(text);
	return value;
}

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
	char *before = read_text(file_of(&anna)), *after;
	struct se_state kept;

	openssl_fails = reason;
	assert_int_equal(write_token(&anna, "canary.lost"), code);
	assert_says(error.text, words);
	assert_int_equal(se_store_read(store, &anna, &kept, &error), code);
	assert_says(error.text, words);
	openssl_fails = 0;
	after = read_text(file_of(&anna));
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
	text = read_text(file_of(&anna));
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

static void
expect_left(const struct se_token_key *key, const char *content, size_t len)
{
	char *left = read_text(file_of(key));

	assert_memory_equal(left, content, len + 1);
	free(left);
}

/* Every bit of every byte. */
static void
test_flipped(void **state)
{
	unsigned long flipped = 0;
	char *text;
	size_t len;

	(void)state;
	must_write(&anna, "canary");
	text = read_text(file_of(&anna));
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
	text = read_text(file_of(&anna));
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
	hers = read_text(file_of(&berta));
	mixed = read_text(file_of(&anna));
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

/* --- keys -------------------------------------------------------------------------------------- */

static void
test_other_key(void **state)
{
	char *text, *id;

	(void)state;
	must_write(&anna, "canary");
	text = read_text(file_of(&anna));
	id = member(&anna, "key_id");
	write_keys(KEY_B "\n");
	expect_unreadable(&anna, id);
	assert_says(error.text, file_of(&anna));
	assert_says(error.text, key_file());
	assert_says(error.text, "put that key back");
	assert_says(error.text, "left as it is");
	assert_silent_about(error.text, "00010203");
	expect_left(&anna, text, strlen(text));

	/* The old one below the new one: it opens, and what is written next is the new one's. */
	write_keys(KEY_B "\n" KEY_A "\n");
	expect_token(&anna, "canary");
	must_write(&anna, "canary.next");
	write_keys(KEY_B "\n");
	expect_token(&anna, "canary.next");
	write_keys(KEY_A "\n");
	expect_unreadable(&anna, "put that key back");
	free(text);
	free(id);
}

static void
test_key_ids(void **state)
{
	struct se_seal_keys *keys;
	const struct se_state_key source = {.file = key_file()};
	char *id;

	(void)state;
	keys = se_seal_keys_new(&source);
	assert_null(se_seal_keys_first(keys));
	write_keys("\n" KEY_A "\r\n\n" KEY_B);
	assert_int_equal(se_seal_keys_load(keys, &error), SE_OK);
	/* printf 'sasl-entra state key\n' and the bytes, through sha256sum */
	assert_string_equal(se_seal_keys_first(keys)->id, "cd7216b9fdc97726");
	must_write(&anna, "canary");
	id = member(&anna, "key_id");
	assert_ptr_equal(se_seal_keys_find(keys, id), se_seal_keys_first(keys));
	assert_null(se_seal_keys_find(keys, "0000000000000000"));
	free(id);
	se_seal_keys_free(keys);
	se_seal_keys_free(NULL);
}

static void
expect_no_key(const char *words)
{
	char *before = read_text(file_of(&anna));

	expect_unreadable(&anna, words);
	assert_says(error.text, "state_key_file");
	assert_says(error.text, "left as it is");
	assert_silent_about(error.text, "00010203");
	assert_int_equal(write_token(&anna, "lost"), SE_CONFIG);
	assert_says(error.text, words);
	assert_int_equal(se_store_check_key(store, &error), SE_CONFIG);
	assert_says(error.text, words);
	expect_left(&anna, before, strlen(before));
	assert_int_equal(count_hidden(scratch("state")), 0);
	free(before);
}

static void
test_key_files(void **state)
{
	static const struct {
		const char *lines, *words;
	} bad[] = {{"", "is empty"}, {"\n\n", "is empty"}, {"0001\n", "state.key:1: a key is"},
		{KEY_A "0\n", "state.key:1: a key is a line of 64 hexadecimal digits"},
		{KEY_A "\n" KEY_A KEY_B "\n", "state.key:2: a key is"},
		{KEY_A "\n # old\n", "state.key:2: a key is"},
		{"0" KEY_A "\n", "openssl rand -hex 32"},
		{"g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", ":1: a key"},
		{KEY_A "\n" KEY_A "\n" KEY_A "\n" KEY_A "\n" KEY_A "\n" KEY_A "\n" KEY_A "\n" KEY_A
		       "\n" KEY_B "\n",
			"state.key:9: 8 keys are the most"},
		/* What openssl rand -base64 32 makes, and what it makes without -hex. */
		{"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", "openssl rand -hex 32"},
		{"\x01\x02\x03\x04\xff\xfe\xfd\xfc\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c"
		 "\x1d\x1e\x1f\x7f\x80\x81\x82\x83\x84\x85\x86\x87",
			"openssl rand -hex 32"}};
	char *much = malloc(2000);

	(void)state;
	must_write(&anna, "canary");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_keys(bad[i].lines);
		expect_no_key(bad[i].words);
	}
	assert_non_null(much);
	memset(much, '0', 1999);
	much[1999] = '\0';
	write_keys(much);
	expect_no_key("is larger than");
	free(much);
	assert_int_equal(unlink(key_file()), 0);
	expect_no_key("does not exist");
	assert_int_equal(mkdir(key_file(), 0700), 0);
	expect_no_key("directory");
	assert_int_equal(rmdir(key_file()), 0);
	write_keys(KEY_A "\n");
	expect_token(&anna, "canary");
}

/* Before the key has been read; what was read once is not judged again until it changes. */
static void
test_key_modes(void **state)
{
	(void)state;
	must_write(&anna, "canary");
	write_keys(KEY_A "\n");
	assert_int_equal(chmod(key_file(), 0604), 0);
	expect_no_key("(mode 0604); chmod 0600");
	assert_int_equal(chmod(key_file(), 0600), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(key_file(), NOBODY, 0), 0);
		expect_no_key("belongs to uid 65534");
		assert_int_equal(chown(key_file(), 0, 0), 0);
	}
	/* Kubernetes and systemd have links. */
	assert_int_equal(rename(key_file(), scratch("real.key")), 0);
	assert_int_equal(symlink("real.key", key_file()), 0);
	expect_token(&anna, "canary");
}

/* The same name, and the same file with another content. */
static void
test_key_changes(void **state)
{
	FILE *file;

	(void)state;
	must_write(&anna, "canary");
	file = fopen(key_file(), "w");
	assert_non_null(file);
	fputs(KEY_B "\n\n" KEY_A "\n", file);
	assert_int_equal(fclose(file), 0);
	must_write(&berta, "canary");
	write_keys(KEY_B "\n");
	expect_token(&berta, "canary");
	expect_unreadable(&anna, "put that key back");
}

/* --- a key that is on no disk yet -------------------------------------------------------------- */

int __real_fsync(int fd);
int __wrap_fsync(int fd);

static char synced[100]; /* 'k' for the key file, '.' for anything else, in that order */
static int sync_fails;   /* errno of the key file's fsync() */

int
__wrap_fsync(int fd)
{
	struct stat key, st;
	const bool is_key = stat(key_file(), &key) == 0 && fstat(fd, &st) == 0 &&
			    st.st_ino == key.st_ino && st.st_dev == key.st_dev;
	const size_t len = strlen(synced);

	if (len + 1 < sizeof(synced))
		synced[len] = is_key ? 'k' : '.';
	if (!is_key || sync_fails == 0)
		return __real_fsync(fd);
	errno = sync_fails;
	return -1;
}

static void
expect_synced(const char *what)
{
	assert_string_equal(synced, what);
	memset(synced, 0, sizeof(synced));
}

/* A key that a crash may take away seals nothing, so that no crash can take the tokens away. */
static void
test_key_settles(void **state)
{
	(void)state;
	memset(synced, 0, sizeof(synced));
	must_write(&anna, "canary");
	expect_synced("k..."); /* its directory, the state file, that one's directory */
	must_write(&anna, "canary");
	expect_synced("..");

	write_keys(KEY_B "\n" KEY_A "\n");
	expect_token(&anna, "canary");
	expect_synced("");
	sync_fails = EIO;
	assert_int_equal(write_token(&anna, "canary.lost"), SE_AGAIN);
	assert_says(error.text, key_file());
	assert_says(error.text, "cannot be brought to the disk");
	expect_token(&anna, "canary");
	expect_synced("k");
	sync_fails = EROFS;
	must_write(&anna, "canary.next");
	expect_synced("k..");
	sync_fails = 0;
	expect_token(&anna, "canary.next");
}

/* A credential that this process has not been given is no reason to write in clear. */
static void
test_key_not_given(void **state)
{
	struct se_config *config;

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	config = config_of("[defaults]\nstate_key_file = cred:state.key\n");
	must_write(&anna, "canary");
	assert_int_equal(se_store_seal_with(store, &config->state_key, &error), SE_OK);
	se_config_free(config);
	expect_no_key("state_key_file = cred:state.key");
	assert_says(error.text, "systemd-run");
	assert_says(error.text, "LoadCredential=state.key:PATH");
	assert_int_equal(write_token(&berta, "canary"), SE_CONFIG);
	assert_int_not_equal(access(file_of(&berta), F_OK), 0);
}

/* --- from plain to sealed, and back ------------------------------------------------------------ */

static void
test_migration(void **state)
{
	(void)state;
	seal_with(NULL);
	must_write(&anna, "canary");
	assert_false(is_sealed(&anna));
	seal_with(key_file());
	/* What lies there in clear needs no key; what is written next does. */
	assert_int_equal(rename(key_file(), scratch("away.key")), 0);
	expect_token(&anna, "canary");
	assert_int_equal(write_token(&anna, "lost"), SE_CONFIG);
	assert_int_equal(rename(scratch("away.key"), key_file()), 0);
	expect_token(&anna, "canary");
	assert_false(is_sealed(&anna)); /* reading does not write */
	must_write(&anna, "canary.next");
	assert_true(is_sealed(&anna));
	expect_token(&anna, "canary.next");
}

/* Where the configuration has lost its line, nothing is read, and nothing written over. */
static void
test_key_not_configured(void **state)
{
	char *text, *id;

	(void)state;
	must_write(&anna, "canary");
	text = read_text(file_of(&anna));
	id = member(&anna, "key_id");
	seal_with(NULL);
	expect_unreadable(&anna, id);
	assert_says(error.text, "names no state_key_file");
	assert_says(error.text, "left as it is");
	assert_int_equal(write_token(&anna, "clear"), SE_CONFIG);
	assert_says(error.text, "names no state_key_file");
	expect_left(&anna, text, strlen(text));
	assert_int_equal(count_hidden(scratch("state")), 0);
	must_write(&berta, "canary");
	assert_false(is_sealed(&berta));
	free(text);
	free(id);
}

/* --- no memory for another key ---------------------------------------------------------------- */

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

static bool no_copies;

char *
__wrap_strdup(const char *text)
{
	return no_copies ? NULL : __real_strdup(text);
}

/* A configuration that is not taken over takes no key away: nothing goes to the disk in clear. */
static void
test_no_memory(void **state)
{
	const struct se_state_key key = {.file = key_file()};

	(void)state;
	no_copies = true;
	assert_int_equal(se_store_seal_with(store, &key, &error), SE_MEMORY);
	no_copies = false;
	must_write(&anna, "canary");
	assert_true(is_sealed(&anna));
}

/* --- resealing --------------------------------------------------------------------------------- */

static bool
reseals(const struct se_token_key *key)
{
	struct se_token_key found;
	bool changed = true;

	memset(&error, 0, sizeof(error));
	assert_int_equal(se_store_key_of(store, key->name, &found, &error), SE_OK);
	assert_string_equal(found.name, key->name);
	if (se_store_reseal(store, &found, &changed, &error) != SE_OK)
		fail_msg("%s", error.text);
	se_token_key_free(&found);
	return changed;
}

static void
expect_survey(size_t plain, size_t sealed, size_t older, size_t foreign)
{
	struct se_store_survey survey;

	assert_int_equal(se_store_survey(store, &survey, &error), SE_OK);
	assert_int_equal(survey.plain, plain);
	assert_int_equal(survey.sealed, sealed);
	assert_int_equal(survey.older, older);
	assert_int_equal(survey.foreign, foreign);
	assert_int_equal(survey.foreign_key[0] != '\0', foreign > 0);
}

static void
test_reseal(void **state)
{
	char *before, *after;

	(void)state;
	must_write(&anna, "canary.1"); /* under the old key */
	seal_with(NULL);
	must_write(&app, "canary.2"); /* plain */
	seal_with(key_file());
	write_keys(KEY_B "\n" KEY_A "\n");
	must_write(&berta, "canary.3");
	expect_survey(1, 1, 1, 0);

	before = read_text(file_of(&berta));
	assert_true(reseals(&anna));
	assert_true(reseals(&app));
	assert_false(reseals(&berta));
	after = read_text(file_of(&berta));
	assert_string_equal(before, after);
	assert_false(reseals(&anna));
	assert_false(reseals(&app));
	expect_survey(0, 3, 0, 0);
	write_keys(KEY_B "\n");
	expect_token(&anna, "canary.1");
	expect_token(&app, "canary.2");
	expect_token(&berta, "canary.3");
	free(before);
	free(after);
}

/* By a key that the configuration does not name any more. */
static void
test_reseal_with_old_keys(void **state)
{
	(void)state;
	must_write(&anna, "canary");
	write_keys(KEY_B "\n");
	write_text(scratch("old.key"), KEY_A "\n");
	assert_int_equal(se_store_open_with(store, scratch("old.key"), &error), SE_OK);
	assert_true(reseals(&anna));
	assert_true(is_sealed(&anna));
	seal_with(NULL);
	assert_int_equal(se_store_open_with(store, key_file(), &error), SE_OK);
	assert_true(reseals(&anna));
	assert_false(is_sealed(&anna));
	assert_false(reseals(&anna));
	assert_int_equal(unlink(scratch("old.key")), 0);
}

static void
expect_not_resealed(const struct se_token_key *key, const char *words)
{
	char *before = read_text(file_of(key));
	bool changed = true;

	memset(&error, 0, sizeof(error));
	assert_int_equal(se_store_reseal(store, key, &changed, &error), SE_CONFIG);
	assert_false(changed);
	assert_says(error.text, words);
	expect_left(key, before, strlen(before));
	free(before);
}

static void
test_reseal_what_does_not_open(void **state)
{
	struct se_token_key found;
	bool changed;
	char *text;

	(void)state;
	must_write(&anna, "canary");
	must_write(&berta, "canary");
	write_keys(KEY_B "\n");
	expect_survey(0, 0, 0, 2);
	expect_not_resealed(&anna, "put that key back");

	/* A file of another name, one of another version, and none. */
	text = read_text(file_of(&berta));
	write_text(file_of(&anna), text);
	assert_int_equal(se_store_key_of(store, anna.name, &found, &error), SE_CONFIG);
	assert_says(error.text, DAMAGED);
	free(text);
	write_text(file_of(&anna), "{\"version\": 3}");
	assert_int_equal(se_store_key_of(store, anna.name, &found, &error), SE_CONFIG);
	expect_not_resealed(&anna, DAMAGED);
	assert_int_equal(unlink(file_of(&anna)), 0);
	assert_int_equal(se_store_key_of(store, anna.name, &found, &error), SE_ABSENT);
	assert_int_equal(se_store_reseal(store, &anna, &changed, &error), SE_ABSENT);
}

/* What a member means that this version does not know, the next may know. */
static void
test_reseal_keeps_all(void **state)
{
	struct se_json *json;
	char text[700], *kept;

	(void)state;
	snprintf(text, sizeof(text),
		"{\"version\": 1, \"key\": {\"endpoint\": \"%s\", \"client_id\": \"%s\", "
		"\"scope\": \"%s\", \"identity\": \"anna@fabrikam.com\"}, "
		"\"refresh_token\": \"canary\", \"of_tomorrow\": \"kept\", "
		"\"too\": [true, null, 0.5]}",
		anna.endpoint, anna.client_id, anna.scope);
	write_text(file_of(&anna), text);
	assert_true(reseals(&anna));
	assert_true(is_sealed(&anna));
	seal_with(NULL);
	assert_int_equal(se_store_open_with(store, key_file(), &error), SE_OK);
	assert_true(reseals(&anna));
	kept = read_text(file_of(&anna));
	json = se_json_parse(kept, strlen(kept));
	assert_string_equal(se_json_string(json, "of_tomorrow"), "kept");
	assert_true(se_json_has(json, "too"));
	se_json_free(json);
	free(kept);
}

/* What crashes left in clear goes, also where there never was a state file; what somebody is
 * writing stays. */
static void
test_left_overs(void **state)
{
	char name[100];
	int lock;

	(void)state;
	must_write(&anna, "canary");
	snprintf(name, sizeof(name), "state/.%s.json.0123456789abcdef", anna.name);
	write_text(scratch(name), "clear");
	snprintf(name, sizeof(name), "state/.%s.json.fedcba9876543210", berta.name);
	write_text(scratch(name), "clear");
	snprintf(name, sizeof(name), "state/.%s.json.0000000000000000", app.name);
	write_text(scratch(name), "clear");
	write_text(scratch("state/.keep"), "not ours");
	assert_int_equal(se_store_lock(store, &app, &lock, &error), SE_OK);
	se_store_sweep_all(store);
	assert_int_equal(count_hidden(scratch("state")), 2);
	se_store_unlock(lock);
	se_store_sweep_all(store);
	assert_int_equal(count_hidden(scratch("state")), 1);
	expect_token(&anna, "canary");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_known_answer),
		TEST(test_openssl_fails),
		TEST(test_base64url),
		TEST(test_round_trip),
		TEST(test_lists),
		TEST(test_nonces),
		TEST(test_no_randomness),
		TEST(test_flipped),
		TEST(test_truncated),
		TEST(test_other_account),
		TEST(test_odd_files),
		TEST(test_other_key),
		TEST(test_key_ids),
		TEST(test_key_files),
		TEST(test_key_modes),
		TEST(test_key_changes),
		TEST(test_key_settles),
		TEST(test_key_not_given),
		TEST(test_migration),
		TEST(test_key_not_configured),
		TEST(test_no_memory),
		TEST(test_reseal),
		TEST(test_reseal_with_old_keys),
		TEST(test_reseal_what_does_not_open),
		TEST(test_reseal_keeps_all),
		TEST(test_left_overs),
	};

	return cmocka_run_group_tests_name("engine_seal", tests, begin, end);
}
