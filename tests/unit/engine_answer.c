/*
 * engine_answer: what a token endpoint can answer, and what a person gets to read about it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/answer.h"

#include "engine_support.h"

#define LOGIN "anna@contoso.com"
#define APP "00001111-aaaa-2222-bbbb-3333cccc4444"
#define TRACE "9b1c6f0e-1111-2222-3333-444455556666"

/* As long as real ones, so that it passes for no word. */
#define CANARY \
	"canary0123456789canary0123456789canary0123456789canary0123456789canary0123456789" \
	"canary0123456789canary0123456789"

static struct se_config *config;
static const struct se_account *app, *person, *azure, *other;
static struct se_grant grant;
static struct se_error error;

static int
set_up(void **state)
{
	(void)state;
	config = config_of("[account relay]\n"
			   "match = *@contoso.com\n"
			   "tenant = contoso.onmicrosoft.com\n"
			   "client_id = " APP "\n"
			   "credential = secret\n"
			   "client_secret_file = /etc/sasl-entra/contoso.secret\n"
			   "[account scanner]\n"
			   "match = *@fabrikam.com\n"
			   "tenant = fabrikam.com\n"
			   "client_id = " APP "\n"
			   "[account azure]\n"
			   "match = *@adatum.com\n"
			   "provider = acs\n"
			   "tenant = adatum.com\n"
			   "client_id = " APP "\n"
			   "credential = secret\n"
			   "client_secret_file = /etc/sasl-entra/adatum.secret\n"
			   "sasl_user = adatum\n"
			   "[account other]\n"
			   "match = *@example.org\n"
			   "provider = custom\n"
			   "sign_in = app\n"
			   "client_id = app\n"
			   "credential = secret\n"
			   "client_secret_file = /etc/sasl-entra/example.secret\n"
			   "token_endpoint = https://login.example.org/token\n"
			   "scope = mail\n"
			   "servers = smtp.example.org\n");
	app = &config->accounts[0];
	person = &config->accounts[1];
	azure = &config->accounts[2];
	other = &config->accounts[3];
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	se_config_free(config);
	return 0;
}

static enum se_code
read_as(const struct se_account *account, long status, const char *body, unsigned retry_after)
{
	size_t len = strlen(body);
	char *copy = malloc(len > 0 ? len : 1);
	enum se_code code;

	assert_non_null(copy);
	memcpy(copy, body, len);
	se_grant_free(&grant);
	memset(&error, 0, sizeof(error));
	code = se_answer_read(account, LOGIN, status, copy, len, retry_after, &grant, &error);
	free(copy);
	if (code != SE_OK) {
		assert_int_equal(error.code, code);
		assert_null(grant.access_token);
		if (status != 200 || account->app_only)
			assert_null(grant.refresh_token);
		assert_silent_about(error.text, "canary");
		assert_silent_about(error.text, "{");
	}
	return code;
}

static void
expect(const struct se_account *account, long status, const char *body, enum se_code code,
	const char *words)
{
	enum se_code got = read_as(account, status, body, 0);

	if (got != code)
		fail_msg("%ld %s: class %s: %s", status, body, se_code_name(got), error.text);
	if (words != NULL)
		assert_says(error.text, words);
}

/* --- tokens ------------------------------------------------------------------------------------ */

static const struct {
	const char *member;
	int64_t expires_in;
} lifetimes[] = {
	{"\"expires_in\": 3599", 3599},
	{"\"expires_in\": \"3599\"", 3599},
	{"\"expires_in\": 3599.0", 3599},
	{"\"expires_in\": 0", 0},
	{"\"expires_in\": 8589934592", INT64_C(8589934592)},
	{"\"expires_in\": \"8589934592\"", INT64_C(8589934592)},
	{"\"ext_expires_in\": 7200", -1},
	{"\"expires_in\": -3599", -1},
	{"\"expires_in\": \"soon\"", -1},
	{"\"expires_in\": null", -1},
};

static void
test_lifetimes(void **state)
{
	char body[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lifetimes) / sizeof(lifetimes[0]); i++) {
		snprintf(body, sizeof(body),
			"{\"token_type\": \"Bearer\", \"access_token\": \"t\", %s}",
			lifetimes[i].member);
		expect(app, 200, body, SE_OK, NULL);
		assert_int_equal(grant.expires_in, lifetimes[i].expires_in);
		assert_int_equal(grant.refresh_in, -1);
	}
	expect(app, 200,
		"{\"access_token\": \"t\", \"expires_in\": 86400, \"refresh_in\": \"43200\"}",
		SE_OK, NULL);
	assert_int_equal(grant.refresh_in, 43200);
	expect(app, 200, "{\"access_token\": \"t\", \"refresh_in\": -1}", SE_OK, NULL);
	assert_int_equal(grant.refresh_in, -1);
	se_grant_free(&grant);
}

