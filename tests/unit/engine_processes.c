/*
 * engine_processes: many processes and one state directory, locks that somebody holds, disks that
 * are full.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "engine_asking.h"

enum {
	PROCESSES = 50,
	FEW = 6 /* where each makes a request: a memory checker slows TLS down a hundredfold */
};

static int
set_up(void **state)
{
	(void)state;
	asking_set_up();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	end_if_child();
	return 0;
}

/* --- many processes at once -------------------------------------------------------------------- */

/* Waits for the start, asks, and writes the token it got to the other pipe. */
struct race {
	int start[2], result[2];
	const char *login;
};

static int
run_in_race(void *context)
{
	struct race *race = context;
	struct asked one = {.login = race->login};
	struct pollfd start = {race->start[0], POLLIN, 0};
	struct se_engine *engine;

	CHECK(poll(&start, 1, 60000) == 1); /* the end of the pipe that the parent closes */
	engine = engine_start(SE_ROLE_HOST);
	ask(engine, &one);
	if (one.code != SE_OK)
		print_error("%s\n", one.error.text);
	CHECK(one.code == SE_OK);
	CHECK(write(race->result[1], one.token, sizeof(one.token)) == sizeof(one.token));
	se_engine_free(engine);
	return 0;
}

/* Starts as many; returns how many different tokens came. */
static unsigned
hold_race(const char *login, int processes)
{
	static char tokens[PROCESSES][256];
	struct race race = {.login = login};
	pid_t children[PROCESSES];
	unsigned different = 0;
	int i, k;

	assert_int_equal(pipe(race.start), 0);
	assert_int_equal(pipe(race.result), 0);
	for (i = 0; i < processes; i++) {
		children[i] = start_child(run_in_race, &race);
		assert_true(children[i] > 0);
	}
	/* Each has the pipe's end to write to as well, so that a byte is what starts them. */
	assert_int_equal(write(race.start[1], "x", 1), 1);
	for (i = 0; i < processes; i++)
		assert_int_equal(end_child(children[i]), 0);
	for (i = 0; i < processes; i++) {
		assert_int_equal(
			read(race.result[0], tokens[i], sizeof(tokens[i])), sizeof(tokens[i]));
		for (k = 0; k < i && strcmp(tokens[k], tokens[i]) != 0;)
			k++;
		different += k == i;
	}
	close(race.start[0]);
	close(race.start[1]);
	close(race.result[0]);
	close(race.result[1]);
	return different;
}

static void
test_shared_state(void **state)
{
	struct se_engine *engine;

	(void)state;
	configure("crowd", true, "", "");
	(void)faults_say("answer crowd {\"delay\": 0.3}");
	assert_int_equal(hold_race(LOGIN, PROCESSES), 1);
	assert_int_equal(faults_hits("crowd"), 1);

	/* Nor do they when there is one, and it has expired. */
	world_wait(4000);
	assert_int_equal(hold_race(LOGIN, PROCESSES), 1);
	assert_int_equal(faults_hits("crowd"), 2);

	/* Half its life later one of them renews it, and nobody waits for that. */
	world_wait(1900);
	assert_in_range(hold_race(LOGIN, PROCESSES), 1, 2);
	assert_int_equal(faults_hits("crowd"), 3);
	engine = engine_start(SE_ROLE_HOST);
	assert_int_equal(ask_number(engine), 3);
	se_engine_free(engine);
	assert_int_equal(count_files(state_directory(), ".json"), 1);
}

/* Rotated refresh tokens: each is used once, and the last one is kept. */
static void
test_shared_sign_in(void **state)
{
	char *kept;

	(void)state;
	configure("rotated", true, "", "");
	sign_in(PERSON, "0.imported");
	(void)faults_say("answer rotated {\"refresh\": true, \"delay\": 0.2}");
	assert_int_equal(hold_race(PERSON, PROCESSES), 1);
	assert_int_equal(faults_hits("rotated"), 1);
	world_wait(4000);
	assert_int_equal(hold_race(PERSON, PROCESSES), 1);
	assert_int_equal(faults_hits("rotated"), 2);
	kept = kept_refresh_token(PERSON);
	assert_non_null(kept);
	assert_memory_equal(kept, "refresh-rotated-2-", 18);
	free(kept);
}

