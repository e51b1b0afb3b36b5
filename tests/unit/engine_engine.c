/*
 * engine_engine: the whole engine against a token endpoint, one process: which account, when a
 * request is made, and what is said when it fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine_asking.h"

enum {
	SHORT = 2500, /* milliseconds: too few for a second try of what failed */
	ASKS = 1000
};

#define UNAUTHORIZED \
	"{\"status\": 401, \"body\": \"{\\\"error\\\": \\\"invalid_client\\\", " \
	"\\\"error_codes\\\": [7000222], \\\"trace_id\\\": \\\"9b1c6f0e\\\"}\"}"

static struct se_engine *engine;

static int
set_up(void **state)
{
	(void)state;
	asking_set_up();
	engine = NULL;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	end_if_child();
	se_engine_free(engine);
	engine = NULL;
	return 0;
}

static void
start(const char *name, enum se_role role)
{
	configure(name, true, "", "");
	engine = engine_start(role);
}

/* --- which account, which server --------------------------------------------------------------- */

static void
test_no_configuration(void **state)
{
	struct se_engine_options options = {
		.role = SE_ROLE_HOST, .configuration = configuration(), .world = &world};
	struct asked one = {0};
	struct se_error error;

	(void)state;
	engine = se_engine_new(&options);
	assert_non_null(engine);
	assert_null(se_engine_config(engine));
	ask(engine, &one);
	assert_int_equal(one.code, SE_CONFIG);
	assert_says(one.error.text, LOGIN ": no configuration has been read");
	assert_int_equal(se_engine_load(engine, &error), SE_CONFIG);
	assert_says(error.text, configuration());
	assert_says(error.text, "does not exist");

	write_text(configuration(), "[account relay]\nmatchh = *\n");
	assert_int_equal(se_engine_load(engine, &error), SE_CONFIG);
	assert_says(error.text, "sasl-entra.conf:2: ");
	assert_null(se_engine_config(engine));
	assert_null(se_engine_state_dir(engine));
	se_engine_free(NULL);
}

static void
test_match(void **state)
{
	struct asked one = {.login = "nobody@elsewhere.test"};

	(void)state;
	start("match", SE_ROLE_HOST);
	assert_string_equal(se_engine_state_dir(engine), state_directory());
	ask(engine, &one);
	assert_true(one.at_once);
	assert_int_equal(one.code, SE_NO_ACCOUNT);
	assert_says(one.error.text, "nobody@elsewhere.test");
	assert_says(one.error.text, configuration());

	one.login = LOGIN;
	one.server = "smtp.evil.test";
	ask(engine, &one);
	assert_int_equal(one.code, SE_DENIED);
	assert_says(one.error.text, LOGIN ": ");
	assert_says(one.error.text, "smtp.evil.test");
	assert_says(one.error.text, "\"servers\" of [account relay]");
	assert_int_equal(faults_hits("match"), 0);

	one.server = "SMTP.test.";
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	assert_in_range(one.seconds_left, 3590, 3600);
	assert_int_equal(one.keep, 60);
	assert_int_equal(strlen(one.fingerprint), SE_FINGERPRINT_MAX);
	assert_string_equal(one.user, "");
	assert_says(engine_log, LOGIN ": new access token for app " APP " in tenant contoso.com");
	assert_says(engine_log, one.fingerprint);
	assert_int_equal(engine_warnings, 0);
	assert_int_equal(count_files(state_directory(), ".json"), 1);

	/* Another name of the same registration has the same token. */
	one.login = "reports@contoso.com";
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(faults_hits("match"), 1);
}

/* The tool may name an account by its label; whoever sends the token to a server may not. */
static void
test_label(void **state)
{
	struct asked one = {.login = "relay", .server = ""};

	(void)state;
	start("label", SE_ROLE_TOOL);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	one.server = SERVER;
	ask(engine, &one);
	assert_int_equal(one.code, SE_NO_ACCOUNT);
}

static void
test_user(void **state)
{
	struct asked one = {.service = "imap"};

	(void)state;
	configure("user", true, "",
		"sasl_user = shared@contoso.com\nsasl_user_smtp = alias@contoso.com\n");
	engine = engine_start(SE_ROLE_HOST);
	ask(engine, &one);
	assert_string_equal(one.user, "shared@contoso.com");
	one.service = "smtp";
	ask(engine, &one);
	assert_string_equal(one.user, "alias@contoso.com");
}