static void
test_types(void **state)
{
	(void)state;
	expect(app, 200, "{\"access_token\": \"t\"}", SE_OK, NULL);
	expect(app, 200, "{\"access_token\": \"t\", \"token_type\": \"Bearer\"}", SE_OK, NULL);
	expect(app, 200, "{\"access_token\": \"t\", \"token_type\": \"bearer\"}", SE_OK, NULL);
	assert_string_equal(se_secret_reveal(grant.access_token), "t");
	assert_string_equal(grant.fingerprint, "e3b98a4d"); /* SHA-256 of "t" */
	expect(app, 200, "{\"access_token\": \"canary\", \"token_type\": \"mac\"}", SE_CONFIG,
		"another type than Bearer");
	assert_says(error.text, "token_endpoint");
	expect(app, 200, "{\"access_token\": \"canary\", \"token_type\": \"\"}", SE_CONFIG,
		"Bearer");
}

static void
test_bad_tokens(void **state)
{
	static const char *const bad[] = {"", " ", "canary with blanks", "canary\\u0001",
		"canary\\n", "canary\\u007f", "canary\\u00fc"};
	char *body = malloc(SE_TOKEN_MAX + 100);
	size_t i;

	(void)state;
	assert_non_null(body);
	expect(app, 200, "{}", SE_AGAIN, "sent no access_token");
	expect(app, 200, "{\"refresh_token\": \"" CANARY "\"}", SE_AGAIN, "sent no access_token");
	expect(app, 200, "{\"access_token\": null}", SE_AGAIN, "sent no access_token");
	expect(app, 200, "{\"access_token\": 17}", SE_AGAIN, "sent no access_token");
	expect(app, 200, "{\"access_token\": [\"" CANARY "\"]}", SE_AGAIN, "sent no access_token");
	expect(app, 200, "{\"access_token\": \"canary\\u0000\"}", SE_AGAIN, "sent no access_token");
	assert_says(error.text, "is it the right address?");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(body, SE_TOKEN_MAX, "{\"access_token\": \"%s\"}", bad[i]);
		expect(app, 200, body, SE_AGAIN, "no mail server could be given");
	}

	i = (size_t)snprintf(body, 100, "{\"access_token\": \"");
	memset(body + i, 'a', SE_TOKEN_MAX + 1);
	memcpy(body + i + SE_TOKEN_MAX + 1, "\"}", 3);
	expect(app, 200, body, SE_AGAIN, "longer than 32768 bytes");
	memcpy(body + i + SE_TOKEN_MAX, "\"}", 3);
	expect(app, 200, body, SE_OK, NULL);
	assert_int_equal(se_secret_len(grant.access_token), SE_TOKEN_MAX);
	se_grant_free(&grant);
	free(body);
}

static void
test_refresh_tokens(void **state)
{
	static const char *const bad[] = {
		"\"\"", "\"with blank\"", "\"a\\u0001\"", "null", "17", "\"a\\u0000b\""};
	char body[300];
	size_t i;

	(void)state;
	expect(person, 200, "{\"access_token\": \"t\", \"refresh_token\": \"1.new\"}", SE_OK, NULL);
	assert_string_equal(se_secret_reveal(grant.refresh_token), "1.new");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(body, sizeof(body), "{\"access_token\": \"t\", \"refresh_token\": %s}",
			bad[i]);
		expect(person, 200, body, SE_OK, NULL);
		assert_null(grant.refresh_token);
	}
	/* An app has no use for one. */
	expect(app, 200, "{\"access_token\": \"t\", \"refresh_token\": \"1.new\"}", SE_OK, NULL);
	assert_null(grant.refresh_token);
	se_grant_free(&grant);
}

#define JWT_HEADER "eyJhbGciOiJSUzI1NiJ9."

