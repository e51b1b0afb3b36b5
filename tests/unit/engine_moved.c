/*
 * engine_moved: a reload names another state directory. Nothing is lost, neither what could not be kept in
 * the old one, nor what is in the new one already.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "engine_one.h"

static void
move(const char *name, const char *directory)
{
	struct se_error error;

	state_directory_be(directory);
	configure(name, true, "", "");
	assert_int_equal(se_engine_load(engine, &error), SE_OK);
	assert_string_equal(se_engine_state_dir(engine), state_directory());
}

static bool
was_sent(const char *name, const char *refresh_token)
{
	char words[300];

	snprintf(words, sizeof(words), "&refresh_token=%s", refresh_token);
	return strstr(faults_say("last %s", name), words) != NULL;
}

/* A person has signed in and an agent runs. */
static void
start_signed_in(const char *name, const char *answer)
{
	configure(name, true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_AGENT);
	(void)faults_say("answer %s %s", name, answer);
}

/* What the message about a directory that nobody can write advises. */
static int
move_what_was_not_kept(void *context)
{
	struct asked one = {.login = PERSON};
	struct rlimit limit;

	(void)context;
	CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHECK(limit_files(100) == 0);
	ask(engine, &one);
	CHECK(token_number(&one) == 1);
	CHECK(strstr(engine_log, "could not be kept") != NULL);
	CHECK(limit_files(limit.rlim_max) == 0);
	move("unkept", "elsewhere");
	ask(engine, &one);
	CHECK(one.at_once && token_number(&one) == 1);
	turn_for(engine, 60);
	CHECK(is_kept("refresh-unkept-1-"));
	return 0;
}

static void
test_unkept(void **state)
{
	struct rlimit limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	if (limit.rlim_max != RLIM_INFINITY) {
		print_message("files are limited already\n");
		skip();
	}
	start_signed_in("unkept", "{\"refresh\": true}");
	assert_int_equal(end_child(start_child(move_what_was_not_kept, NULL)), 0);
}

/* A directory is what it says: who has not signed in there has not, and in the old one has. */
static void
test_kept(void **state)
{
	struct asked one = {.login = PERSON};

	(void)state;
	start_signed_in("kept", "{\"refresh\": true}");
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	move("kept", "elsewhere");
	ask(engine, &one);
	assert_int_equal(one.code, SE_SIGN_IN);
	move("kept", "state");
	assert_true(is_kept("refresh-kept-1-"));
	ask(engine, &one);
	assert_true(one.at_once);
	assert_int_equal(token_number(&one), 1);
}

/* The answer belongs to the sign-in of the old directory, and its lock is held there. */
static void
test_under_way(void **state)
{
	struct asked one = {.login = PERSON};

	(void)state;
	start_signed_in("busy", "{\"refresh\": true, \"delay\": 0.5}");
	ask_begin(engine, &one);
	assert_false(one.at_once);
	turn_for(engine, 100);
	state_directory_be("elsewhere");
	sign_in(PERSON, "0.new");
	move("busy", "elsewhere");
	ask_wait(engine, &one);
	assert_int_equal(token_number(&one), 1);
	assert_true(is_kept("0.new"));
	ask(engine, &one);
	assert_int_equal(token_number(&one), 2);
	assert_true(was_sent("busy", "0.new"));
	state_directory_be("state");
	assert_true(is_kept("refresh-busy-1-"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_unkept),
		ENGINE_TEST(test_kept),
		ENGINE_TEST(test_under_way),
	};

	return cmocka_run_group_tests_name("engine_moved", tests, faults_begin, faults_end);
}