static void
test_peer(void **state)
{
	const struct se_peer root = {.uid = 0}, other = {.uid = 12345, .gid = 12345};
	struct asked one = {.peer = &other};

	(void)state;
	configure("peer", true, "", "allow = root\n");
	engine = engine_start(SE_ROLE_AGENT);
	ask(engine, &one);
	assert_int_equal(one.code, SE_DENIED);
	assert_says(one.error.text, "uid 12345");
	assert_says(one.error.text, "\"allow\" of [account relay]");
	assert_int_equal(faults_hits("peer"), 0);
	one.peer = &root;
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
}

/* --- what is at hand --------------------------------------------------------------------------- */

/* {"alg":"none","typ":"JWT"} . {"aud":..,"roles":["x"]} . none */
#define FOR_GRAPH \
	"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." \
	"eyJhdWQiOiJodHRwczovL2dyYXBoLm1pY3Jvc29mdC5jb20iLCJyb2xlcyI6WyJ4Il19.bm9uZQ"
#define FOR_EXCHANGE \
	"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." \
	"eyJhdWQiOiJodHRwczovL291dGxvb2sub2ZmaWNlMzY1LmNvbS8iLCJyb2xlcyI6WyJ4Il19.bm9uZQ"

static void
get_token_for(const char *token, const char *scope)
{
	struct asked one = {0};

	configure("audience", true, "", scope);
	(void)faults_say("answer audience {\"members\": {\"access_token\": \"%s\"}}", token);
	engine = engine_start(SE_ROLE_HOST);
	one.operation = SE_OPERATION_REFRESH;
	ask(engine, &one);
	assert_int_equal(one.code, SE_OK);
	se_engine_free(engine);
	engine = NULL;
}

/* Before a server refuses it without a reason. */
static void
test_audience(void **state)
{
	(void)state;
	get_token_for(FOR_EXCHANGE, "scope = https://outlook.office365.com/.default\n");
	assert_int_equal(engine_warnings, 0);
	get_token_for(FOR_GRAPH, ""); /* not a matter of the configuration */
	assert_int_equal(engine_warnings, 0);
	get_token_for(FOR_GRAPH, "scope = https://graph.microsoft.com/.default\n");
	assert_int_equal(engine_warnings, 1);
	assert_says(engine_log, LOGIN ": the access token is for https://graph.microsoft.com");
	assert_says(engine_log, "\"scope\" of [account relay]");
}

static void
test_fresh(void **state)
{
	struct asked one = {0};
	int i;

	(void)state;
	start("fresh", SE_ROLE_HOST);
	assert_int_equal(ask_number(engine), 1);
	for (i = 0; i < 100; i++) {
		ask(engine, &one);
		assert_true(one.at_once);
		assert_int_equal(token_number(&one), 1);
	}
	/* The next process finds it. */
	se_engine_free(engine);
	engine = engine_start(SE_ROLE_HOST);
	ask(engine, &one);
	assert_true(one.at_once);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(faults_hits("fresh"), 1);
	/* Nobody may keep it past its renewal. */
	world_wait(1775);
	ask(engine, &one);
	assert_true(one.at_once);
	assert_in_range(one.keep, 20, 25);
	assert_in_range(one.seconds_left, 1820, 1825);
}

/* A host renews on its own time, and has the new token. */
static void
test_ahead(void **state)
{
	(void)state;
	start("ahead", SE_ROLE_HOST);
	assert_int_equal(ask_number(engine), 1);
	world_wait(1790);
	assert_int_equal(ask_number(engine), 1);
	world_wait(15);
	assert_int_equal(ask_number(engine), 2);
	assert_int_equal(ask_number(engine), 2);
	assert_int_equal(faults_hits("ahead"), 2);
}