static const struct {
	const char *token;
	bool roleless;
} jwts[] = {
	{JWT_HEADER "eyJhdWQiOiJ4In0.c2ln", true},                         /* {"aud":"x"} */
	{JWT_HEADER "eyJhdWQiOiJ4eSJ9.c2ln", true},                        /* {"aud":"xy"} */
	{JWT_HEADER "eyJhdWQiOiJ4eXoifQ.c2ln", true},                      /* {"aud":"xyz"} */
	{JWT_HEADER "eyJhIjoiPz8_fn4-In0.c2ln", true},                     /* {"a":"???~~>"} */
	{JWT_HEADER "eyJyb2xlcyI6WyJTTVRQLlNlbmRBc0FwcCJdfQ.c2ln", false}, /* {"roles":[...]} */
	{JWT_HEADER "eyJhdWQiOiJ4In0", false},                             /* two parts */
	{JWT_HEADER "eyJhdWQiOiJ4In0.c2ln.more", false},                   /* four parts */
	{JWT_HEADER "eyJhdWQiOiJ4In.c2ln", false},                         /* cut JSON */
	{JWT_HEADER "a.c2ln", false},                                      /* no base64 */
	{JWT_HEADER ".c2ln", false},
	{JWT_HEADER "$$$$.c2ln", false},
	{"..", false},
	{"EwBopaque", false},
};

static void
test_roles(void **state)
{
	char body[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(jwts) / sizeof(jwts[0]); i++) {
		snprintf(body, sizeof(body), "{\"access_token\": \"%s\"}", jwts[i].token);
		expect(app, 200, body, SE_OK, NULL);
		if (grant.roleless != jwts[i].roleless)
			fail_msg("%s: roleless %d", jwts[i].token, grant.roleless);
		/* A person's token has scopes instead. */
		expect(person, 200, body, SE_OK, NULL);
		assert_false(grant.roleless);
		/* Nor are there roles but for Exchange. */
		expect(azure, 200, body, SE_OK, NULL);
		assert_false(grant.roleless);
		expect(other, 200, body, SE_OK, NULL);
		assert_false(grant.roleless);
	}
	se_grant_free(&grant);
}

/* --- refusals ---------------------------------------------------------------------------------- */

static const struct {
	const char *error;
	enum se_code code;
	const char *what, *todo;
} reasons[] = {
	{"invalid_request", SE_CONFIG, "request wrong", "[account scanner]"},
	{"invalid_client", SE_CONFIG, "refused the app's credential", APP},
	{"invalid_grant", SE_SIGN_IN, "no longer accepts the sign-in", "sasl-entra login " LOGIN},
	{"interaction_required", SE_SIGN_IN, "a person to sign in", "sasl-entra login " LOGIN},
	{"login_required", SE_SIGN_IN, "a person to sign in", "sasl-entra login " LOGIN},
	{"consent_required", SE_SIGN_IN, "consent", "administrator of fabrikam.com"},
	{"unauthorized_client", SE_ADMIN, "this grant", "administrator of fabrikam.com"},
	{"access_denied", SE_ADMIN, "denied access", "administrator of fabrikam.com"},
	{"unsupported_grant_type", SE_CONFIG, "this grant", "token_endpoint"},
	{"invalid_scope", SE_CONFIG, "https://outlook.office.com/SMTP.Send", "scope and cloud"},
	{"invalid_resource", SE_CONFIG, "resource", "scope and cloud"},
	{"unsupported_response_type", SE_CONFIG, "kind of sign-in", "authorization_endpoint"},
	{"server_error", SE_AGAIN, "error of its own", "by itself"},
	{"temporarily_unavailable", SE_AGAIN, "too busy", "by itself"},
	{"something_new", SE_CONFIG, "refused the request", "token_endpoint"},
};

/* `suberror` is Microsoft's; one that nobody knows leaves the decision to `error`. */
static void
test_details(void **state)
{
	(void)state;
	expect(person, 400, "{\"error\": \"invalid_grant\", \"suberror\": \"message_only\"}",
		SE_ADMIN, "(invalid_grant, status 400, message_only)");
	assert_says(error.text, "administrator of fabrikam.com");
	expect(person, 400, "{\"error\": \"invalid_grant\", \"suberror\": \"client_mismatch\"}",
		SE_CONFIG, "another app");
	expect(person, 400, "{\"error\": \"invalid_grant\", \"suberror\": \"bad_token\"}",
		SE_SIGN_IN, "no longer accepts the sign-in (invalid_grant, status 400, bad_token)");
	expect(person, 400, "{\"error\": \"invalid_grant\", \"suberror\": \"no such <b>word\"}",
		SE_SIGN_IN, "(invalid_grant, status 400)");
}

