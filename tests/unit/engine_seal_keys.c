/*
 * engine_seal_keys: the file of the keys that state files are sealed with: what it may hold, what is done
 * when it changes, and how files come from one key to another, or from none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/state_seal.h"
#include "engine/store_reseal.h"

#include "engine_sealing.h"

/* --- keys -------------------------------------------------------------------------------------- */

static void
test_other_key(void **state)
{
	char *text, *id;

	(void)state;
	must_write(&anna, "canary");
	text = content_of(&anna);
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
	char *before = content_of(&anna);

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
	text = content_of(&anna);
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

	before = content_of(&berta);
	assert_true(reseals(&anna));
	assert_true(reseals(&app));
	assert_false(reseals(&berta));
	after = content_of(&berta);
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
	char *before = content_of(key);
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
	text = content_of(&berta);
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
	kept = content_of(&anna);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SEALING_TEST(test_other_key),
		SEALING_TEST(test_key_ids),
		SEALING_TEST(test_key_files),
		SEALING_TEST(test_key_modes),
		SEALING_TEST(test_key_changes),
		SEALING_TEST(test_key_settles),
		SEALING_TEST(test_key_not_given),
		SEALING_TEST(test_migration),
		SEALING_TEST(test_key_not_configured),
		SEALING_TEST(test_no_memory),
		SEALING_TEST(test_reseal),
		SEALING_TEST(test_reseal_with_old_keys),
		SEALING_TEST(test_reseal_what_does_not_open),
		SEALING_TEST(test_reseal_keeps_all),
		SEALING_TEST(test_left_overs),
	};

	return cmocka_run_group_tests_name("engine_seal_keys", tests, sealing_begin, sealing_end);
}