/* The agent's askers never wait for that. */
static void
test_ahead_agent(void **state)
{
	struct asked one = {0};

	(void)state;
	start("agent", SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	world_wait(1805);
	(void)faults_say("answer agent {\"delay\": 0.3}");
	ask_begin(engine, &one);
	assert_true(one.at_once);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(one.keep, 0);
	ask_begin(engine, &one);
	assert_true(one.at_once);
	assert_int_equal(token_number(&one), 1);
	turn_for(engine, 1200);
	assert_int_equal(faults_hits("agent"), 2);
	ask_begin(engine, &one);
	assert_int_equal(token_number(&one), 2);
	assert_int_equal(faults_hits("agent"), 2);
}

static void
test_margin(void **state)
{
	struct asked one = {0};

	(void)state;
	start("margin", SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	world_wait(3310); /* under 300 s are left */
	ask_begin(engine, &one);
	assert_false(one.at_once);
	ask_wait(engine, &one);
	assert_int_equal(token_number(&one), 2);

	world_wait(2950); /* enough for anybody but High Volume Email */
	(void)faults_say("answer margin {\"delay\": 0.2}");
	ask_begin(engine, &one);
	assert_true(one.at_once);
	assert_int_equal(token_number(&one), 2);
	one.server = HVE;
	ask_begin(engine, &one);
	assert_false(one.at_once);
	ask_wait(engine, &one);
	assert_int_equal(token_number(&one), 3);
	assert_int_equal(faults_hits("margin"), 3);
}

static void
test_min_lifetime(void **state)
{
	struct asked one = {0};

	(void)state;
	configure("least", true, "", "min_lifetime = 0\nmax_age = 3000\n");
	engine = engine_start(SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	world_wait(2990);
	ask_begin(engine, &one);
	assert_true(one.at_once);
	turn_for(engine, 500);
	assert_int_equal(ask_number(engine), 2);
	world_wait(3010);
	ask_begin(engine, &one);
	assert_false(one.at_once);
	ask_wait(engine, &one);
	assert_int_equal(token_number(&one), 3);
}

/* A token that lives for no time at all still is one for whoever waited for it. */
static void
test_no_lifetime(void **state)
{
	struct asked one = {0};

	(void)state;
	start("short", SE_ROLE_HOST);
	(void)faults_say("answer short {\"members\": {\"expires_in\": 0}}");
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(one.keep, 0);
	assert_int_equal(one.seconds_left, 0);
	assert_int_equal(ask_number(engine), 2);
	(void)faults_say("answer short {\"members\": {\"expires_in\": \"8589934592\"}}");
	ask(engine, &one);
	assert_int_equal(token_number(&one), 3);
	assert_true(one.seconds_left > 2147483647);
}

static void
test_clock_set_back(void **state)
{
	(void)state;
	start("clock", SE_ROLE_HOST);
	assert_int_equal(ask_number(engine), 1);
	world_later_s = -3600;
	assert_int_equal(ask_number(engine), 2);
	assert_int_equal(ask_number(engine), 2);
}

/* --- failures ---------------------------------------------------------------------------------- */

static void
test_serve_stale(void **state)
{
	struct asked one = {.time_left = SHORT};

	(void)state;
	start("stale", SE_ROLE_HOST);
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
	start("permanent", SE_ROLE_HOST);
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
	start("wrong", SE_ROLE_HOST);
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
	start("backoff", SE_ROLE_HOST);
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
	start("second", SE_ROLE_HOST);
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
	start("throttle", SE_ROLE_HOST);
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
	start("apart", SE_ROLE_HOST);
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
	start("rejected", SE_ROLE_AGENT);
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
	start("refused", SE_ROLE_HOST);
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
	start("refresh", SE_ROLE_TOOL);
	assert_int_equal(ask_number(engine), 1);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 2);
	assert_int_equal(ask_number(engine), 2);
	assert_int_equal(faults_hits("refresh"), 2);
}

/* --- sign-ins ---------------------------------------------------------------------------------- */

static void
test_no_sign_in(void **state)
{
	char login[64];
	struct asked one = {.login = login};
	int i;

	(void)state;
	start("invented", SE_ROLE_AGENT);
	for (i = 0; i < ASKS; i++) {
		snprintf(login, sizeof(login), "invented%d@fabrikam.com", i);
		ask(engine, &one);
		assert_true(one.at_once);
		assert_int_equal(one.code, SE_SIGN_IN);
	}
	assert_says(one.error.text, "invented999@fabrikam.com: nobody has signed in");
	assert_says(one.error.text, "sasl-entra login invented999@fabrikam.com");
	assert_int_equal(faults_hits("invented"), 0);
	assert_int_equal(count_files(state_directory(), ""), 0);

	/* Without a place for sign-ins it is the configuration that must change. */
	se_engine_free(engine);
	configure("invented", false, "", "");
	engine = engine_start(SE_ROLE_HOST);
	assert_null(se_engine_state_dir(engine));
	ask(engine, &one);
	assert_int_equal(one.code, SE_CONFIG);
	assert_says(one.error.text, "\"state_dir\"");
}

/* The refresh token that the endpoint saw last. */
static void
expect_sent(const char *name, const char *refresh_token)
{
	char words[300];
	const char *last = faults_say("last %s", name);

	snprintf(words, sizeof(words), "&grant_type=refresh_token&refresh_token=%s\"",
		refresh_token);
	assert_says(last, words);
}

static void
expect_kept(const char *beginning)
{
	char *kept = kept_refresh_token(PERSON);

	assert_non_null(kept);
	assert_memory_equal(kept, beginning, strlen(beginning));
	free(kept);
}

static void
test_rotation(void **state)
{
	struct asked one = {.login = PERSON};

	(void)state;
	configure("rotation", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_HOST);
	(void)faults_say("answer rotation {\"refresh\": true}");
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	expect_sent("rotation", "0.imported");
	expect_kept("refresh-rotation-1-");
	assert_says(engine_log, "new access token for identity " PERSON);

	/* An answer without one leaves the old one in force, and a bad one is none. */
	(void)faults_say("answer rotation [{}, {\"members\": {\"refresh_token\": \"\"}}, "
			 "{\"members\": {\"refresh_token\": \"with blanks\"}}]");
	world_wait(1805);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 2);
	expect_kept("refresh-rotation-1-");
	world_wait(1805);
	ask(engine, &one);
	world_wait(1805);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 4);
	expect_kept("refresh-rotation-1-");

	/* Nor does an error take it away. */
	(void)faults_say(
		"answer rotation {\"status\": 400, \"body\": "
		"\"{\\\"error\\\": \\\"invalid_grant\\\", \\\"error_codes\\\": [700082]}\"}");
	world_wait(7200);
	ask(engine, &one);
	assert_int_equal(one.code, SE_SIGN_IN);
	assert_says(one.error.text, PERSON ": Entra says that the sign-in has expired");
	expect_kept("refresh-rotation-1-");
	assert_int_equal(faults_hits("rotation"), 5);
	ask(engine, &one);
	assert_says(one.error.text, "[remembered");

	/* A new sign-in ends the memory of that. */
	sign_in(PERSON, "0.again");
	(void)faults_say("answer rotation {}");
	ask(engine, &one);
	assert_int_equal(token_number(&one), 6);
	expect_sent("rotation", "0.again");
}

