/*
 * engine_failures: what the engine says when a token endpoint fails, what it hands out all the same,
 * and when it asks again.
 */
#include <string.h>
#include <unistd.h>

#include "engine_one.h"

enum {
	SHORT = 2500, /* milliseconds: too few for a second try of what failed */
	ASKS = 1000
};

static void
test_serve_stale(void **state)
{
	struct asked one = {.time_left = SHORT};

	(void)state;
	engine_one_start("stale", SE_ROLE_HOST);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	(void)faults_say("answer stale {\"status\": 503, \"body\": \"\"}");
	world_wait(1805);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(one.keep, 0);
	assert_int_equal(faults_hits("stale"), 2);
	assert_int_equal(engine_warnings, 1);
	assert_says(engine_log, LOGIN ": Entra has a fault of its own (no JSON, status 503)");

	world_wait(1600); /* under the margin, but valid */
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(faults_hits("stale"), 3);
	ask(engine, &one); /* remembered, and still a token */
	assert_true(one.at_once);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(faults_hits("stale"), 3);

	world_wait(200); /* it has expired */
	ask(engine, &one);
	assert_int_equal(one.code, SE_AGAIN);
	assert_says(one.error.text, LOGIN ": Entra has a fault of its own");
	(void)faults_say("answer stale {}");
	world_wait(300);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 5);
}

static void
expect_remembered(const char *name, long hits)
{
	struct asked one = {0};

	ask(engine, &one);
	assert_true(one.at_once);
	assert_int_equal(one.code, SE_ADMIN);
	assert_says(one.error.text, "[remembered; asked again in ");
	assert_true(one.error.retry_after > 0 && one.error.retry_after <= 300);
	assert_int_equal(faults_hits(name), hits);
}

static void
expect_asked_again(const char *name, long hits)
{
	struct asked one = {0};

	ask(engine, &one);
	assert_int_equal(one.code, SE_ADMIN);
	assert_says(one.error.text,
		LOGIN ": Entra refused the client secret because it has expired "
		      "(invalid_client, AADSTS7000222, trace 9b1c6f0e)");
	assert_says(one.error.text, scratch("secret"));
	assert_silent_about(one.error.text, "[remembered");
	assert_int_equal(faults_hits(name), hits);
	expect_remembered(name, hits);
}

static void
test_permanent(void **state)
{
	struct asked refresh = {.operation = SE_OPERATION_REFRESH, .server = ""};
	int i;

	(void)state;
	engine_one_start("permanent", SE_ROLE_HOST);
	(void)faults_say("answer permanent %s", UNAUTHORIZED);
	expect_asked_again("permanent", 1);
	for (i = 0; i < ASKS; i++) {
		struct asked one = {0};

		ask(engine, &one);
		assert_int_equal(one.code, SE_ADMIN);
	}
	expect_remembered("permanent", 1);

	/* In the next process too. */
	se_engine_free(engine);
	engine = engine_start(SE_ROLE_HOST);
	expect_remembered("permanent", 1);

	/* A new secret, five minutes, or a word are reasons to ask. */
	write_text(scratch("secret"), "an0th3r\n");
	expect_asked_again("permanent", 2);
	world_wait(295);
	expect_remembered("permanent", 2);
	world_wait(6);
	expect_asked_again("permanent", 3);
	ask(engine, &refresh);
	assert_int_equal(refresh.code, SE_ADMIN);
	assert_int_equal(faults_hits("permanent"), 4);
	world_later_s -= 1000; /* a clock that was set back must not make it last */
	expect_asked_again("permanent", 5);

	(void)faults_say("answer permanent {}");
	expect_remembered("permanent", 5);
	write_text(scratch("secret"), "r1ght\n");
	assert_int_equal(ask_number(engine), 6);
	assert_int_equal(ask_number(engine), 6);
}

