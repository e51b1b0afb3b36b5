/*
 * engine_ahead: what the agent does before anybody asks: tokens in use are renewed, refresh tokens
 * are kept alive, and nothing is asked for again and again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_one.h"

enum { HALF_S = 1900, DAY_S = 24 * 3600, YEAR_S = 365 * DAY_S, RECHECK_S = 601, MANY = 40 };

/* Lets time pass, and the engine see it. */
static void
later(int64_t seconds)
{
	world_wait(seconds);
	turn_for(engine, 60);
}

/* Until what is under way has ended, however slow the machine is. */
static void
settle(void)
{
	int64_t until = real_ms() + 20000;

	while (se_engine_is_busy(engine) && real_ms() < until)
		turn_for(engine, 20);
}

/* Of tests/torture/alloc.h: what an allocation that failed has ended is not waited for. */
bool torture_hit(void) __attribute__((weak));

/* Turns until the endpoint has been asked so often. */
static void
until_hits(const char *name, long wanted)
{
	int64_t until = real_ms() + (torture_hit != NULL && torture_hit() ? 1000 : 20000);

	while (faults_hits(name) < wanted && real_ms() < until)
		turn_for(engine, 20);
	turn_for(engine, 100);
	assert_int_equal(faults_hits(name), wanted);
}