/* A state file that is gone means that somebody signed out. */
static void
sign_out(const char *login)
{
	char name[100];
	struct se_token_key key;

	key_of(login, &key);
	snprintf(name, sizeof(name), "state/%s.json", key.name);
	se_token_key_free(&key);
	assert_int_equal(unlink(scratch(name)), 0);
}

static void
test_sign_out(void **state)
{
	struct asked one = {.login = PERSON};

	(void)state;
	configure("out", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_AGENT);
	ask(engine, &one);
	assert_int_equal(one.code, SE_OK);
	sign_out(PERSON);
	ask(engine, &one);
	assert_int_equal(one.code, SE_SIGN_IN);
	assert_int_equal(faults_hits("out"), 1);
}

/* Whoever has just seen that nothing changed need not look again, until the next turn. */
static void
test_watched(void **state)
{
	struct asked one = {.login = PERSON};
	struct pollfd watch;

	(void)state;
	configure("watched", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_AGENT);
	ask(engine, &one);
	assert_int_equal(one.code, SE_OK);
	watch = se_engine_watch(engine);
	assert_true(se_engine_turn(engine, &watch, 1, 0));
	ask(engine, &one); /* sees what the fetch has written */
	assert_true(se_engine_turn(engine, &watch, 1, 0));
	assert_int_equal(watch.revents, 0);
	se_engine_watched(engine, watch.revents);
	sign_out(PERSON);
	ask(engine, &one);
	/* Not every file system has somebody who tells. */
	assert_int_equal(one.code, watch.fd >= 0 ? SE_OK : SE_SIGN_IN);
	assert_true(se_engine_turn(engine, &watch, 1, 0));
	assert_int_equal(watch.revents, watch.fd >= 0 ? POLLIN : 0);
	se_engine_watched(engine, watch.revents);
	/* What it has told does not end the next wait, whether or not somebody asks. */
	assert_true(se_engine_turn(engine, &watch, 1, 0));
	assert_int_equal(watch.revents, 0);
	ask(engine, &one);
	assert_int_equal(one.code, SE_SIGN_IN);
	assert_int_equal(faults_hits("watched"), 1);
}

