/*
 * engine_machine: the endpoints of managed identities: where they are, how they are asked, what
 * their answers mean. tests/hosts/managed_identity.sh asks them for real.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/config.h"
#include "engine/managed_identity.h"
#include "engine/managed_identity_arc.h"
#include "engine/urls.h"

#include "engine_support.h"

#define CLIENT "00001111-aaaa-2222-bbbb-3333cccc4444"
#define OTHER "99991111-aaaa-2222-bbbb-3333cccc4444"
#define RESOURCE_ID \
	"/subscriptions/a/resourceGroups/b/providers/Microsoft.ManagedIdentity/" \
	"userAssignedIdentities/relay"
#define JWT_OF_CLIENT /* {"alg":"RS256"}.{"appid":"0000...","roles":["SMTP.SendAsApp"]}.x */ \
	"eyJhbGciOiJSUzI1NiJ9." \
	"eyJhcHBpZCI6IjAwMDAxMTExLWFhYWEtMjIyMi1iYmJiLTMzMzNjY2NjNDQ0NCIsInJvbGVzIjpbIlNNVFAuU2Vu" \
	"ZEFzQXBwIl19.eA"

enum { NOW = 1800000000 };

static struct se_config *config;
static struct se_machine machine;
static struct se_error error;

static const struct se_account *
account_of(const char *identity)
{
	char text[1000];

	snprintf(text, sizeof(text),
		"[account relay]\nmatch = *\ncredential = managed-identity\n"
		"managed_identity_id = %s\n",
		identity);
	se_config_free(config);
	config = config_of(text);
	return &config->accounts[0];
}

static int
clean(void **state)
{
	(void)state;
	unsetenv("IDENTITY_ENDPOINT");
	unsetenv("IDENTITY_HEADER");
	unsetenv("IMDS_ENDPOINT");
	se_machine_free(&machine);
	se_config_free(config);
	config = NULL;
	memset(&error, 0, sizeof(error));
	return 0;
}

/* --- where -------------------------------------------------------------------------------------- */

static void
an_azure_vm(void **state)
{
	char url[SE_MACHINE_URL_MAX];

	(void)state;
	assert_int_equal(se_machine_find(&machine, true, &error), SE_OK);
	assert_int_equal(machine.kind, SE_MACHINE_VM);
	assert_int_equal(
		se_machine_url(&machine, "system", "https://outlook.office365.com", url, &error),
		SE_OK);
	assert_string_equal(url,
		"http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"
		"&resource=https%3A%2F%2Foutlook.office365.com");
	se_machine_url(&machine, "resource_id:/subscriptions/a b", "r", url, &error);
	assert_non_null(strstr(url, "&resource=r&msi_res_id=%2Fsubscriptions%2Fa%20b"));
	se_machine_url(&machine, "object_id:" CLIENT, "r", url, &error);
	assert_non_null(strstr(url, "&resource=r&object_id=" CLIENT));
}

static void
app_service(void **state)
{
	char url[SE_MACHINE_URL_MAX];

	(void)state;
	setenv("IDENTITY_ENDPOINT", "http://localhost:42356/msi/token", 1);
	setenv("IDENTITY_HEADER", "a-header-of-app-service", 1);
	assert_int_equal(se_machine_find(&machine, true, &error), SE_OK);
	assert_int_equal(machine.kind, SE_MACHINE_APP_SERVICE);
	assert_string_equal(
		se_secret_reveal(machine.header), "X-IDENTITY-HEADER: a-header-of-app-service");
	se_machine_url(&machine, "client_id:" CLIENT, "r", url, &error);
	assert_string_equal(url,
		"http://127.0.0.1:42356/msi/token?api-version=2019-08-01&resource=r"
		"&client_id=" CLIENT);
	se_machine_url(&machine, "resource_id:/x", "r", url, &error);
	assert_non_null(strstr(url, "&mi_res_id=%2Fx"));
	se_machine_free(&machine);
	/* a host does not believe its environment */
	assert_int_equal(se_machine_find(&machine, false, &error), SE_OK);
	assert_int_not_equal(machine.kind, SE_MACHINE_APP_SERVICE);
	assert_null(machine.header);
}

static void
azure_arc(void **state)
{
	(void)state;
	setenv("IDENTITY_ENDPOINT", "http://localhost:40342/metadata/identity/oauth2/token", 1);
	setenv("IMDS_ENDPOINT", "http://localhost:40342", 1);
	assert_int_equal(se_machine_find(&machine, true, &error), SE_OK);
	assert_int_equal(machine.kind, SE_MACHINE_ARC);
	assert_string_equal(machine.url, "http://127.0.0.1:40342/metadata/identity/oauth2/token");
}