static void
test_no_state(void **state)
{
	(void)state;
	configure("alone", false, "", "");
	assert_int_equal(hold_race(LOGIN, FEW), FEW);
	assert_int_equal(faults_hits("alone"), FEW);
	assert_int_equal(count_files(state_directory(), ""), 0);
}

/* One failure is enough for all of them. */
static int
fail_in_race(void *context)
{
	struct asked one = {0};
	struct se_engine *engine = engine_start(SE_ROLE_HOST);

	(void)context;
	ask(engine, &one);
	CHECK(one.code == SE_CONFIG);
	CHECK(strstr(one.error.text, "AADSTS7000215") != NULL);
	se_engine_free(engine);
	return 0;
}

static void
test_shared_failure(void **state)
{
	pid_t children[PROCESSES];
	int i;

	(void)state;
	configure("failing", true, "", "");
	(void)faults_say(
		"answer failing {\"delay\": 0.2, \"status\": 401, \"body\": "
		"\"{\\\"error\\\": \\\"invalid_client\\\", \\\"error_codes\\\": [7000215]}\"}");
	for (i = 0; i < PROCESSES; i++)
		children[i] = start_child(fail_in_race, NULL);
	for (i = 0; i < PROCESSES; i++)
		assert_int_equal(end_child(children[i]), 0);
	assert_int_equal(faults_hits("failing"), 1);
}

/* --- a lock that somebody holds ---------------------------------------------------------------- */

/* Its name in the directory of this run. */
static const char *
file_of(const struct se_token_key *key, const char *ending)
{
	static char name[100];

	snprintf(name, sizeof(name), "state/%s.%s", key->name, ending);
	return name;
}

struct holder {
	int ready[2], go[2];
	bool writes; /* a token, before it goes */
	bool spoils; /* the state file */
};

static int
hold_lock(void *context)
{
	struct holder *holder = context;
	struct se_state state = {0};
	struct se_token_key key;
	struct se_error error;
	struct se_store *store = se_store_open(state_directory(), false, &error);
	const struct se_lifetime hour = {3600, -1, 0, false};
	char byte;
	int lock;

	CHECK(store != NULL);
	key_of(holder->spoils ? PERSON : LOGIN, &key);
	CHECK(se_store_lock(store, &key, &lock, &error) == SE_OK);
	CHECK(write(holder->ready[1], "x", 1) == 1);
	CHECK(read(holder->go[0], &byte, 1) == 1);
	if (holder->writes) {
		state.access_token = se_secret_new("access-x-77-", 12);
		state.times = se_policy_times(world.wall(NULL), &hour, 0);
		memcpy(state.fingerprint, "77777777", 9);
		CHECK(se_store_write(store, &key, &state, &error) == SE_OK);
		se_store_unlock(lock);
	}
	if (holder->spoils) {
		write_text(scratch(file_of(&key, "json")), "garbage");
		se_store_unlock(lock);
	}
	for (;;)
		(void)pause();
}

static pid_t
start_holder(struct holder *holder)
{
	pid_t child;
	char byte;

	assert_int_equal(pipe(holder->ready), 0);
	assert_int_equal(pipe(holder->go), 0);
	child = start_child(hold_lock, holder);
	assert_int_equal(read(holder->ready[0], &byte, 1), 1);
	return child;
}

static void
end_holder(struct holder *holder, pid_t child)
{
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(end_child(child), -1);
	close(holder->ready[0]);
	close(holder->ready[1]);
	close(holder->go[0]);
	close(holder->go[1]);
}

static void
test_lock_held(void **state)
{
	struct asked one = {.time_left = 1000};
	struct holder holder = {.writes = false};
	struct se_engine *engine;
	pid_t child;

	(void)state;
	configure("held", true, "", "");
	child = start_holder(&holder);
	engine = engine_start(SE_ROLE_HOST);
	ask(engine, &one);
	assert_int_equal(one.code, SE_AGAIN);
	assert_in_range(one.ended - one.began, 700, 2000);
	assert_says(one.error.text, LOGIN ": ");
	assert_says(one.error.text, "another process");
	assert_int_equal(faults_hits("held"), 0);

	/* The agent's fetch goes on, and its asker hears why there is nothing yet. */
	se_engine_free(engine);
	engine = engine_start(SE_ROLE_AGENT);
	ask(engine, &one);
	assert_int_equal(one.code, SE_AGAIN);
	assert_in_range(one.ended - one.began, 700, 2000);
	assert_says(one.error.text, "another process is fetching it");

	/* A process that dies leaves no lock behind. */
	one.time_left = 0;
	ask_begin(engine, &one);
	turn_for(engine, 100);
	assert_int_equal(one.calls, 0);
	end_holder(&holder, child);
	ask_wait(engine, &one);
	assert_int_equal(token_number(&one), 1);
	se_engine_free(engine);
}