/* A sign-in that goes between the look and the lock, when the token is to be renewed: no answer without a
 * token may be one. */
static void
test_gone_while_renewed(void **state)
{
	struct asked one = {.login = PERSON};

	(void)state;
	configure("gone", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_AGENT);
	ask(engine, &one);
	assert_int_equal(one.code, SE_OK);
	world_wait(1805);
	se_engine_watched(engine, POLLIN);
	sign_out(PERSON);
	ask(engine, &one);
	assert_int_not_equal(one.code, SE_OK);
	assert_says(one.error.text, PERSON ": ");
	assert_int_equal(faults_hits("gone"), 1);
}

static void
spoil(const char *login)
{
	char name[100];
	struct se_token_key key;

	key_of(login, &key);
	snprintf(name, sizeof(name), "state/%s.json", key.name);
	write_text(scratch(name), "garbage");
	se_token_key_free(&key);
}

/* An app can do without its state file; a sign-in is in there, and must not be written over. */
static void
test_damaged_state(void **state)
{
	struct asked one = {0};

	(void)state;
	configure("damaged", true, "", "");
	spoil(LOGIN);
	spoil(PERSON);
	engine = engine_start(SE_ROLE_HOST);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(engine_warnings, 1);
	assert_says(engine_log, "is damaged");
	assert_int_equal(ask_number(engine), 1);
	assert_int_equal(engine_warnings, 1);
	one.login = PERSON;
	ask(engine, &one);
	assert_int_equal(one.code, SE_CONFIG);
	assert_says(one.error.text, PERSON ": ");
	assert_says(one.error.text, "is damaged");
	assert_says(one.error.text, "left as it is");
	assert_int_equal(faults_hits("damaged"), 1);
}

/* --- reloading --------------------------------------------------------------------------------- */

static void
test_reload(void **state)
{
	struct asked one = {.login = "new@adatum.com"};
	struct se_error error;

	(void)state;
	start("reload", SE_ROLE_AGENT);
	assert_int_equal(ask_number(engine), 1);
	ask(engine, &one);
	assert_int_equal(one.code, SE_NO_ACCOUNT);

	/* A broken file leaves the old one in force. */
	write_text(configuration(), "[account relay\n");
	assert_int_equal(se_engine_load_if_changed(engine, &error), SE_CONFIG);
	assert_says(error.text, "sasl-entra.conf:1: ");
	assert_int_equal(ask_number(engine), 1);
	assert_int_equal(se_engine_load_if_changed(engine, &error), SE_OK); /* said once */
	assert_int_equal(unlink(configuration()), 0);
	assert_int_equal(se_engine_load(engine, &error), SE_CONFIG);
	assert_int_equal(ask_number(engine), 1);

	configure("reload", true, "",
		"[account new]\nmatch = *@adatum.com\ntenant = adatum.com\n"
		"client_id = " APP "\nservers = " SERVER "\n");
	assert_int_equal(se_engine_load_if_changed(engine, &error), SE_OK);
	ask(engine, &one);
	assert_int_equal(one.code, SE_SIGN_IN);
	assert_int_equal(ask_number(engine), 1); /* the token outlives the configuration */
	assert_int_equal(faults_hits("reload"), 1);
}

/* While a fetch is under way; what it began with must live as long as it does. */
static void
test_reload_under_way(void **state)
{
	struct asked one = {0}, other = {.login = "other@contoso.com"};
	struct se_error error;
	int i;

	(void)state;
	start("busy", SE_ROLE_AGENT);
	(void)faults_say("answer busy {\"delay\": 0.5}");
	ask_begin(engine, &one);
	assert_false(one.at_once);
	turn_for(engine, 100);
	for (i = 0; i < 3; i++) {
		configure("elsewhere", true, "", i % 2 == 0 ? "max_age = 60\n" : "");
		assert_int_equal(se_engine_load(engine, &error), SE_OK);
	}
	ask_wait(engine, &one);
	assert_int_equal(token_number(&one), 1);
	/* Another endpoint, another token. */
	ask(engine, &other);
	assert_int_equal(token_number(&other), 1);
	assert_int_equal(faults_hits("busy"), 1);
	assert_int_equal(faults_hits("elsewhere"), 1);
}

/* --- several asks ------------------------------------------------------------------------------ */