static void
only_addresses_of_this_machine(void **state)
{
	static const char *const good[] = {"http://127.0.0.1/x", "http://127.9.8.7:1/x",
		"http://169.254.169.254/", "http://169.254.1.1:8081/msi/token", "http://[::1]:80/x",
		"http://[fe80::1]/x"};
	static const char *const bad[] = {"https://127.0.0.1/x", "http://localhost/x",
		"http://10.0.0.1/x", "http://127.0.0.1.example/x", "http://127.1/x",
		"http://169.254.evil.example/", "http://[2001:db8::1]/x", "http://a@127.0.0.1/x",
		"http://127.0.0.1@evil.example/x", "http://127.0.0.1 /x", "http://127.0.0.1/x#y",
		"http://2130706433/x", "ftp://127.0.0.1/", "http://127.0.0.1:99999/", "",
		"http://127.0.0.1\\@evil.example/", "http://169.254.169.254evil/"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (se_url_machine_problem(good[i]) != NULL)
			fail_msg("%s: %s", good[i], se_url_machine_problem(good[i]));
	setenv("IMDS_ENDPOINT", "x", 1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (se_url_machine_problem(bad[i]) == NULL)
			fail_msg("%s is taken", bad[i]);
		if (bad[i][0] == '\0' || strstr(bad[i], "localhost") != NULL)
			continue;
		setenv("IDENTITY_ENDPOINT", bad[i], 1);
		assert_int_equal(se_machine_find(&machine, true, &error), SE_CONFIG);
		assert_non_null(strstr(error.text, "IDENTITY_ENDPOINT"));
	}
	setenv("IDENTITY_ENDPOINT", "http://127.0.0.1/x", 1);
	setenv("IDENTITY_HEADER", "a\r\nHost: b", 1);
	assert_int_equal(se_machine_find(&machine, true, &error), SE_CONFIG);
}

/* --- answers ------------------------------------------------------------------------------------ */

static enum se_code
answer(const struct se_account *account, long status, const char *body, struct se_grant *grant)
{
	struct se_http_response response = {
		.status = status, .body = body, .body_len = strlen(body), .challenge = ""};

	return se_machine_answer(&machine, account, &response, NOW, grant, &error);
}

static void
lives(const char *times, int64_t seconds)
{
	char body[2000];
	struct se_grant grant;

	snprintf(body, sizeof(body),
		"{\"access_token\":\"%s\",%s\"refresh_token\":\"\",\"token_type\":\"Bearer\"}",
		JWT_OF_CLIENT, times);
	assert_int_equal(answer(account_of("system"), 200, body, &grant), SE_OK);
	if (grant.expires_in != seconds)
		fail_msg("%s: %lld", times, (long long)grant.expires_in);
	assert_null(grant.refresh_token);
	assert_false(grant.roleless);
	se_grant_free(&grant);
}

static void
every_way_to_say_when_a_token_ends(void **state)
{
	(void)state;
	lives("\"expires_in\":\"86399\",\"expires_on\":\"1\",", 86399);
	lives("\"expires_in\":3599,", 3599);
	lives("\"expires_on\":\"1800003600\",", 3600);
	lives("\"expires_on\":1800003600,", 3600);
	lives("\"expires_on\":\"2027-01-15 09:00:00\",", 3600);
	lives("\"expires_on\":\"01/15/2027 09:00:00 +00:00\",", 3600);
	lives("\"expires_on\":\"2027-01-15T09:00:00Z\",", 3600);
	lives("\"expires_on\":\"17\",", 0);
	lives("\"expires_on\":\"soon\",", -1);
	lives("", -1);
}

static void
is_of(enum se_machine_kind kind, const char *identity, const char *echo, enum se_code wanted)
{
	char body[2000];
	struct se_grant grant;
	enum se_code code;

	machine.kind = kind;
	snprintf(body, sizeof(body), "{\"access_token\":\"%s\",%s\"expires_in\":\"9\"}",
		strstr(echo, "opaque") != NULL ? "opaque-token" : JWT_OF_CLIENT, echo);
	code = answer(account_of(identity), 200, body, &grant);
	if (code != wanted)
		fail_msg("%s, %s: %d", identity, echo, (int)code);
	if (code != SE_OK) {
		assert_non_null(strstr(error.text, identity));
		assert_null(strstr(error.text, "eyJ"));
	}
	se_grant_free(&grant);
}

static void
another_identity_is_refused(void **state)
{
	(void)state;
	is_of(SE_MACHINE_VM, "client_id:" CLIENT, "\"client_id\":\"" CLIENT "\",", SE_OK);
	is_of(SE_MACHINE_VM, "client_id:" CLIENT, "\"client_id\":\"" OTHER "\",", SE_CONFIG);
	is_of(SE_MACHINE_VM, "client_id:" CLIENT, "", SE_OK); /* the token says so */
	is_of(SE_MACHINE_VM, "client_id:" OTHER, "", SE_CONFIG);
	is_of(SE_MACHINE_VM, "object_id:" CLIENT, "\"object_id\":\"" OTHER "\",", SE_CONFIG);
	is_of(SE_MACHINE_APP_SERVICE, "object_id:" CLIENT, "\"principal_id\":\"" OTHER "\",",
		SE_CONFIG);
	is_of(SE_MACHINE_VM, "resource_id:" RESOURCE_ID, "\"msi_res_id\":\"" RESOURCE_ID "\",",
		SE_OK);
	is_of(SE_MACHINE_VM, "resource_id:" RESOURCE_ID, "\"msi_res_id\":\"/subscriptions/b\",",
		SE_CONFIG);
	is_of(SE_MACHINE_VM, "resource_id:" RESOURCE_ID, "\"opaque\":1,", SE_OK);
	is_of(SE_MACHINE_ARC, "resource_id:" RESOURCE_ID, "\"opaque\":1,", SE_CONFIG);
	is_of(SE_MACHINE_ARC, "client_id:" CLIENT, "", SE_OK);
	is_of(SE_MACHINE_ARC, "system", "\"opaque\":1,", SE_OK);
}

static const struct {
	long status;
	const char *body;
	enum se_code code;
	const char *says;
} refusals[] = {
	{400, "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}",
		SE_CONFIG, "Identity not found"},
	{400, "not JSON", SE_CONFIG, "correct managed_identity_id"},
	{401, "{}", SE_CONFIG, "does not let this process ask"},
	{403, "{}", SE_CONFIG, "does not let this process ask"},
	{302, "{}", SE_CONFIG, "redirect"},
	{404, "{}", SE_AGAIN, "asked again"},
	{404, "{\"error\":\"identity_not_found\"}", SE_CONFIG, "correct managed_identity_id"},
	{410, "{}", SE_AGAIN, "asked again"},
	{429, "{\"error\":\"too_many_requests\"}", SE_AGAIN, "too_many_requests"},
	{500, "<html>", SE_AGAIN, "asked again"},
	{200, "<html>portal</html>", SE_AGAIN, "not a whole JSON object"},
	{200, "{\"expires_in\":\"1\"}", SE_AGAIN, "no access_token"},
	{200, "{\"access_token\":\"a b\"}", SE_AGAIN, "visible ASCII"},
};

static void
refusals_say_what_to_do(void **state)
{
	struct se_grant grant;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		enum se_code code =
			answer(account_of("system"), refusals[i].status, refusals[i].body, &grant);

		if (code != refusals[i].code || strstr(error.text, refusals[i].says) == NULL)
			fail_msg("%ld %s: %d %s", refusals[i].status, refusals[i].body, (int)code,
				error.text);
	}
	/* what could be a key is not repeated */
	(void)answer(account_of("system"), 400,
		"{\"error\":\"x\",\"error_description\":\"bad header "
		"0123456789012345678901234567890123456789X here\"}",
		&grant);
	assert_non_null(strstr(error.text, "bad header ... here"));
}