/* What was wrong in the configuration is another request when it has been corrected. */
static void
test_permanent_configuration(void **state)
{
	struct asked one = {0};
	struct se_error error;

	(void)state;
	engine_one_start("wrong", SE_ROLE_HOST);
	(void)faults_say("answer wrong %s", UNAUTHORIZED);
	expect_asked_again("wrong", 1);
	configure("wrong", true, "", "timeout = 9\n");
	assert_int_equal(se_engine_load_if_changed(engine, &error), SE_OK);
	expect_asked_again("wrong", 2);

	/* What has no request to make remembers nothing. */
	assert_int_equal(unlink(scratch("secret")), 0);
	ask(engine, &one);
	assert_int_equal(one.code, SE_CONFIG);
	assert_says(one.error.text, LOGIN ": ");
	assert_says(one.error.text, scratch("secret"));
	write_text(scratch("secret"), "s3cr3t");
	(void)faults_say("answer wrong {}");
	ask(engine, &one);
	assert_int_equal(one.code, SE_OK);
}

static void
expect_failure(const char *name, long hits, unsigned seconds)
{
	struct asked one = {.time_left = SHORT};

	ask(engine, &one);
	assert_int_equal(one.code, SE_AGAIN);
	assert_int_equal(faults_hits(name), hits);
	ask(engine, &one); /* at once again */
	assert_int_equal(one.code, SE_AGAIN);
	assert_true(one.at_once);
	assert_says(one.error.text, "[remembered; asked again in ");
	assert_in_range(one.error.retry_after, seconds - 1, seconds);
	assert_int_equal(faults_hits(name), hits);
	world_wait(seconds);
}

static void
test_backoff(void **state)
{
	static const unsigned seconds[] = {2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
	struct asked one = {.time_left = SHORT};
	size_t i;

	(void)state;
	engine_one_start("backoff", SE_ROLE_HOST);
	(void)faults_say("answer backoff {\"status\": 500, \"body\": \"oops\"}");
	ask(engine, &one); /* 1 s, which is over too soon to look at it */
	assert_int_equal(one.code, SE_AGAIN);
	world_wait(2);
	for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
		expect_failure("backoff", (long)i + 2, seconds[i]);
	(void)faults_say("answer backoff {}");
	ask(engine, &one);
	assert_int_equal(one.code, SE_OK);

	/* A success ends the row. */
	(void)faults_say("answer backoff {\"status\": 500, \"body\": \"oops\"}");
	(void)faults_say("forget");
	world_wait(4000);
	ask(engine, &one);
	world_wait(2);
	expect_failure("backoff", 2, 2);
}

/* What fails in passing is tried once more in the same step. */
static void
test_second_try(void **state)
{
	struct asked one = {0};

	(void)state;
	engine_one_start("second", SE_ROLE_HOST);
	(void)faults_say("answer second [{\"status\": 500, \"body\": \"\"}, {}]");
	ask(engine, &one);
	assert_int_equal(token_number(&one), 2);
	assert_int_equal(faults_hits("second"), 2);
	assert_true(one.ended - one.began >= 900);

	(void)faults_say("answer second {\"status\": 500, \"body\": \"\"}");
	world_wait(4000);
	(void)faults_say("forget");
	ask(engine, &one);
	assert_int_equal(one.code, SE_AGAIN);
	assert_int_equal(faults_hits("second"), 2);
}

static void
test_retry_after(void **state)
{
	struct asked one = {0};

	(void)state;
	engine_one_start("throttle", SE_ROLE_HOST);
	(void)faults_say("answer throttle {\"status\": 429, \"body\": \"Too Many Requests\", "
			 "\"headers\": {\"Retry-After\": \"60\"}}");
	ask(engine, &one);
	assert_int_equal(one.code, SE_AGAIN);
	assert_says(one.error.text, "asked too often");
	assert_int_equal(one.error.retry_after, 60);
	assert_int_equal(faults_hits("throttle"), 1); /* no second try: it said when */
	world_wait(57);
	ask(engine, &one);
	assert_true(one.at_once);
	assert_says(one.error.text, "[remembered; asked again in ");
	assert_in_range(one.error.retry_after, 1, 3);
	assert_int_equal(faults_hits("throttle"), 1);
	world_wait(4);
	ask(engine, &one);
	assert_int_equal(faults_hits("throttle"), 2);
}

static void
expect_throttled_for(const char *name, const char *said, unsigned seconds)
{
	struct asked one = {0};

	(void)faults_say("answer %s {\"status\": 429, \"body\": \"Too Many Requests\", "
			 "\"headers\": {\"Retry-After\": \"%s\"}}",
		name, said);
	(void)faults_say("forget");
	ask(engine, &one);
	ask(engine, &one);
	assert_true(one.at_once);
	world_wait(seconds - 3);
	ask(engine, &one);
	assert_true(one.at_once);
	assert_says(one.error.text, "[remembered; asked again in ");
	assert_int_equal(faults_hits(name), 1);
	world_wait(4);
	(void)faults_say("answer %s {}", name);
	ask(engine, &one);
	assert_int_equal(one.code, SE_OK);
	assert_int_equal(faults_hits(name), 2);
	world_wait(4000);
}

/* By chance one relay comes back later than another that was refused with it, and is not taken for one
 * whose clock has jumped. */
static void
test_retry_after_by_chance(void **state)
{
	(void)state;
	world_chance = 255;
	engine_one_start("apart", SE_ROLE_HOST);
	expect_throttled_for("apart", "60", 120);
	expect_throttled_for("apart", "3600", 3900);
	world_chance = 0;
	expect_throttled_for("apart", "3600", 3600);
}

static void
test_rejected(void **state)
{
	struct asked one = {0};
	char first[SE_FINGERPRINT_MAX + 1], second[SE_FINGERPRINT_MAX + 1];

	(void)state;
	engine_one_start("rejected", SE_ROLE_AGENT);
	ask(engine, &one);
	memcpy(first, one.fingerprint, sizeof(first));
	one.rejected = "00000000"; /* of a token that is gone already */
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	one.rejected = first;
	ask(engine, &one);
	assert_int_equal(token_number(&one), 2);
	memcpy(second, one.fingerprint, sizeof(second));
	assert_string_not_equal(first, second);
	ask(engine, &one); /* somebody else heard no to the first one: it is replaced already */
	assert_int_equal(token_number(&one), 2);

	/* At most once a minute. */
	one.rejected = second;
	ask(engine, &one);
	assert_int_equal(token_number(&one), 2);
	world_wait(50);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 2);
	world_wait(11);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 3);
	assert_int_equal(faults_hits("rejected"), 3);
}