static void
test_shared_fetch(void **state)
{
	struct asked asks[20] = {{0}};
	char logins[20][64];
	int i;

	(void)state;
	start("shared", SE_ROLE_HOST);
	(void)faults_say("answer shared {\"delay\": 0.3}");
	for (i = 0; i < 20; i++) {
		snprintf(logins[i], sizeof(logins[i]), "user%d@contoso.com", i);
		asks[i].login = logins[i];
		ask_begin(engine, &asks[i]);
		assert_false(asks[i].at_once);
	}
	for (i = 0; i < 20; i++) {
		ask_wait(engine, &asks[i]);
		assert_int_equal(token_number(&asks[i]), 1);
	}
	assert_int_equal(faults_hits("shared"), 1);
}

static void
test_shared_failure(void **state)
{
	struct asked one = {.login = "one@contoso.com"}, two = {.login = "two@contoso.com"};

	(void)state;
	start("both", SE_ROLE_AGENT);
	(void)faults_say("answer both %s", UNAUTHORIZED);
	ask_begin(engine, &one);
	ask_begin(engine, &two);
	ask_wait(engine, &one);
	ask_wait(engine, &two);
	assert_int_equal(one.code, SE_ADMIN);
	assert_says(one.error.text, "one@contoso.com: Entra");
	assert_says(two.error.text, "two@contoso.com: Entra");
	assert_int_equal(faults_hits("both"), 1);
}

static void
test_cancel(void **state)
{
	struct asked one = {0}, two = {0};

	(void)state;
	start("cancel", SE_ROLE_HOST);
	(void)faults_say("answer cancel {\"delay\": 0.3}");
	ask_begin(engine, &one);
	ask_begin(engine, &two);
	turn_for(engine, 100);
	se_engine_cancel(engine, one.ask);
	ask_wait(engine, &two);
	assert_int_equal(token_number(&two), 1);
	assert_int_equal(one.calls, 0);

	/* A host's fetch that nobody waits for ends, and leaves the lock to others. */
	world_wait(3500);
	ask_begin(engine, &one);
	turn_for(engine, 100);
	se_engine_cancel(engine, one.ask);
	(void)faults_say("answer cancel {}");
	se_engine_cancel(engine, NULL);
	assert_true(ask_number(engine) > 1);
	assert_int_equal(one.calls, 0);
}

/* The agent's goes on: the next one will want the token. */
static void
test_cancel_agent(void **state)
{
	struct asked one = {0};

	(void)state;
	start("goes-on", SE_ROLE_AGENT);
	(void)faults_say("answer goes-on {\"delay\": 0.2}");
	ask_begin(engine, &one);
	turn_for(engine, 50);
	se_engine_cancel(engine, one.ask);
	turn_for(engine, 800);
	assert_int_equal(one.calls, 0);
	ask_begin(engine, &one);
	assert_true(one.at_once);
	assert_int_equal(faults_hits("goes-on"), 1);
}

static void
test_free_while_asking(void **state)
{
	struct asked one = {0}, two = {.login = PERSON};

	(void)state;
	configure("free", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_AGENT);
	(void)faults_say("answer free {\"delay\": 5}");
	ask_begin(engine, &one);
	turn_for(engine, 200);
	ask_begin(engine, &two);
	se_engine_free(engine);
	engine = NULL;
	assert_int_equal(one.calls + two.calls, 0);
}

static void
test_deadline(void **state)
{
	struct asked one = {.time_left = 800};

	(void)state;
	start("silent", SE_ROLE_HOST);
	(void)faults_say("answer silent {\"delay\": 20}");
	ask(engine, &one);
	assert_int_equal(one.code, SE_AGAIN);
	assert_in_range(one.ended - one.began, 500, 1800);
	assert_says(one.error.text, LOGIN ": ");
	assert_says(one.error.text, "did not answer in time");

	/* The agent goes on, but its asker is answered. */
	se_engine_free(engine);
	asking_set_up();
	configure("later", true, "", "");
	engine = engine_start(SE_ROLE_AGENT);
	(void)faults_say("answer later {\"delay\": 1.5}");
	ask(engine, &one);
	assert_int_equal(one.code, SE_AGAIN);
	assert_in_range(one.ended - one.began, 700, 1800);
	assert_says(one.error.text, "no token within 1 s");
	assert_says(one.error.text, "the token endpoint has not answered yet");
	turn_for(engine, 1500);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(faults_hits("later"), 1);
}

