/*
 * engine_answered: se_engine_answered(), by which the agent gives the same answer again without asking: it
 * must be 0 whenever an ask could be answered otherwise.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine_one.h"

/* Whether the kernel tells of changes in the state directory. */
static bool
is_told(void)
{
	return se_engine_watch(engine).fd >= 0;
}

/* An agent's turn. */
static void
turn(void)
{
	struct pollfd watch = se_engine_watch(engine);

	assert_true(se_engine_turn(engine, &watch, 1, 0));
	se_engine_watched(engine, watch.revents);
}

/* Until a renewal that nobody waits for has ended. */
static void
turn_until_idle(void)
{
	const int64_t until = real_ms() + 20000;

	while (se_engine_is_busy(engine) && real_ms() < until)
		turn_for(engine, 5);
	assert_false(se_engine_is_busy(engine));
	turn();
}

/* The number that the usual ask leaves when it is made now. */
static uint64_t
number_of(struct asked *asked)
{
	ask(engine, asked);
	return se_engine_answered(engine);
}

/* An agent's engine with a token that it need not get, and the number of the ask that got it from there. */
static uint64_t
start_configured(void)
{
	world_stop_wall();
	engine = engine_start(SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	assert_int_equal(se_engine_answered(engine), 0); /* it had to wait */
	turn();
	assert_int_equal(ask_number(engine), 1);
	return se_engine_answered(engine);
}

/* Where nothing but the engine itself changes anything. */
static uint64_t
start(const char *name)
{
	uint64_t number;

	configure(name, false, NO_STATE, "");
	number = start_configured();
	assert_null(se_engine_state_dir(engine));
	assert_int_not_equal(number, 0);
	return number;
}

static void
test_stands(void **state)
{
	struct asked one = {0};
	uint64_t number;

	(void)state;
	number = start("stands");
	turn();
	assert_int_equal(se_engine_answered(engine), number);
	world_later_ms += 900; /* the seconds are the wall clock's */
	assert_int_equal(se_engine_answered(engine), number);
	assert_int_not_equal(number_of(&one), number); /* each ask has its own */
	assert_int_not_equal(se_engine_answered(engine), 0);
}

static void
test_second(void **state)
{
	uint64_t number;

	(void)state;
	number = start("second");
	world_later_s += 1;
	assert_int_equal(se_engine_answered(engine), 0);
	world_later_s -= 2;
	assert_int_equal(se_engine_answered(engine), 0);
	world_later_s += 1;
	assert_int_equal(se_engine_answered(engine), number);
}

static void
write_beside(const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", state_directory(), name);
	write_text(path, "");
	assert_int_equal(unlink(path), 0);
}

static void
test_file_written(void **state)
{
	struct asked one = {0};
	uint64_t number;

	(void)state;
	configure("file", true, "", "");
	number = start_configured();
	if (!is_told()) {
		assert_int_equal(number, 0);
		print_message("%s is on a file system that nobody watches\n", state_directory());
		skip();
	}
	assert_int_not_equal(number, 0);
	write_beside("anything");
	/* Whoever has just been told that all is quiet is told of it at the next turn. */
	turn();
	assert_int_equal(se_engine_answered(engine), 0);
	assert_int_not_equal(number_of(&one), 0);
	/* And who asks before anybody was told looks himself. */
	assert_true(se_engine_turn(engine, NULL, 0, 0));
	write_beside("anything");
	assert_int_equal(se_engine_answered(engine), 0);
}

static void
test_reload(void **state)
{
	struct asked one = {0};
	struct se_error error;

	(void)state;
	(void)start("reload");
	assert_int_equal(se_engine_load(engine, &error), SE_OK);
	assert_int_equal(se_engine_answered(engine), 0);
	turn();
	assert_int_not_equal(number_of(&one), 0);
	write_text(configuration(), "[account relay]\nmatchh = *\n");
	assert_int_equal(se_engine_load(engine, &error), SE_CONFIG);
	assert_int_equal(se_engine_answered(engine), 0);
}

/* What is asked of the engine beside, whatever comes of it. */
static void
test_others(void **state)
{
	struct asked usual = {0};
	struct asked other[] = {
		{.login = "nobody@elsewhere.test"},
		{.server = "smtp.evil.test"},
		{.operation = SE_OPERATION_REREAD, .login = "no-such-key"},
		{.operation = SE_OPERATION_REFRESH, .server = ""},
	};
	struct se_answer answer;
	struct se_error error;

	(void)state;
	(void)start("others");
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		ask(engine, &other[i]);
		assert_int_equal(se_engine_answered(engine), 0);
		turn();
		assert_int_not_equal(number_of(&usual), 0);
	}
	assert_int_equal(token_number(&usual), 2); /* there was a refresh among them */
	assert_int_equal(se_engine_status(engine, "", &answer, &error), SE_OK);
	se_answer_free(&answer);
	assert_int_equal(se_engine_answered(engine), 0);
	turn();
	assert_int_not_equal(number_of(&usual), 0);
	se_engine_cancel(engine, NULL);
	assert_int_equal(se_engine_answered(engine), 0);
}

