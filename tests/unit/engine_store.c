/*
 * engine_store: a state file is there as a whole, or not at all, whatever happens.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/store.h"

#include "engine_support.h"

#define APP "00001111-aaaa-2222-bbbb-3333cccc4444"

enum { KILLS = 40 };

static struct se_token_key app, anna, berta;
static struct se_store *store;
static struct se_error error;

static int
begin(void **state)
{
	struct se_config *config;

	(void)state;
	scratch_make();
	config = config_of("[account relay]\n"
			   "match = *@contoso.com\n"
			   "tenant = contoso.com\n"
			   "client_id = " APP "\n"
			   "credential = secret\n"
			   "client_secret_file = /etc/sasl-entra/secret\n"
			   "[account person]\n"
			   "match = *@fabrikam.com\n"
			   "tenant = fabrikam.com\n"
			   "client_id = " APP "\n");
	assert_int_equal(
		se_token_key_make(&config->accounts[0], "x@contoso.com", &app, &error), SE_OK);
	assert_int_equal(
		se_token_key_make(&config->accounts[1], "Anna@Fabrikam.com", &anna, &error), SE_OK);
	assert_int_equal(
		se_token_key_make(&config->accounts[1], "berta@fabrikam.com", &berta, &error),
		SE_OK);
	se_config_free(config);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	se_token_key_free(&app);
	se_token_key_free(&anna);
	se_token_key_free(&berta);
	scratch_remove();
	return 0;
}

static const char *
directory(void)
{
	return scratch("state");
}

static const char *
file_of(const struct se_token_key *key)
{
	char name[100];

	snprintf(name, sizeof(name), "state/%s.json", key->name);
	return scratch(name);
}

static void
empty_directory(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", directory());
	assert_int_equal(system(command), 0);
}

/* A second program of this source does all the same with files that are sealed. As if the key were
 * systemd's, so that each user of the tests may read it. */
static struct se_store *
open_store(const char *path, bool make)
{
	struct se_store *opened = se_store_open(path, make, &error);
#ifdef SE_TEST_SEALED
	static const char key_text[] =
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
	const struct se_state_key key = {.file = scratch("state.key"), .credential = true};

	if (access(key.file, F_OK) != 0)
		write_file(key.file, key_text, sizeof(key_text) - 1, 0644);
	if (opened != NULL && se_store_seal_with(opened, &key, &error) != SE_OK)
		return NULL;
#endif
	return opened;
}

static int
set_up(void **state)
{
	(void)state;
	memset(&error, 0, sizeof(error));
	store = open_store(directory(), true);
	return store != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	end_if_child();
	se_store_close(store);
	store = NULL;
	(void)chmod(directory(), 0700);
	empty_directory();
	return 0;
}

/* --- what is kept ------------------------------------------------------------------------------ */

static struct se_secret *
secret_of(const char *text)
{
	return se_secret_new(text, strlen(text));
}

static void
write_tokens(const struct se_token_key *key, const char *access, const char *refresh)
{
	struct se_state state = {0};

	state.access_token = secret_of(access);
	state.refresh_token = secret_of(refresh);
	state.times = (struct se_times){1000, 4600, 4600, 2800};
	if (se_store_write(store, key, &state, &error) != SE_OK)
		fail_msg("%s", error.text);
	se_state_free(&state);
}

static void
expect_refresh_token(const struct se_token_key *key, const char *refresh)
{
	struct se_state state;

	if (se_store_read(store, key, &state, &error) != SE_OK)
		fail_msg("%s", error.text);
	assert_string_equal(se_secret_reveal(state.refresh_token), refresh);
	se_state_free(&state);
}