/* A token that the server refused is not served stale. */
static void
test_rejected_and_failed(void **state)
{
	struct asked one = {.time_left = SHORT};
	char first[SE_FINGERPRINT_MAX + 1];

	(void)state;
	engine_one_start("refused", SE_ROLE_HOST);
	ask(engine, &one);
	memcpy(first, one.fingerprint, sizeof(first));
	(void)faults_say("answer refused {\"status\": 503, \"body\": \"\"}");
	one.rejected = first;
	ask(engine, &one);
	assert_int_equal(one.code, SE_AGAIN);
	assert_says(one.error.text, "fault of its own");
}

static void
test_refresh(void **state)
{
	struct asked one = {.operation = SE_OPERATION_REFRESH, .login = "relay", .server = ""};

	(void)state;
	engine_one_start("refresh", SE_ROLE_TOOL);
	assert_int_equal(ask_number(engine), 1);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 2);
	assert_int_equal(ask_number(engine), 2);
	assert_int_equal(faults_hits("refresh"), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_serve_stale),
		ENGINE_TEST(test_permanent),
		ENGINE_TEST(test_permanent_configuration),
		ENGINE_TEST(test_backoff),
		ENGINE_TEST(test_second_try),
		ENGINE_TEST(test_retry_after),
		ENGINE_TEST(test_retry_after_by_chance),
		ENGINE_TEST(test_rejected),
		ENGINE_TEST(test_rejected_and_failed),
		ENGINE_TEST(test_refresh),
	};

	return cmocka_run_group_tests_name("engine_failures", tests, faults_begin, faults_end);
}