static void
pauses_as_documented(void **state)
{
	(void)state;
	assert_int_equal(se_machine_pause(404, 0), 1000);
	assert_int_equal(se_machine_pause(429, 1), 2000);
	assert_int_equal(se_machine_pause(500, 2), 4000);
	assert_int_equal(se_machine_pause(503, 3), -1);
	assert_int_equal(se_machine_pause(410, 0), 10000);
	assert_int_equal(se_machine_pause(410, 6), 10000);
	assert_int_equal(se_machine_pause(400, 0), -1);
	assert_int_equal(se_machine_pause(0, 0), -1);
}

/* --- Arc's challenge ----------------------------------------------------------------------------- */

static void
no_other_file_is_read(void **state)
{
	static const char *const bad[] = {"", "Basic", "Basic realm=", "Digest realm=/x.key",
		"Basic realm=/etc/shadow", "Basic realm=/var/opt/azcmagent/tokens/",
		"Basic realm=/var/opt/azcmagent/tokens/.key",
		"Basic realm=/var/opt/azcmagent/tokens/a.txt",
		"Basic realm=/var/opt/azcmagent/tokens/../../../../etc/x.key",
		"Basic realm=/var/opt/azcmagent/tokens/a/b.key",
		"Basic realm=/var/opt/azcmagent/tokens2/a.key",
		"Basic realm=/var/opt/azcmagent/tokens/a b.key",
		"Basic realm=/var/opt/azcmagent/tokens/..key",
		"Basic realm=\"/var/opt/azcmagent/tokens/a.key\"",
		"Basic realm=/var/opt/azcmagent//tokens/a.key"};
	struct se_secret *header;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(se_arc_answer_challenge(bad[i], &header, &error), SE_CONFIG);
		assert_null(header);
		if (strstr(error.text, "names no key file in /var/opt/azcmagent/tokens") == NULL)
			fail_msg("%s: %s", bad[i], error.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_azure_vm, clean, clean),
		cmocka_unit_test_setup_teardown(app_service, clean, clean),
		cmocka_unit_test_setup_teardown(azure_arc, clean, clean),
		cmocka_unit_test_setup_teardown(only_addresses_of_this_machine, clean, clean),
		cmocka_unit_test_setup_teardown(every_way_to_say_when_a_token_ends, clean, clean),
		cmocka_unit_test_setup_teardown(another_identity_is_refused, clean, clean),
		cmocka_unit_test_setup_teardown(refusals_say_what_to_do, clean, clean),
		cmocka_unit_test_teardown(pauses_as_documented, clean),
		cmocka_unit_test_teardown(no_other_file_is_read, clean),
	};

	return cmocka_run_group_tests_name("engine/machine", tests, NULL, NULL);
}
