/*
 * engine_engine: the whole engine against a token endpoint, one process: which account, when a
 * request is made, what a reload changes, and several asks at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine_one.h"

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
	engine_one_start("match", SE_ROLE_HOST);
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
	engine_one_start("label", SE_ROLE_TOOL);
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
	engine_one_start("fresh", SE_ROLE_HOST);
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
	engine_one_start("ahead", SE_ROLE_HOST);
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
	engine_one_start("agent", SE_ROLE_AGENT);
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
	engine_one_start("margin", SE_ROLE_AGENT);
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
	engine_one_start("short", SE_ROLE_HOST);
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
	engine_one_start("clock", SE_ROLE_HOST);
	assert_int_equal(ask_number(engine), 1);
	world_later_s = -3600;
	assert_int_equal(ask_number(engine), 2);
	assert_int_equal(ask_number(engine), 2);
}

/* --- reloading --------------------------------------------------------------------------------- */

static void
test_reload(void **state)
{
	struct asked one = {.login = "new@adatum.com"};
	struct se_error error;

	(void)state;
	engine_one_start("reload", SE_ROLE_AGENT);
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
	engine_one_start("busy", SE_ROLE_AGENT);
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
	engine_one_start("shared", SE_ROLE_HOST);
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
	engine_one_start("both", SE_ROLE_AGENT);
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
	engine_one_start("cancel", SE_ROLE_HOST);
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
	engine_one_start("goes-on", SE_ROLE_AGENT);
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
	engine_one_start("silent", SE_ROLE_HOST);
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
	engine_one_start("calls", SE_ROLE_AGENT);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_no_configuration),
		ENGINE_TEST(test_match),
		ENGINE_TEST(test_label),
		ENGINE_TEST(test_user),
		ENGINE_TEST(test_peer),
		ENGINE_TEST(test_audience),
		ENGINE_TEST(test_fresh),
		ENGINE_TEST(test_ahead),
		ENGINE_TEST(test_ahead_agent),
		ENGINE_TEST(test_margin),
		ENGINE_TEST(test_min_lifetime),
		ENGINE_TEST(test_no_lifetime),
		ENGINE_TEST(test_clock_set_back),
		ENGINE_TEST(test_reload),
		ENGINE_TEST(test_reload_under_way),
		ENGINE_TEST(test_shared_fetch),
		ENGINE_TEST(test_shared_failure),
		ENGINE_TEST(test_cancel),
		ENGINE_TEST(test_cancel_agent),
		ENGINE_TEST(test_free_while_asking),
		ENGINE_TEST(test_deadline),
		ENGINE_TEST(test_calls_from_done),
		ENGINE_TEST(test_sign_out_from_done),
	};

	return cmocka_run_group_tests_name("engine_engine", tests, faults_begin, faults_end);
}