/* --- calls from a call ------------------------------------------------------------------------- */

static struct asked inner, waiting;
static unsigned outer_calls;

static void
ask_and_cancel(
	void *context, enum se_code code, struct se_answer *answer, const struct se_error *error)
{
	(void)context;
	(void)code;
	(void)answer;
	(void)error;
	outer_calls++;
	if (waiting.ask != NULL && waiting.calls == 0) {
		se_engine_cancel(engine, waiting.ask);
		waiting.ask = NULL;
	}
	if (inner.calls == 0 && inner.ask == NULL)
		ask_begin(engine, &inner);
}

/* `done` may ask again, and cancel another that waited for the same token. */
static void
test_calls_from_done(void **state)
{
	struct se_request request = {.operation = SE_OPERATION_TOKEN,
		.time_left = SE_BUDGET_MS,
		.login = LOGIN,
		.server = SERVER};

	(void)state;
	start("calls", SE_ROLE_AGENT);
	(void)faults_say("answer calls {\"delay\": 0.1}");
	memset(&inner, 0, sizeof(inner));
	memset(&waiting, 0, sizeof(waiting));
	outer_calls = 0;
	/* Whichever is told first: the one between them is cancelled by it. */
	assert_non_null(se_engine_ask(engine, &request, NULL, ask_and_cancel, NULL));
	ask_begin(engine, &waiting);
	assert_non_null(se_engine_ask(engine, &request, NULL, ask_and_cancel, NULL));
	turn_for(engine, 800);
	assert_int_equal(outer_calls, 2);
	assert_int_equal(waiting.calls, 0);
	assert_int_equal(inner.calls, 1);
	assert_int_equal(token_number(&inner), 1);
}

/* Asks for itself again, when the sign-in that it waited for is gone. */
static void
sign_out_and_ask(
	void *context, enum se_code code, struct se_answer *answer, const struct se_error *error)
{
	char command[300];

	(void)context;
	(void)code;
	(void)answer;
	(void)error;
	if (outer_calls++ > 0)
		return;
	snprintf(command, sizeof(command), "rm -f '%s'/*.json", state_directory());
	assert_int_equal(system(command), 0);
	inner.login = PERSON;
	ask_begin(engine, &inner);
}

static void
test_sign_out_from_done(void **state)
{
	struct se_request request = {.operation = SE_OPERATION_TOKEN,
		.time_left = SE_BUDGET_MS,
		.login = PERSON,
		.server = SERVER};

	(void)state;
	configure("calls", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_AGENT);
	memset(&inner, 0, sizeof(inner));
	outer_calls = 0;
	assert_non_null(se_engine_ask(engine, &request, NULL, sign_out_and_ask, NULL));
	assert_non_null(se_engine_ask(engine, &request, NULL, sign_out_and_ask, NULL));
	turn_for(engine, 800);
	assert_int_equal(outer_calls, 2);
	assert_int_equal(inner.calls, 1);
	assert_int_equal(inner.code, SE_SIGN_IN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_configuration),
		TEST(test_match),
		TEST(test_label),
		TEST(test_user),
		TEST(test_peer),
		TEST(test_audience),
		TEST(test_fresh),
		TEST(test_ahead),
		TEST(test_ahead_agent),
		TEST(test_margin),
		TEST(test_min_lifetime),
		TEST(test_no_lifetime),
		TEST(test_clock_set_back),
		TEST(test_serve_stale),
		TEST(test_permanent),
		TEST(test_permanent_configuration),
		TEST(test_backoff),
		TEST(test_second_try),
		TEST(test_retry_after),
		TEST(test_retry_after_by_chance),
		TEST(test_rejected),
		TEST(test_rejected_and_failed),
		TEST(test_refresh),
		TEST(test_no_sign_in),
		TEST(test_rotation),
		TEST(test_sign_out),
		TEST(test_watched),
		TEST(test_gone_while_renewed),
		TEST(test_damaged_state),
		TEST(test_reload),
		TEST(test_reload_under_way),
		TEST(test_shared_fetch),
		TEST(test_shared_failure),
		TEST(test_cancel),
		TEST(test_cancel_agent),
		TEST(test_free_while_asking),
		TEST(test_deadline),
		TEST(test_calls_from_done),
		TEST(test_sign_out_from_done),
	};

	return cmocka_run_group_tests_name("engine_engine", tests, faults_begin, faults_end);
}