/* Whoever waits for a lock takes what the holder leaves in the file. */
static void
test_lock_then_token(void **state)
{
	struct asked one = {0};
	struct holder holder = {.writes = true};
	struct se_engine *engine;
	pid_t child;

	(void)state;
	configure("left", true, "", "");
	child = start_holder(&holder);
	engine = engine_start(SE_ROLE_HOST);
	ask_begin(engine, &one);
	turn_for(engine, 100);
	assert_int_equal(one.calls, 0);
	assert_int_equal(write(holder.go[1], "x", 1), 1);
	ask_wait(engine, &one);
	assert_int_equal(token_number(&one), 77);
	assert_int_equal(faults_hits("left"), 0);
	end_holder(&holder, child);
	se_engine_free(engine);
}

/* Nobody writes over a sign-in that cannot be read, whatever happened meanwhile. */
static void
test_lock_then_garbage(void **state)
{
	struct asked one = {.login = PERSON};
	struct holder holder = {.spoils = true};
	struct se_token_key key;
	struct se_engine *engine;
	char *left;
	pid_t child;

	(void)state;
	configure("spoilt", true, "", "");
	sign_in(PERSON, "0.imported");
	child = start_holder(&holder);
	engine = engine_start(SE_ROLE_HOST);
	ask_begin(engine, &one);
	turn_for(engine, 100);
	assert_int_equal(one.calls, 0);
	assert_int_equal(write(holder.go[1], "x", 1), 1);
	ask_wait(engine, &one);
	assert_int_equal(one.code, SE_CONFIG);
	assert_says(one.error.text, "is damaged");
	assert_int_equal(faults_hits("spoilt"), 0);
	key_of(PERSON, &key);
	left = read_text(scratch(file_of(&key, "json")));
	assert_string_equal(left, "garbage");
	free(left);
	se_token_key_free(&key);
	end_holder(&holder, child);
	se_engine_free(engine);
}

/* Without a lock nothing is written: somebody else's newer refresh token could be lost. */
static void
test_no_lock(void **state)
{
	struct asked one = {.login = PERSON};
	struct se_token_key key;
	struct se_engine *engine;
	char *kept;

	(void)state;
	configure("unlocked", true, "", "");
	sign_in(PERSON, "0.imported");
	key_of(PERSON, &key);
	assert_int_equal(symlink("nowhere", scratch(file_of(&key, "lock"))), 0);
	engine = engine_start(SE_ROLE_HOST);
	(void)faults_say("answer unlocked {\"refresh\": true}");
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(engine_warnings, 1);
	assert_says(engine_log, scratch(file_of(&key, "lock")));
	se_engine_free(engine);
	se_token_key_free(&key);
	kept = kept_refresh_token(PERSON);
	assert_string_equal(kept, "0.imported");
	free(kept);
}

/* While the token is valid nobody waits for the one who renews it. */
static void
test_lock_and_valid(void **state)
{
	struct asked one = {0};
	struct holder holder = {.writes = false};
	struct se_engine *engine;
	pid_t child;

	(void)state;
	configure("valid", true, "", "");
	engine = engine_start(SE_ROLE_HOST);
	assert_int_equal(ask_number(engine), 1);
	child = start_holder(&holder);
	world_wait(1900);
	ask(engine, &one);
	assert_true(one.at_once);
	assert_int_equal(token_number(&one), 1);
	world_wait(1500); /* under the margin: waits, and then the old one is better than none */
	one.time_left = 700;
	ask(engine, &one);
	assert_false(one.at_once);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(faults_hits("valid"), 1);
	end_holder(&holder, child);
	se_engine_free(engine);
}

/* --- a disk that is full ----------------------------------------------------------------------- */