static void
a_token_in_use_is_renewed(void **state)
{
	struct asked one = {0};
	unsigned i;

	(void)state;
	engine_one_start("ahead", SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	later(1500);
	assert_int_equal(faults_hits("ahead"), 1); /* not before a half of its life, but a tenth */
	for (i = 2; i < 7; i++) {
		later(HALF_S);
		until_hits("ahead", (long)i);
		memset(&one, 0, sizeof(one));
		ask(engine, &one);
		assert_true(one.at_once);
		assert_int_equal(token_number(&one), i);
		assert_int_equal(faults_hits("ahead"), i);
	}
}

static void
a_token_that_nobody_wants_is_not(void **state)
{
	long hits;
	unsigned i;

	(void)state;
	engine_one_start("unused", SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	for (i = 0; i < 50; i++) {
		later(2000);
		settle();
	}
	hits = faults_hits("unused");
	assert_in_range(hits, 30, 50); /* for a day */
	for (i = 0; i < 20; i++)
		later(2000);
	assert_int_equal(faults_hits("unused"), hits);
	assert_int_equal(ask_number(engine), (unsigned)hits + 1);
}

static void
a_fault_in_passing_is_tried_with_patience(void **state)
{
	struct asked one = {0};
	long hits;
	unsigned i;

	(void)state;
	engine_one_start("passing", SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	(void)faults_say("answer passing {\"status\": 503, \"body\": \"\"}");
	world_wait(HALF_S);
	until_hits("passing", 3); /* with its second try after a second */
	for (i = 0; i < 60; i++)
		later(10);
	hits = faults_hits("passing");
	assert_in_range(hits, 8, 26); /* in ten minutes: ever longer pauses, two tries each */
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1); /* what is left of it serves meanwhile */
	(void)faults_say("answer passing {}");
	later(301);
	for (i = 0; i < 100 && token_number(&one) == 1; i++) { /* under valgrind it takes a while */
		turn_for(engine, 100);
		memset(&one, 0, sizeof(one));
		ask(engine, &one);
	}
	assert_true(token_number(&one) > 1);
}

static void
what_a_person_must_put_right_is_not_asked_again(void **state)
{
	unsigned i;

	(void)state;
	engine_one_start("lasting", SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	(void)faults_say("answer lasting {\"status\": 401, \"body\": \"{\\\"error\\\": "
			 "\\\"invalid_client\\\", \\\"error_codes\\\": [7000222]}\"}");
	later(HALF_S);
	until_hits("lasting", 2);
	for (i = 0; i < 20; i++)
		later(400);
	assert_int_equal(faults_hits("lasting"), 2);
	assert_true(engine_warnings > 0);
}

static void
a_restarted_agent_goes_on(void **state)
{
	struct asked one = {0};

	(void)state;
	engine_one_start("restart", SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	se_engine_free(engine);
	engine = engine_start(SE_ROLE_AGENT);
	turn_for(engine, 100);
	assert_int_equal(faults_hits("restart"), 1);
	later(HALF_S);
	until_hits("restart", 2);
	ask(engine, &one);
	assert_true(one.at_once);
	assert_int_equal(token_number(&one), 2);
}

static void
nobody_else_renews(void **state)
{
	(void)state;
	configure("host", true, "", "");
	engine = engine_start(SE_ROLE_HOST);
	assert_int_equal(ask_number(engine), 1);
	later(HALF_S);
	turn_for(engine, 200);
	assert_int_equal(faults_hits("host"), 1);
}

static void
an_idle_sign_in_is_kept_alive(void **state)
{
	char *kept;
	unsigned i;

	(void)state;
	configure("idle", true, "", "");
	sign_in(PERSON, "an-old-refresh-token"); /* used at an unknown time */
	(void)faults_say("answer idle {\"body\": \"{\\\"access_token\\\": "
			 "\\\"access-idle-7-a\\\", \\\"refresh_token\\\": \\\"the-next\\\", "
			 "\\\"expires_in\\\": 3599}\"}");
	engine = engine_start(SE_ROLE_AGENT);
	until_hits("idle", 1);
	kept = kept_refresh_token(PERSON);
	assert_string_equal(kept, "the-next");
	free(kept);
	later(2 * DAY_S); /* nobody uses it any more */
	for (i = 0; i < 3; i++)
		later(9 * DAY_S);
	assert_true(faults_hits("idle") <= 2);
	(void)faults_say("forget");
	later(2 * DAY_S);
	until_hits("idle", 1);
	for (i = 0; i < 29; i++)
		later(DAY_S);
	assert_int_equal(faults_hits("idle"), 1);
	later(2 * DAY_S);
	until_hits("idle", 2);
}

static void
a_dead_sign_in_is_asked_once_a_day(void **state)
{
	long hits;
	unsigned i;

	(void)state;
	configure("dead", true, "", "");
	sign_in(PERSON, "a-dead-refresh-token");
	(void)faults_say("answer dead {\"status\": 400, \"body\": \"{\\\"error\\\": "
			 "\\\"invalid_grant\\\", \\\"error_codes\\\": [700082]}\"}");
	engine = engine_start(SE_ROLE_AGENT);
	until_hits("dead", 1);
	/* An answer must be there before the clocks go on. */
	for (i = 0; i < 24; i++) {
		later(7200);
		turn_for(engine, 140);
	}
	hits = faults_hits("dead");
	assert_in_range(hits, 2, 3);
}

/* The first sign-in of all: the tool has written it and told the agent. */
static void
a_new_sign_in_is_found(void **state)
{
	struct asked told = {.operation = SE_OPERATION_REREAD};
	struct se_token_key key;

	(void)state;
	configure("fresh", true, "", "");
	engine = engine_start(SE_ROLE_AGENT);
	sign_in(PERSON, "a-refresh-token");
	key_of(PERSON, &key);
	told.login = key.name;
	ask(engine, &told);
	assert_int_equal(told.code, SE_OK);
	se_token_key_free(&key);
	until_hits("fresh", 1);
}

static void
after_a_reload_only_what_is_configured(void **state)
{
	struct se_error error;

	(void)state;
	engine_one_start("before", SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	configure("after", true, "", ""); /* another endpoint: another token key */
	assert_int_equal(se_engine_load(engine, &error), SE_OK);
	later(HALF_S);
	turn_for(engine, 200);
	assert_int_equal(faults_hits("before"), 1);
	assert_int_equal(faults_hits("after"), 0);
}

/* Lets a clock that was a year ahead be set right: time goes on, and the engine looks again. */
static void
set_clock_right(void)
{
	world_later_s -= YEAR_S;
	later(RECHECK_S);
}

static void
a_token_of_a_clock_ahead_is_renewed(void **state)
{
	struct asked one = {0};

	(void)state;
	world_later_s = YEAR_S;
	engine_one_start("tokenyear", SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	set_clock_right();
	until_hits("tokenyear", 2); /* not in a year: nobody may use that one meanwhile */
	ask(engine, &one);
	assert_true(one.at_once);
	assert_int_equal(token_number(&one), 2);
	later(RECHECK_S);
	assert_int_equal(faults_hits("tokenyear"), 2);
}

static void
a_failure_of_a_clock_ahead_is_forgotten(void **state)
{
	(void)state;
	engine_one_start("failureyear", SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	(void)faults_say("answer failureyear {\"status\": 401, \"body\": \"{\\\"error\\\": "
			 "\\\"invalid_client\\\", \\\"error_codes\\\": [7000222]}\"}");
	world_later_s += YEAR_S;
	later(RECHECK_S);
	until_hits("failureyear", 2);
	(void)faults_say("answer failureyear {}");
	world_later_s -= YEAR_S;
	later(HALF_S);
	until_hits("failureyear", 3);
}

static void
a_sign_in_of_a_clock_ahead_is_kept_alive(void **state)
{
	unsigned i;

	(void)state;
	configure("idleyear", true, "", "");
	sign_in(PERSON, "an-old-refresh-token");
	(void)faults_say("answer idleyear {\"refresh\": true}");
	world_later_s = YEAR_S;
	engine = engine_start(SE_ROLE_AGENT);
	until_hits("idleyear", 1);
	for (i = 0; i < 3; i++)
		later(DAY_S); /* nobody uses the token any more */
	(void)faults_say("forget");
	(void)faults_say("answer idleyear {\"refresh\": true}");
	set_clock_right();
	until_hits("idleyear", 1); /* used at once, and from now on in time again */
	for (i = 0; i < 3; i++)
		later(9 * DAY_S);
	assert_int_equal(faults_hits("idleyear"), 1);
	later(4 * DAY_S);
	until_hits("idleyear", 2);
}

/* Many at once are renewed once each, a few at a time. */
static void
many_are_spread(void **state)
{
	static char text[MANY * 600];
	char account[600], login[40];
	unsigned i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		snprintf(account, sizeof(account),
			"[account a%u]\nmatch = a%u@contoso.com\ntenant = contoso.com\n"
			"client_id = " APP "\ncredential = secret\nclient_secret_file = %s\n"
			"servers = *\nca_file = %s\nscope = https://r%u.example/.default\n"
			"token_endpoint = %s\n",
			i, i, scratch("secret"), faults_ca(), i,
			faults_url("https", "/token/many"));
		strcat(text, account);
	}
	write_text(configuration(), text);
	engine = engine_start(SE_ROLE_AGENT);
	for (i = 0; i < MANY; i++) {
		struct asked one = {.login = login};

		snprintf(login, sizeof(login), "a%u@contoso.com", i);
		ask(engine, &one);
		assert_int_equal(one.code, SE_OK);
	}
	assert_int_equal(faults_hits("many"), MANY);
	world_wait(HALF_S);
	until_hits("many", 2L * MANY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(a_token_in_use_is_renewed),
		ENGINE_TEST(a_token_that_nobody_wants_is_not),
		ENGINE_TEST(a_fault_in_passing_is_tried_with_patience),
		ENGINE_TEST(what_a_person_must_put_right_is_not_asked_again),
		ENGINE_TEST(a_restarted_agent_goes_on),
		ENGINE_TEST(nobody_else_renews),
		ENGINE_TEST(an_idle_sign_in_is_kept_alive),
		ENGINE_TEST(a_dead_sign_in_is_asked_once_a_day),
		ENGINE_TEST(a_new_sign_in_is_found),
		ENGINE_TEST(after_a_reload_only_what_is_configured),
		ENGINE_TEST(a_token_of_a_clock_ahead_is_renewed),
		ENGINE_TEST(a_failure_of_a_clock_ahead_is_forgotten),
		ENGINE_TEST(a_sign_in_of_a_clock_ahead_is_kept_alive),
		ENGINE_TEST(many_are_spread),
	};

	return cmocka_run_group_tests_name("engine/ahead", tests, faults_begin, faults_end);
}