/* Asks that are answered, but not as others would be. */
static void
test_unusual(void **state)
{
	struct asked usual = {0}, rejected = {0}, waits = {.login = PERSON};

	(void)state;
	(void)start("unusual");
	ask(engine, &usual);
	rejected.rejected = "0badcafe";
	assert_int_equal(number_of(&rejected), 0);
	assert_int_equal(token_number(&rejected), 1);
	rejected.rejected = usual.fingerprint; /* gets another one */
	assert_int_equal(number_of(&rejected), 0);
	assert_int_equal(token_number(&rejected), 2);
	turn();
	assert_int_not_equal(number_of(&usual), 0);
	assert_int_equal(number_of(&waits), 0);
	assert_int_not_equal(waits.code, SE_OK);
}

/* Past half of its life it is used, and renewed behind the asker's back. */
static void
test_renewal(void **state)
{
	struct asked one = {0};

	(void)state;
	(void)start("renewal");
	world_wait(1805);
	ask_begin(engine, &one);
	assert_true(one.at_once);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(se_engine_answered(engine), 0);
	turn_until_idle();
	assert_int_equal(se_engine_answered(engine), 0);
	assert_int_not_equal(number_of(&one), 0);
	assert_int_equal(token_number(&one), 2);
}

/* The same, begun by the agent itself and not by an ask. */
static void
test_renewal_ahead(void **state)
{
	(void)state;
	(void)start("ahead");
	world_wait(1805);
	turn();
	assert_true(se_engine_is_busy(engine));
	world_later_s -= 1805; /* the second of the ask again */
	assert_int_equal(se_engine_answered(engine), 0);
}

/* Where it matters who asks, each is looked at. */
static void
test_allow(void **state)
{
	const struct se_peer root = {.uid = 0};
	struct asked one = {.peer = &root};

	(void)state;
	configure("allow", true, "", "allow = root\n");
	assert_int_equal(start_configured(), 0);
	assert_int_equal(number_of(&one), 0);
	assert_int_equal(one.code, SE_OK);
}

/* While another one is being fetched, which may come at any time, and where that has failed, of which the
 * cause may go at any time. */
static void
test_busy(void **state)
{
	struct asked usual = {0}, forced = {.operation = SE_OPERATION_REFRESH, .server = ""};

	(void)state;
	(void)start("busy");
	(void)faults_say("answer busy {\"status\": 401, \"body\": \"{\\\"error\\\": "
			 "\\\"invalid_client\\\"}\"}");
	ask_begin(engine, &forced);
	assert_false(forced.at_once);
	ask_begin(engine, &usual);
	assert_true(usual.at_once);
	assert_int_equal(token_number(&usual), 1);
	assert_int_equal(se_engine_answered(engine), 0);
	ask_wait(engine, &forced);
	turn();
	world_wait(1805);
	assert_int_equal(number_of(&usual), 0);
	assert_true(usual.at_once);
	assert_int_equal(token_number(&usual), 1);
	turn_until_idle();
	assert_int_equal(number_of(&usual), 0);
	assert_false(se_engine_is_busy(engine)); /* remembered */
	assert_int_equal(token_number(&usual), 1);
	assert_int_equal(unlink(scratch("secret")), 0); /* another cause, without a request */
	turn();
	assert_int_equal(number_of(&usual), 0);
	assert_false(se_engine_is_busy(engine));
	assert_int_equal(token_number(&usual), 1);
}

/* A token that could not be kept is tried to be kept with an ask. */
static int
unsaved(void *context)
{
	struct rlimit limit;
	struct asked one = {0}, forced = {.operation = SE_OPERATION_REFRESH, .server = ""};

	(void)context;
	engine = engine_start(SE_ROLE_AGENT);
	CHECK(ask_number(engine) == 1);
	CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && getrlimit(RLIMIT_FSIZE, &limit) == 0);
	limit.rlim_cur = 0; /* a full disk */
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	ask(engine, &forced);
	turn();
	CHECK(number_of(&one) == 0);
	CHECK(one.at_once && token_number(&one) == 2);
	limit.rlim_cur = limit.rlim_max;
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	world_later_ms += 60000;
	CHECK(number_of(&one) != 0 || !is_told()); /* it is kept now */
	se_engine_free(engine);
	return 0;
}

static void
test_unsaved(void **state)
{
	(void)state;
	configure("unsaved", true, "", "");
	world_stop_wall();
	assert_int_equal(end_child(start_child(unsaved, NULL)), 0);
}

/* Others than the agent have nobody who asks the same again. */
static void
test_roles(void **state)
{
	static const enum se_role roles[] = {SE_ROLE_HOST, SE_ROLE_TOOL};

	(void)state;
	configure("roles", false, NO_STATE, "");
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		engine = engine_start(roles[i]);
		(void)ask_number(engine);
		(void)ask_number(engine);
		assert_int_equal(se_engine_answered(engine), 0);
		se_engine_free(engine);
	}
	engine = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_stands),
		ENGINE_TEST(test_second),
		ENGINE_TEST(test_file_written),
		ENGINE_TEST(test_reload),
		ENGINE_TEST(test_others),
		ENGINE_TEST(test_unusual),
		ENGINE_TEST(test_renewal),
		ENGINE_TEST(test_renewal_ahead),
		ENGINE_TEST(test_allow),
		ENGINE_TEST(test_busy),
		ENGINE_TEST(test_unsaved),
		ENGINE_TEST(test_roles),
	};

	return cmocka_run_group_tests_name("engine_answered", tests, faults_begin, faults_end);
}