/* The token is used; what could not be kept is said once. */
static int
ask_without_room(void *context)
{
	static struct se_engine *engine; /* it is not freed when the process is to end at once */
	struct asked one = {.login = PERSON};
	const bool *room_later = context;

	engine = engine_start(SE_ROLE_AGENT);
	CHECK(limit_files(100) == 0);
	ask(engine, &one);
	CHECK(token_number(&one) == 1);
	CHECK(engine_warnings == 1);
	CHECK(strstr(engine_log, "the token of " PERSON " is used but could not be kept") != NULL);
	CHECK(strstr(engine_log, "ulimit -f") != NULL);
	ask(engine, &one);
	CHECK(one.at_once && token_number(&one) == 1);
	world_wait(1900);
	ask(engine, &one);
	turn_for(engine, 800);
	ask(engine, &one);
	CHECK(token_number(&one) == 2);
	CHECK(engine_warnings == 1);
	if (!*room_later)
		return 0;
	/* The one that the disk would not take is the one that was sent, and is kept in the end. */
	CHECK(limit_files(RLIM_INFINITY) == 0);
	se_engine_free(engine);
	return 0;
}

static void
test_no_room(void **state)
{
	struct rlimit limit;
	bool room_later = false;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	if (limit.rlim_max != RLIM_INFINITY) {
		print_message("files are limited already\n");
		skip();
	}
	configure("full", true, "", "");
	sign_in(PERSON, "0.imported");
	(void)faults_say("answer full {\"refresh\": true}");
	assert_int_equal(end_child(start_child(ask_without_room, &room_later)), 0);
	assert_true(is_kept("0.imported"));

	asking_set_up();
	configure("fuller", true, "", "");
	sign_in(PERSON, "0.imported");
	(void)faults_say("answer fuller {\"refresh\": true}");
	room_later = true;
	assert_int_equal(end_child(start_child(ask_without_room, &room_later)), 0);
	assert_true(is_kept("refresh-fuller-2-"));
}

/* A process whose clock was a year ahead has kept a token. What came after the clock was set right
 * is newer, whatever the times say. */
static int
ask_beside_a_clock_ahead(void *context)
{
	const struct se_lifetime hour = {3600, -1, 0, false};
	struct se_store *store = se_store_open(state_directory(), false, NULL);
	struct se_engine *engine = engine_start(SE_ROLE_AGENT);
	struct asked one = {.login = PERSON};
	struct se_state state = {0};
	struct se_token_key key;
	struct se_error error;

	(void)context;
	CHECK(store != NULL && limit_files(100) == 0);
	ask(engine, &one);
	CHECK(token_number(&one) == 1);
	CHECK(limit_files(RLIM_INFINITY) == 0);
	key_of(PERSON, &key);
	state.access_token = se_secret_new("access-x-77-", 12);
	state.refresh_token = se_secret_new("0.older", 7);
	state.times = se_policy_times(world.wall(NULL) + 365 * 24 * 3600, &hour, 0);
	CHECK(se_store_write(store, &key, &state, &error) == SE_OK);
	se_state_free(&state);
	se_token_key_free(&key);
	se_store_close(store);
	se_engine_free(engine);
	return 0;
}

static void
test_clock_ahead_elsewhere(void **state)
{
	(void)state;
	configure("fullyear", true, "", "");
	sign_in(PERSON, "0.imported");
	(void)faults_say("answer fullyear {\"refresh\": true}");
	assert_int_equal(end_child(start_child(ask_beside_a_clock_ahead, NULL)), 0);
	assert_true(is_kept("refresh-fullyear-1-"));
}

/* While the process lives the state file gets what it could not take, within a minute. */
static int
ask_until_room(void *context)
{
	struct asked one = {0};
	struct se_engine *engine = engine_start(SE_ROLE_HOST);

	(void)context;
	CHECK(limit_files(100) == 0);
	ask(engine, &one);
	CHECK(token_number(&one) == 1);
	CHECK(count_files(state_directory(), ".json") == 0);
	CHECK(limit_files(RLIM_INFINITY) == 0);
	world_wait(50);
	ask(engine, &one);
	CHECK(token_number(&one) == 1);
	CHECK(count_files(state_directory(), ".json") == 0); /* at most once a minute */
	world_wait(20);
	ask(engine, &one);
	CHECK(one.at_once && token_number(&one) == 1);
	CHECK(count_files(state_directory(), ".json") == 1);
	se_engine_free(engine);
	return 0;
}