static void
test_reasons(void **state)
{
	char body[300], words[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		snprintf(body, sizeof(body), "{\"error\": \"%s\", \"trace_id\": \"" TRACE "\"}",
			reasons[i].error);
		snprintf(words, sizeof(words), "(%s, status 400, trace " TRACE ")",
			reasons[i].error);
		expect(person, 400, body, reasons[i].code, words);
		assert_says(error.text, reasons[i].what);
		assert_says(error.text, reasons[i].todo);
		/* Whatever the body says: a server with a fault is asked again. */
		expect(person, 503, body, SE_AGAIN, reasons[i].error);
		expect(person, 429, body, SE_AGAIN, reasons[i].error);
		expect(person, 408, body, SE_AGAIN, reasons[i].error);
	}
}

static const struct {
	const char *members;
	enum se_code code;
	const char *number, *words;
} numbers[] = {
	{"\"error\": \"invalid_client\", \"error_codes\": [7000222]", SE_ADMIN, "AADSTS7000222",
		"/etc/sasl-entra/contoso.secret"},
	{"\"error\": \"invalid_client\", \"error_description\": \"AADSTS7000222: The provided "
	 "client secret keys for app are expired.\"",
		SE_ADMIN, "AADSTS7000222", "it has expired"},
	{"\"error\": \"invalid_client\", \"error_codes\": [7000215, 1], \"error_description\": "
	 "\"AADSTS7000222: x\"",
		SE_CONFIG, "AADSTS7000215", "not its Secret ID"},
	{"\"error\": \"unauthorized_client\", \"error_codes\": [700016]", SE_CONFIG, "AADSTS700016",
		"contoso.onmicrosoft.com"},
	{"\"error\": \"invalid_request\", \"error_codes\": [70021]", SE_AGAIN, "AADSTS70021",
		"federated credential"},
	{"\"error\": \"invalid_grant\", \"error_codes\": [\"700082\"]", SE_SIGN_IN, "AADSTS700082",
		"sasl-entra login " LOGIN},
	{"\"error\": \"invalid_grant\", \"error_codes\": [99999999]", SE_SIGN_IN, "AADSTS99999999",
		"no longer accepts the sign-in"},
	{"\"error_codes\": [7000222]", SE_ADMIN, "(no reason, AADSTS7000222)", "has expired"},
	{"\"error\": \"invalid_client\", \"error_codes\": []", SE_CONFIG,
		"(invalid_client, status 401)", "credential"},
	{"\"error\": \"invalid_client\", \"error_codes\": [-5]", SE_CONFIG,
		"(invalid_client, status 401)", "credential"},
	{"\"error\": \"invalid_client\", \"error_codes\": [100000000]", SE_CONFIG,
		"(invalid_client, status 401)", "credential"},
	{"\"error\": \"invalid_client\", \"error_description\": \"AADSTS\"", SE_CONFIG,
		"(invalid_client, status 401)", "credential"},
	{"\"error\": \"invalid_client\", \"error_description\": \"AADSTS123456789012345678901\"",
		SE_CONFIG, "(invalid_client, status 401)", "credential"},
	{"\"error\": \"invalid_client\", \"error_codes\": \"7000222\"", SE_CONFIG,
		"(invalid_client, status 401)", "credential"},
};

static void
test_numbers(void **state)
{
	char body[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(body, sizeof(body), "{%s}", numbers[i].members);
		expect(app, 401, body, numbers[i].code, numbers[i].number);
		assert_says(error.text, numbers[i].words);
	}
}

/* Loop detection comes as a dead sign-in, which it is not. */
static void
test_loop_detection(void **state)
{
	static const char body[] = "{\"error\": \"invalid_grant\", \"error_codes\": [50196]}";

	(void)state;
	assert_int_equal(read_as(person, 400, body, 0), SE_AGAIN);
	assert_int_equal(error.retry_after, 300);
	assert_int_equal(read_as(person, 400, body, 900), SE_AGAIN);
	assert_int_equal(error.retry_after, 900);
}

static void
test_retry_after(void **state)
{
	(void)state;
	assert_int_equal(read_as(app, 429, "{\"error\": \"invalid_request\"}", 60), SE_AGAIN);
	assert_int_equal(error.retry_after, 60);
	assert_int_equal(read_as(app, 503, "", 60), SE_AGAIN);
	assert_int_equal(error.retry_after, 60);
	assert_int_equal(read_as(app, 200, "", 60), SE_AGAIN);
	assert_int_equal(error.retry_after, 60);
	assert_int_equal(read_as(app, 503, "", 0), SE_AGAIN);
	assert_int_equal(error.retry_after, 0);
	/* What waiting does not cure says nothing of when to come back. */
	assert_int_equal(read_as(app, 401, "{\"error\": \"invalid_client\"}", 60), SE_CONFIG);
	assert_int_equal(error.retry_after, 0);
}