static void
test_round_trip(void **cmocka_state)
{
	struct se_state state = {0}, back;
	struct stat st;
	char *text;

	(void)cmocka_state;
	assert_int_equal(se_store_read(store, &anna, &back, &error), SE_ABSENT);
	state.access_token = secret_of("access \"quoted\" /\\");
	state.refresh_token = secret_of("1.refresh");
	state.times = (struct se_times){1, INT64_C(8589934592), -1, 4};
	state.refresh_token_since = 77;
	state.signed_in = 76;
	memcpy(state.fingerprint, "0123abcd", 9);
	state.failure.code = SE_ADMIN;
	state.failure.since = 10;
	state.failure.until = INT64_C(8589934593);
	state.failure.count = 3;
	memcpy(state.failure.cause, "0123456789abcdef", 17);
	snprintf(state.failure.text, sizeof(state.failure.text),
		"it did not work \xe2\x80\x94 sorry");
	assert_int_equal(se_store_write(store, &anna, &state, &error), SE_OK);

	assert_int_equal(stat(file_of(&anna), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	text = read_text(file_of(&anna));
	assert_says(text, "\"version\"");
	assert_says(text, "anna@fabrikam.com");
	free(text);

	assert_int_equal(se_store_read(store, &anna, &back, &error), SE_OK);
	assert_string_equal(se_secret_reveal(back.access_token), "access \"quoted\" /\\");
	assert_string_equal(se_secret_reveal(back.refresh_token), "1.refresh");
	assert_memory_equal(&back.times, &state.times, sizeof(state.times));
	assert_int_equal(back.refresh_token_since, 77);
	assert_int_equal(back.signed_in, 76);
	assert_string_equal(back.fingerprint, "0123abcd");
	assert_int_equal(back.failure.code, SE_ADMIN);
	assert_int_equal(back.failure.since, 10);
	assert_int_equal(back.failure.until, INT64_C(8589934593));
	assert_int_equal(back.failure.count, 3);
	assert_string_equal(back.failure.cause, "0123456789abcdef");
	assert_string_equal(back.failure.text, state.failure.text);
	se_state_free(&back);

	/* What is gone is gone. */
	se_state_free(&state);
	assert_int_equal(se_store_write(store, &anna, &state, &error), SE_OK);
	assert_int_equal(se_store_read(store, &anna, &back, &error), SE_OK);
	assert_null(back.access_token);
	assert_null(back.refresh_token);
	assert_int_equal(back.failure.code, SE_OK);
	se_state_free(&back);
}

static void
test_keys(void **state)
{
	(void)state;
	write_tokens(&anna, "a", "annas");
	write_tokens(&berta, "b", "bertas");
	write_tokens(&app, "c", "none");
	expect_refresh_token(&anna, "annas");
	expect_refresh_token(&berta, "bertas");
	expect_refresh_token(&app, "none");
	assert_int_equal(count_files(directory(), ".json"), 3);
	assert_int_equal(count_files(directory(), ""), 3);
}

static void
test_identify(void **state)
{
	struct se_file_id none = {0, 0, 0, 0}, first, second;

	(void)state;
	first = se_store_identify(store, &anna);
	assert_memory_equal(&first, &none, sizeof(none));
	write_tokens(&anna, "a", "one");
	first = se_store_identify(store, &anna);
	second = se_store_identify(store, &anna);
	assert_memory_equal(&first, &second, sizeof(first));
	write_tokens(&anna, "a", "two");
	second = se_store_identify(store, &anna);
	assert_memory_not_equal(&first, &second, sizeof(first));
	second = se_store_identify(store, &berta);
	assert_memory_equal(&second, &none, sizeof(none));
}

static uint64_t
changes_after(uint64_t before)
{
	const uint64_t now = se_store_changes(store);

	assert_int_not_equal(now, before);
	assert_int_equal(se_store_changes(store), now);
	return now;
}

/* Whatever stat(2) could tell of a state file, and nothing else. */
static void
test_watch(void **state)
{
	uint64_t changes;

	(void)state;
	assert_int_equal(se_store_watching(store), -1);
	assert_int_equal(se_store_changes(store), 0);
	write_tokens(&anna, "a", "one");
	se_store_watch(store);
	if (se_store_watching(store) < 0) {
		print_message("%s is on a file system that nobody watches\n", directory());
		assert_int_equal(se_store_changes(store), 0);
		return;
	}
	changes = se_store_changes(store);
	assert_int_not_equal(changes, 0);
	expect_refresh_token(&anna, "one");
	assert_int_equal(se_store_changes(store), changes);
	write_tokens(&anna, "a", "two");
	changes = changes_after(changes);
	assert_int_equal(chmod(file_of(&anna), 0640), 0);
	changes = changes_after(changes);
	assert_int_equal(truncate(file_of(&anna), 1), 0);
	changes = changes_after(changes);
	se_store_is_quiet(store, true);
	assert_int_equal(unlink(file_of(&anna)), 0);
	assert_int_equal(se_store_changes(store), changes);
	se_store_is_quiet(store, false);
	changes = changes_after(changes);
	write_text(scratch("state/one"), "");
	write_text(scratch("state/two"), "");
	changes = changes_after(changes);
	for (int i = 0; i < 20000; i++) /* more than the kernel keeps for us */
		assert_int_equal(chmod(scratch(i % 2 == 0 ? "state/one" : "state/two"), 0600), 0);
	(void)changes_after(changes);
}

/* --- what is not taken for a state file -------------------------------------------------------- */

static void
expect_unusable(const char *words)
{
	struct se_state state;

	memset(&error, 0, sizeof(error));
	assert_int_equal(se_store_read(store, &anna, &state, &error), SE_CONFIG);
	assert_null(state.access_token);
	assert_null(state.refresh_token);
	assert_says(error.text, file_of(&anna));
	assert_says(error.text, words);
	assert_silent_about(error.text, "canary");
}

/* Writes the content; it must be refused, and still be there afterwards. */
static void
expect_damaged(const char *content)
{
	char *left;

	write_text(file_of(&anna), content);
	expect_unusable("is damaged, of another version, or another account's");
	assert_says(error.text, "left as it is");
	left = read_text(file_of(&anna));
	assert_string_equal(left, content);
	free(left);
}

static void
test_foreign_key(void **state)
{
	char *text;

	(void)state;
	write_tokens(&berta, "canary", "canary");
	assert_int_equal(rename(file_of(&berta), file_of(&anna)), 0);
	text = read_text(file_of(&anna));
	assert_non_null(text);
	expect_damaged(text);
	free(text);
}

/* Replaces the first `from` by `to` of the same length or shorter, and blanks. */
static void
patch(char *text, const char *from, const char *to)
{
	char *at = strstr(text, from);
	size_t len = strlen(from);

	assert_non_null(at);
	assert_true(strlen(to) <= len);
	memset(at, ' ', len);
	memcpy(at, to, strlen(to));
}

static void
test_other_versions(void **state)
{
	static const char *const versions[] = {"2", "0", "\"1\"", "-1", "1.5"};
	char text[600];
	struct se_state back;
	size_t i;

	(void)state;
	for (i = 0; i <= sizeof(versions) / sizeof(versions[0]); i++) {
		bool good = i == 0;

		snprintf(text, sizeof(text),
			"{\"version\": %s, \"key\": {\"endpoint\": \"%s\", \"client_id\": \"%s\", "
			"\"scope\": \"%s\", \"identity\": \"anna@fabrikam.com\"}, "
			"\"refresh_token\": \"canary\", \"unknown\": [1]}",
			good ? "1" : versions[i - 1], anna.endpoint, anna.client_id, anna.scope);
		/* A number that is one when it is written as a string is one here too. */
		if (good || strcmp(versions[i - 1], "\"1\"") == 0 ||
			strcmp(versions[i - 1], "1.5") == 0) {
			write_text(file_of(&anna), text);
			assert_int_equal(se_store_read(store, &anna, &back, &error), SE_OK);
			se_state_free(&back);
		} else {
			expect_damaged(text);
		}
	}
	patch(text, "\"identity\"", "\"owner\"");
	patch(text, "1.5", "1");
	expect_damaged(text);
}

static void
test_garbage(void **state)
{
	char *text;
	size_t len;

	(void)state;
	expect_damaged("");
	expect_damaged("{}");
	expect_damaged("null");
	expect_damaged("\x7f"
		       "ELF");
	expect_damaged("{\"version\": 1}");
	expect_damaged("{\"version\": 1, \"key\": 5, \"refresh_token\": \"canary\"}");

	write_tokens(&anna, "canary", "canary");
	text = read_text(file_of(&anna));
	for (len = strlen(text) - 2; len > 20; len -= 19) { /* without its last brace and newline */
		text[len] = '\0';
		expect_damaged(text);
	}
	free(text);
}

static void
test_too_large(void **state)
{
	char *much = malloc(SE_STATE_SIZE_MAX + 2);

	(void)state;
	assert_non_null(much);
	memset(much, ' ', SE_STATE_SIZE_MAX + 1);
	much[SE_STATE_SIZE_MAX + 1] = '\0';
	write_text(file_of(&anna), much);
	expect_unusable("is larger than");
	free(much);
}

/* A failure that makes no sense is none; the tokens are still good. */
static void
test_odd_failures(void **state)
{
	static const char *const failures[] = {"5", "{}",
		"{\"class\": 0, \"text\": \"t\", \"cause\": \"c\"}",
		"{\"class\": 9, \"text\": \"t\", \"cause\": \"c\"}",
		"{\"class\": 10, \"text\": \"t\", \"cause\": \"c\"}",
		"{\"class\": -1, \"text\": \"t\", \"cause\": \"c\"}",
		"{\"class\": 1, \"cause\": \"c\"}", "{\"class\": 1, \"text\": \"t\"}"};
	char text[700];
	struct se_state back;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		snprintf(text, sizeof(text),
			"{\"version\": 1, \"key\": {\"endpoint\": \"%s\", \"client_id\": \"%s\", "
			"\"scope\": \"%s\", \"identity\": \"anna@fabrikam.com\"}, "
			"\"refresh_token\": \"r\", \"failure\": %s}",
			anna.endpoint, anna.client_id, anna.scope, failures[i]);
		write_text(file_of(&anna), text);
		assert_int_equal(se_store_read(store, &anna, &back, &error), SE_OK);
		assert_int_equal(back.failure.code, SE_OK);
		assert_string_equal(se_secret_reveal(back.refresh_token), "r");
		se_state_free(&back);
	}
	snprintf(text, sizeof(text),
		"{\"version\": 1, \"key\": {\"endpoint\": \"%s\", \"client_id\": \"%s\", "
		"\"scope\": \"%s\", \"identity\": \"anna@fabrikam.com\"}, "
		"\"failure\": {\"class\": 1, \"count\": -5, \"text\": \"a\\u001b[31m\\nb\", "
		"\"cause\": \"longer than it should be, by far\"}}",
		anna.endpoint, anna.client_id, anna.scope);
	write_text(file_of(&anna), text);
	assert_int_equal(se_store_read(store, &anna, &back, &error), SE_OK);
	assert_int_equal(back.failure.code, SE_AGAIN);
	assert_int_equal(back.failure.count, 1);
	assert_string_equal(back.failure.text, "a?[31m?b");
	assert_int_equal(strlen(back.failure.cause), 16);
	se_state_free(&back);
}

static void
test_modes(void **state)
{
	(void)state;
	write_tokens(&anna, "canary", "canary");
	assert_int_equal(chmod(file_of(&anna), 0640), 0);
	expect_unusable("(mode 0640); chmod 0600 ");
	assert_int_equal(chmod(file_of(&anna), 0606), 0);
	expect_unusable("by everyone (mode 0606); chmod 0600 ");
	assert_int_equal(chmod(file_of(&anna), 0600), 0);
	expect_refresh_token(&anna, "canary");
}

static void
test_links(void **state)
{
	struct se_state nothing = {0};

	(void)state;
	write_tokens(&berta, "canary", "bertas");
	assert_int_equal(symlink(file_of(&berta), file_of(&anna)), 0);
	expect_unusable("symbolic link");
	/* Nor is it written through. */
	assert_int_equal(se_store_write(store, &anna, &nothing, &error), SE_OK);
	expect_refresh_token(&berta, "bertas");

	assert_int_equal(unlink(file_of(&anna)), 0);
	assert_int_equal(mkdir(file_of(&anna), 0700), 0);
	expect_unusable("is not a file");
	assert_int_equal(rmdir(file_of(&anna)), 0);
	assert_int_equal(mkfifo(file_of(&anna), 0600), 0);
	expect_unusable("is not a file");
	expect_refresh_token(&berta, "bertas");
}

/* --- the directory ----------------------------------------------------------------------------- */

static void
expect_no_store(const char *path, bool make, enum se_code code, const char *words)
{
	struct se_store *other;

	memset(&error, 0, sizeof(error));
	other = se_store_open(path, make, &error);
	assert_null(other);
	assert_int_equal(error.code, code);
	assert_says(error.text, path);
	assert_says(error.text, words);
}

static void
test_directories(void **state)
{
	struct se_store *made;
	struct stat st;

	(void)state;
	expect_no_store(scratch("state/new"), false, SE_ABSENT, "does not exist");
	expect_no_store(scratch("state/new/deep"), true, SE_ABSENT, "does not exist");
	made = se_store_open(scratch("state/new"), true, &error);
	assert_non_null(made);
	se_store_close(made);
	assert_int_equal(stat(scratch("state/new"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);

	assert_int_equal(chmod(scratch("state/new"), 0777), 0);
	expect_no_store(scratch("state/new"), true, SE_CONFIG, "chmod o-w");
	assert_int_equal(chmod(scratch("state/new"), 0700), 0);
	assert_int_equal(symlink("new", scratch("state/link")), 0);
	expect_no_store(scratch("state/link"), true, SE_CONFIG, "symbolic link");
	write_text(scratch("state/file"), "");
	expect_no_store(scratch("state/file"), true, SE_ABSENT, "");
	se_store_close(NULL);
}

static void
test_owners(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("needs root: files and directories of somebody else\n");
		skip();
	}
	write_tokens(&anna, "canary", "canary");
	assert_int_equal(chown(file_of(&anna), NOBODY, (gid_t)-1), 0);
	expect_unusable("belongs to uid 65534");
	assert_int_equal(mkdir(scratch("state/theirs"), 0700), 0);
	assert_int_equal(chown(scratch("state/theirs"), NOBODY, (gid_t)-1), 0);
	expect_no_store(scratch("state/theirs"), true, SE_CONFIG, "belongs to uid 65534");
}

/* Root's state file is nobody's to read either: the owner is the one who runs. */
static int
read_as_nobody(void *context)
{
	struct se_store *theirs;
	struct se_state state;

	(void)context;
	CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
	theirs = se_store_open(scratch("open"), false, &error);
	CHECK(theirs != NULL);
	CHECK(se_store_read(theirs, &anna, &state, &error) == SE_CONFIG);
	CHECK(strstr(error.text, "belongs to uid 0") != NULL);
	se_store_close(theirs);
	return 0;
}

static void
test_other_user(void **state)
{
	char path[200], name[100];

	(void)state;
	if (geteuid() != 0) {
		print_message("needs root: becomes somebody else\n");
		skip();
	}
	assert_int_equal(mkdir(scratch("open"), 0755), 0);
	assert_int_equal(chmod(scratch("."), 0755), 0);
	snprintf(name, sizeof(name), "open/%s.json", anna.name);
	snprintf(path, sizeof(path), "%s", scratch(name));
	write_file(path, "{}", 2, 0600);
	assert_int_equal(chmod(path, 0644), 0); /* so that it is the owner that counts */
	assert_int_equal(end_child(start_child(read_as_nobody, NULL)), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(scratch("open")), 0);
}

/* --- the lock ---------------------------------------------------------------------------------- */

/* Takes the lock, says so, and stays. */
static int
hold_lock(void *context)
{
	int *pipes = context, lock;
	struct se_store *own = open_store(directory(), false);

	CHECK(own != NULL);
	CHECK(se_store_lock(own, &anna, &lock, &error) == SE_OK);
	CHECK(write(pipes[1], "x", 1) == 1);
	for (;;)
		(void)pause();
}

static void
test_lock(void **state)
{
	int pipes[2], lock = 17, other = 17;
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	child = start_child(hold_lock, pipes);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(se_store_lock(store, &anna, &lock, &error), SE_AGAIN);
	assert_int_equal(lock, -1);
	/* Another key has another lock, and reading and writing need none. */
	assert_int_equal(se_store_lock(store, &berta, &lock, &error), SE_OK);
	se_store_unlock(lock);
	write_tokens(&anna, "a", "r");
	expect_refresh_token(&anna, "r");

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(end_child(child), -1);
	assert_int_equal(se_store_lock(store, &anna, &lock, &error), SE_OK);
	assert_true(lock >= 0);
	/* It belongs to the one who took it, not to the process. */
	assert_int_equal(se_store_lock(store, &anna, &other, &error), SE_AGAIN);
	se_store_unlock(lock);
	assert_int_equal(se_store_lock(store, &anna, &other, &error), SE_OK);
	se_store_unlock(other);
	se_store_unlock(-1);
	close(pipes[0]);
	close(pipes[1]);
}

static void
test_lock_not_there(void **state)
{
	char name[100];
	int lock;

	(void)state;
	snprintf(name, sizeof(name), "state/%s.lock", anna.name);
	assert_int_equal(symlink("elsewhere", scratch(name)), 0);
	assert_int_equal(se_store_lock(store, &anna, &lock, &error), SE_CONFIG);
	assert_int_equal(lock, -1);
	assert_says(error.text, scratch(name));
	assert_int_equal(count_files(directory(), "elsewhere"), 0);
}

/* A host may have any umask. What one process makes the next one must be able to use. */
static int
work_under_umask(void *context)
{
	struct se_store *own;
	struct stat st;
	int lock;

	(void)context;
	if (geteuid() == 0)
		CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
	(void)umask(0777);
	own = se_store_open(scratch("open/masked"), true, &error);
	CHECK(own != NULL);
	CHECK(stat(scratch("open/masked"), &st) == 0 && (st.st_mode & 07777) == 0700);
	for (int i = 0; i < 2; i++) {
		CHECK(se_store_lock(own, &anna, &lock, &error) == SE_OK);
		se_store_unlock(lock);
	}
	se_store_close(own);
	own = se_store_open(scratch("open/masked"), false, &error);
	CHECK(own != NULL);
	se_store_close(own);
	return 0;
}

static void
test_umask(void **state)
{
	char command[300];

	(void)state;
	assert_int_equal(mkdir(scratch("open"), 0755), 0);
	assert_int_equal(chmod(scratch("."), 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(scratch("open"), NOBODY, NOBODY), 0);
	assert_int_equal(end_child(start_child(work_under_umask, NULL)), 0);
	snprintf(command, sizeof(command), "rm -rf %s", scratch("open"));
	assert_int_equal(system(command), 0);
}

/* --- writing that fails ------------------------------------------------------------------------ */

static int
write_limited(void *context)
{
	struct rlimit limit;
	struct se_state state = {0};

	(void)context;
	CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
	limit.rlim_cur = 100;
	CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	state.refresh_token = secret_of("new");
	CHECK(se_store_write(store, &anna, &state, &error) == SE_AGAIN);
	CHECK(strstr(error.text, file_of(&anna)) != NULL);
	CHECK(strstr(error.text, "ulimit -f") != NULL);
	se_state_free(&state);
	CHECK(se_store_read(store, &anna, &state, &error) == SE_OK);
	CHECK(strcmp(se_secret_reveal(state.refresh_token), "old") == 0);
	se_state_free(&state);
	return 0;
}

static void
test_no_room(void **state)
{
	(void)state;
	write_tokens(&anna, "a", "old");
	assert_int_equal(end_child(start_child(write_limited, NULL)), 0);
	expect_refresh_token(&anna, "old");
	assert_int_equal(count_files(directory(), ""), 1);
	assert_int_equal(count_hidden(directory()), 0);
}

static int
write_read_only(void *context)
{
	struct se_state state = {0};
	struct se_store *own;

	(void)context;
	if (geteuid() == 0)
		CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
	own = open_store(directory(), false);
	CHECK(own != NULL);
	state.refresh_token = secret_of("new");
	CHECK(se_store_write(own, &anna, &state, &error) == SE_CONFIG);
	CHECK(strstr(error.text, file_of(&anna)) != NULL);
	CHECK(strstr(error.text, "chown") != NULL);
	se_state_free(&state);
	CHECK(se_store_read(own, &anna, &state, &error) == SE_OK);
	CHECK(strcmp(se_secret_reveal(state.refresh_token), "old") == 0);
	se_state_free(&state);
	se_store_close(own);
	return 0;
}

static void
test_read_only(void **state)
{
	(void)state;
	write_tokens(&anna, "a", "old");
	if (geteuid() == 0) {
		assert_int_equal(chmod(scratch("."), 0755), 0);
		assert_int_equal(chown(directory(), NOBODY, NOBODY), 0);
		assert_int_equal(chown(file_of(&anna), NOBODY, NOBODY), 0);
	}
	assert_int_equal(chmod(directory(), 0500), 0);
	assert_int_equal(end_child(start_child(write_read_only, NULL)), 0);
	assert_int_equal(count_files(directory(), ""), 1);
}

/* --- kill -9 ----------------------------------------------------------------------------------- */

/* Writes for ever, files of very different length. */
static int
write_for_ever(void *context)
{
	static char text[60000];
	unsigned i;

	(void)context;
	for (i = 0;; i++) {
		struct se_state state = {0};
		size_t len = 10 + (i * 7919) % (sizeof(text) - 20);

		memset(text, 'a' + (int)(i % 26), len);
		text[len] = '\0';
		state.access_token = secret_of(text);
		state.refresh_token = secret_of("kept");
		CHECK(se_store_write(store, &anna, &state, &error) == SE_OK);
		se_state_free(&state);
	}
}

static void
test_kill(void **state)
{
	unsigned i, seen = 0;
	struct se_file_id before, after;

	(void)state;
	write_tokens(&anna, "a", "kept");
	for (i = 0; i < KILLS; i++) {
		const struct timespec moment = {0, (long)(1 + i * 617 % 23) * 1000000};
		pid_t child = start_child(write_for_ever, NULL);

		before = se_store_identify(store, &anna);
		(void)nanosleep(&moment, NULL);
		expect_refresh_token(&anna, "kept"); /* while it writes */
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(end_child(child), -1);
		expect_refresh_token(&anna, "kept");
		after = se_store_identify(store, &anna);
		seen += memcmp(&before, &after, sizeof(before)) != 0;
	}
	assert_true(seen > 0);
	/* And what the last one left half written holds no token for long. */
	write_tokens(&anna, "a", "after all that");
	expect_refresh_token(&anna, "after all that");
	assert_int_equal(count_hidden(directory()), 0);
}

/* The state goes, with what a crash left; another key's, and the lock's file, stay. */
static void
test_remove(void **state)
{
	struct se_state kept = {.refresh_token = secret_of("R")};
	char left[300];
	int lock;

	(void)state;
	assert_int_equal(se_store_remove(store, &anna, &error), SE_ABSENT);
	assert_int_equal(se_store_write(store, &anna, &kept, &error), SE_OK);
	assert_int_equal(se_store_write(store, &berta, &kept, &error), SE_OK);
	snprintf(left, sizeof(left), "state/.%s.json.0123456789abcdef", anna.name);
	write_text(scratch(left), "left");
	assert_int_equal(se_store_lock(store, &anna, &lock, &error), SE_OK);
	assert_int_equal(se_store_remove(store, &anna, &error), SE_OK);
	se_store_unlock(lock);
	assert_int_equal(access(file_of(&anna), F_OK), -1);
	assert_int_equal(count_hidden(directory()), 0);
	assert_int_equal(count_files(directory(), ".json"), 1);
	assert_int_equal(count_files(directory(), ".lock"), 1);
	se_state_free(&kept);
	assert_int_equal(se_store_read(store, &anna, &kept, &error), SE_ABSENT);
	assert_int_equal(mkdir(file_of(&anna), 0700), 0);
	assert_int_equal(se_store_remove(store, &anna, &error), SE_CONFIG);
	assert_says(error.text, "cannot be removed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_keys),
		TEST(test_identify),
		TEST(test_watch),
		TEST(test_foreign_key),
		TEST(test_other_versions),
		TEST(test_garbage),
		TEST(test_too_large),
		TEST(test_odd_failures),
		TEST(test_modes),
		TEST(test_links),
		TEST(test_directories),
		TEST(test_owners),
		TEST(test_other_user),
		TEST(test_lock),
		TEST(test_lock_not_there),
		TEST(test_umask),
		TEST(test_no_room),
		TEST(test_read_only),
		TEST(test_kill),
		TEST(test_remove),
	};

	return cmocka_run_group_tests_name("engine_store", tests, begin, end);
}