static void
test_room_again(void **state)
{
	(void)state;
	configure("again", true, "", "");
	assert_int_equal(end_child(start_child(ask_until_room, NULL)), 0);
}

/* A state directory that may only be read: as nobody where we are root. */
static int
ask_read_only(void *context)
{
	struct asked one = {0};
	struct se_engine *engine;

	(void)context;
	if (geteuid() == 0)
		CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
	engine = engine_start(SE_ROLE_HOST);
	ask(engine, &one);
	if (one.code != SE_OK)
		print_error("%s\n", one.error.text);
	CHECK(token_number(&one) == 1);
	CHECK(engine_warnings == 1);
	CHECK(strstr(engine_log, "could not be kept") != NULL);
	CHECK(strstr(engine_log, state_directory()) != NULL);
	ask(engine, &one);
	CHECK(one.at_once && token_number(&one) == 1);
	CHECK(engine_warnings == 1);
	se_engine_free(engine);
	return 0;
}

static void
test_read_only(void **state)
{
	(void)state;
	configure("readonly", true, "", "");
	if (geteuid() == 0) {
		assert_int_equal(chmod(scratch("."), 0755), 0);
		assert_int_equal(chmod(scratch("faults"), 0755), 0);
		assert_int_equal(chmod(faults_ca(), 0644), 0);
		assert_int_equal(chmod(configuration(), 0644), 0);
		assert_int_equal(chown(scratch("secret"), NOBODY, NOBODY), 0);
		assert_int_equal(chown(state_directory(), NOBODY, NOBODY), 0);
	}
	assert_int_equal(chmod(state_directory(), 0500), 0);
	assert_int_equal(end_child(start_child(ask_read_only, NULL)), 0);
	assert_int_equal(faults_hits("readonly"), 1);
}

/* A directory that is not there, or not to be trusted, is said when the configuration is read. */
static void
test_no_directory(void **state)
{
	struct se_engine *engine;

	(void)state;
	configure("nowhere", true, "", "");
	assert_int_equal(chmod(state_directory(), 0777), 0);
	engine = engine_start(SE_ROLE_AGENT);
	assert_null(se_engine_state_dir(engine));
	assert_int_equal(engine_warnings, 1);
	assert_says(engine_log, "tokens live in memory only: ");
	assert_says(engine_log, state_directory());
	assert_int_equal(ask_number(engine), 1);
	assert_int_equal(ask_number(engine), 1);
	se_engine_free(engine);
}

/* What another engine gets as the first thing it does. */
static unsigned
number_for_another(void)
{
	struct se_engine *engine = engine_start(SE_ROLE_HOST);
	unsigned number = ask_number(engine);

	se_engine_free(engine);
	return number;
}

/* A token is shared sealed; with another key, or none, each has its own, and the file stays. */
static void
test_sealed(void **state)
{
	char line[300], path[300], *text, *left;
	struct se_token_key key;

	(void)state;
	snprintf(line, sizeof(line), "state_key_file = %s\n", scratch("state.key"));
	configure("sealed", true, line, "");
	key_of(LOGIN, &key);
	snprintf(path, sizeof(path), "%s/%s.json", state_directory(), key.name);
	se_token_key_free(&key);
	write_text(scratch("state.key"),
		"0101010101010101010101010101010101010101010101010101010101010101\n");
	assert_int_equal(number_for_another(), 1);
	text = read_text(path);
	assert_says(text, "\"sealed\"");
	assert_silent_about(text, "access_token");
	assert_int_equal(number_for_another(), 1);
	assert_int_equal(engine_warnings, 0);

	write_text(scratch("other.key"),
		"0202020202020202020202020202020202020202020202020202020202020202\n");
	assert_int_equal(rename(scratch("state.key"), scratch("old.key")), 0);
	assert_int_equal(rename(scratch("other.key"), scratch("state.key")), 0);
	assert_int_equal(number_for_another(), 2);
	assert_int_equal(engine_warnings, 1);
	assert_says(engine_log, "could not be kept");
	assert_says(engine_log, "put that key back");
	assert_int_equal(unlink(scratch("state.key")), 0);
	assert_int_equal(number_for_another(), 3);
	assert_says(engine_log, "tokens live in memory only: state_key_file: ");
	configure("sealed", true, "", "");
	assert_int_equal(number_for_another(), 4);
	assert_says(engine_log, "names no state_key_file");
	left = read_text(path);
	assert_string_equal(left, text);

	configure("sealed", true, line, "");
	assert_int_equal(rename(scratch("old.key"), scratch("state.key")), 0);
	assert_int_equal(number_for_another(), 1);
	free(text);
	free(left);
}