static void
test_trace_ids(void **state)
{
	static const char *const bad[] = {
		"", "with blank", "line\\nbreak", "<b>", "a\\\"b", CANARY, "\\u00fc", "a\\u0000"};
	char body[300];
	size_t i;

	(void)state;
	expect(app, 400, "{\"error\": \"invalid_request\", \"trace_id\": \"" TRACE "\"}", SE_CONFIG,
		", trace " TRACE ")");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(body, sizeof(body),
			"{\"error\": \"invalid_request\", \"trace_id\": \"%s\"}", bad[i]);
		expect(app, 400, body, SE_CONFIG, "invalid_request");
		assert_silent_about(error.text, "trace ");
		snprintf(body, sizeof(body), "{\"error\": \"%s\"}", bad[i]);
		expect(app, 400, body, SE_CONFIG, "(no reason, status 400)");
	}
}

/* --- anything else ----------------------------------------------------------------------------- */

static void
test_other_bodies(void **state)
{
	(void)state;
	expect(app, 429, "Too Many Requests", SE_AGAIN, "asked too often");
	assert_says(error.text, "(no JSON, status 429)");
	expect(app, 500, "<html><body>" CANARY "</body></html>", SE_AGAIN, "fault of its own");
	expect(app, 503, "", SE_AGAIN, "(no JSON, status 503)");
	expect(app, 408, "", SE_AGAIN, "by itself");
	expect(app, 400, "", SE_CONFIG, "refused the request");
	expect(app, 404, "<html>not here</html>", SE_CONFIG, "authority and token_endpoint");
	expect(app, 403, "[\"" CANARY "\"]", SE_CONFIG, "[account relay]");

	expect(app, 200, "", SE_AGAIN, "not a whole JSON object");
	assert_says(error.text,
		"https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0");
	assert_says(error.text, "proxy or a portal");
	expect(app, 200, "<html>Please sign in to the guest network</html>", SE_AGAIN, "portal");
	expect(app, 200, "{\"access_token\": \"" CANARY, SE_AGAIN, "not a whole JSON object");
	expect(app, 200, "{\"access_token\": \"" CANARY "\"", SE_AGAIN, "not a whole JSON object");
	expect(app, 200, "{\"access_token\": \"" CANARY "\"}{}", SE_AGAIN,
		"not a whole JSON object");
	expect(app, 204, "{\"access_token\": \"" CANARY "\"}", SE_CONFIG, "status 204");
}

static void
test_redirects(void **state)
{
	static const long statuses[] = {300, 301, 302, 303, 307, 308, 399};
	char words[40];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		snprintf(words, sizeof(words), "redirect (status %ld)", statuses[i]);
		expect(app, statuses[i], "<html>moved</html>", SE_CONFIG, words);
		assert_says(error.text, "never followed with credentials");
		assert_says(error.text, "[account relay]");
		expect(app, statuses[i], "{\"access_token\": \"" CANARY "\"}", SE_CONFIG, words);
	}
}

/* Every field may hold a token, in every kind of answer. */
static void
test_canaries(void **state)
{
	static const char *const fields[] = {"error", "error_description", "error_uri", "suberror",
		"trace_id", "correlation_id", "timestamp", "claims", "refresh_token", "id_token",
		"access_token", "token_type", "scope"};
	static const long statuses[] = {200, 302, 400, 401, 429, 500};
	static const char *const cuts[] = {"}", "", ", \"access_token\": 1}", ", \"error\": 1}"};
	char body[4096];
	size_t i, k, n, len = 0;

	(void)state;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		len += (size_t)snprintf(body + len, sizeof(body) - len, "%s\"%s\": \"" CANARY "\"",
			i == 0 ? "{" : ", ", fields[i]);
	for (k = 0; k < sizeof(statuses) / sizeof(statuses[0]); k++) {
		for (n = 0; n < sizeof(cuts) / sizeof(cuts[0]); n++) {
			snprintf(body + len, sizeof(body) - len, "%s", cuts[n]);
			/* read_as() looks for the canary. */
			assert_int_not_equal(read_as(app, statuses[k], body, 0), SE_OK);
			assert_int_not_equal(read_as(person, statuses[k], body, 0), SE_OK);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lifetimes),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_bad_tokens),
		cmocka_unit_test(test_refresh_tokens),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_loop_detection),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_trace_ids),
		cmocka_unit_test(test_other_bodies),
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_canaries),
	};

	return cmocka_run_group_tests_name("engine_answer", tests, set_up, tear_down);
}