/* The key is lost while the tokens are in memory: they go to the disk under the next one. */
static void
test_key_lost(void **state)
{
	char line[300];
	struct se_engine *engine;

	(void)state;
	snprintf(line, sizeof(line), "state_key_file = %s\n", scratch("state.key"));
	configure("keylost", true, line, "");
	write_text(scratch("state.key"),
		"0101010101010101010101010101010101010101010101010101010101010101\n");
	engine = engine_start(SE_ROLE_HOST);
	assert_int_equal(ask_number(engine), 1);
	assert_int_equal(unlink(scratch("state.key")), 0);
	world_wait(3500);
	assert_int_equal(ask_number(engine), 2);
	assert_int_equal(engine_warnings, 1);
	write_text(scratch("state.key"),
		"0202020202020202020202020202020202020202020202020202020202020202\n");
	world_wait(61);
	assert_int_equal(ask_number(engine), 2);
	se_engine_free(engine);
	assert_int_equal(number_for_another(), 2);
	assert_int_equal(engine_warnings, 1);
}

/* OpenSSL's own, by --wrap. */
int __real_EVP_CipherInit_ex(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, ENGINE *engine,
	const unsigned char *key, const unsigned char *iv, int encrypt);
int __wrap_EVP_CipherInit_ex(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, ENGINE *engine,
	const unsigned char *key, const unsigned char *iv, int encrypt);

static bool no_cipher;

int
__wrap_EVP_CipherInit_ex(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, ENGINE *engine,
	const unsigned char *key, const unsigned char *iv, int encrypt)
{
	return no_cipher ? 0 : __real_EVP_CipherInit_ex(context, cipher, engine, key, iv, encrypt);
}

static void
expect_cannot_open(struct se_engine *engine)
{
	struct asked one = {.login = PERSON};

	no_cipher = true;
	ask(engine, &one);
	no_cipher = false;
	assert_int_equal(one.code, SE_INTERNAL);
	assert_says(one.error.text, "AES-256-GCM");
	assert_silent_about(one.error.text, "sign in");
}

/* A sign-in that cannot be opened, whatever the reason, is none that is missing; and an older one
 * that is still in memory does not take its place. */
static void
test_cannot_open(void **state)
{
	struct asked first = {.login = PERSON};
	struct asked another = {.login = PERSON, .operation = SE_OPERATION_REFRESH, .server = ""};
	struct se_engine *engine, *other;
	char line[300];

	(void)state;
	snprintf(line, sizeof(line), "state_key_file = %s\n", scratch("state.key"));
	configure("cannotopen", true, line, "");
	write_text(scratch("state.key"),
		"0101010101010101010101010101010101010101010101010101010101010101\n");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_HOST);
	other = engine_start(SE_ROLE_HOST);
	ask(engine, &first);
	assert_int_equal(first.code, SE_OK);
	expect_cannot_open(other);
	ask(other, &another);
	assert_int_equal(another.code, SE_OK);
	world_wait(7200);
	expect_cannot_open(engine);
	ask(engine, &first);
	assert_int_equal(first.code, SE_OK);
	se_engine_free(engine);
	se_engine_free(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shared_state),
		TEST(test_shared_sign_in),
		TEST(test_no_state),
		TEST(test_shared_failure),
		TEST(test_lock_held),
		TEST(test_lock_then_token),
		TEST(test_lock_then_garbage),
		TEST(test_no_lock),
		TEST(test_lock_and_valid),
		TEST(test_no_room),
		TEST(test_clock_ahead_elsewhere),
		TEST(test_room_again),
		TEST(test_read_only),
		TEST(test_no_directory),
		TEST(test_sealed),
		TEST(test_key_lost),
		TEST(test_cannot_open),
	};

	return cmocka_run_group_tests_name("engine_processes", tests, faults_begin, faults_end);
}
