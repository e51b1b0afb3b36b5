/* What follows from an account's values: for each cloud, provider and source of credentials. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cloud.h"
#include "engine/config.h"
#include "engine/token_key.h"

#include "engine_support.h"

#define CLIENT "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
#define HEAD "[account relay]\nmatch = *@contoso.com\n"
#define APP "credential = secret\nclient_secret_file = /etc/x\n"

static struct se_config *config;

static const struct se_account *
account_of(const char *text)
{
	se_config_free(config);
	config = config_of(text);
	return &config->accounts[0];
}

static int
tear_down(void **state)
{
	(void)state;
	se_config_free(config);
	config = NULL;
	return 0;
}

static bool
lists(const char *const *list, const char *name)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* --- clouds ----------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *authority;
	const char *app_scope;
	const char *delegated_scope;
	const char *smtp;
	const char *imap;
	const char *exchange;
} clouds[] = {
	{"global", "https://login.microsoftonline.com/contoso.com",
		"https://outlook.office365.com/.default",
		"https://outlook.office.com/SMTP.Send "
		"https://outlook.office.com/IMAP.AccessAsUser.All "
		"https://outlook.office.com/POP.AccessAsUser.All offline_access",
		"smtp.office365.com", "outlook.office365.com", "api://AzureADTokenExchange"},
	{"gcc-high", "https://login.microsoftonline.us/contoso.com",
		"https://outlook.office365.us/.default",
		"https://outlook.office365.us/SMTP.Send "
		"https://outlook.office365.us/IMAP.AccessAsUser.All "
		"https://outlook.office365.us/POP.AccessAsUser.All offline_access",
		"smtp.office365.us", "outlook.office365.us", "api://AzureADTokenExchangeUSGov"},
	{"usgov", "https://login.microsoftonline.us/contoso.com",
		"https://outlook.office365.us/.default",
		"https://outlook.office365.us/SMTP.Send "
		"https://outlook.office365.us/IMAP.AccessAsUser.All "
		"https://outlook.office365.us/POP.AccessAsUser.All offline_access",
		"smtp.office365.us", "outlook.office365.us", "api://AzureADTokenExchangeUSGov"},
	{"dod", "https://login.microsoftonline.us/contoso.com",
		"https://outlook.office365.us/.default",
		"https://outlook.office365.us/SMTP.Send "
		"https://outlook.office365.us/IMAP.AccessAsUser.All "
		"https://outlook.office365.us/POP.AccessAsUser.All offline_access",
		"outlook-dod.office365.us", "webmail.apps.mil", "api://AzureADTokenExchangeUSGov"},
	{"usgov-dod", "https://login.microsoftonline.us/contoso.com",
		"https://outlook.office365.us/.default",
		"https://outlook.office365.us/SMTP.Send "
		"https://outlook.office365.us/IMAP.AccessAsUser.All "
		"https://outlook.office365.us/POP.AccessAsUser.All offline_access",
		"outlook-dod.office365.us", "webmail.apps.mil", "api://AzureADTokenExchangeUSGov"},
	{"china", "https://login.partner.microsoftonline.cn/contoso.com",
		"https://partner.outlook.cn/.default",
		"https://partner.outlook.cn/SMTP.Send "
		"https://partner.outlook.cn/IMAP.AccessAsUser.All "
		"https://partner.outlook.cn/POP.AccessAsUser.All offline_access",
		"smtp.partner.outlook.cn", "partner.outlook.cn", "api://AzureADTokenExchangeChina"},
};

static void
each_cloud_sets_its_own(void **state)
{
	char text[1000], endpoint[200];
	const struct se_account *account;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(clouds) / sizeof(clouds[0]); i++) {
		snprintf(text, sizeof(text), HEAD "tenant = contoso.com\ncloud = %s\n" CLIENT APP,
			clouds[i].name);
		account = account_of(text);
		assert_string_equal(account->authority, clouds[i].authority);
		assert_string_equal(account->scope, clouds[i].app_scope);
		assert_true(lists(account->servers, clouds[i].smtp));
		assert_true(lists(account->servers, clouds[i].imap));
		assert_string_equal(account->cloud->exchange, clouds[i].exchange);
		snprintf(endpoint, sizeof(endpoint), "%s/oauth2/v2.0/token", clouds[i].authority);
		assert_string_equal(account->token_endpoint, endpoint);
		snprintf(text, sizeof(text),
			HEAD "tenant = contoso.com\ncloud = %s\nservices = pop imap smtp\n" CLIENT,
			clouds[i].name);
		account = account_of(text);
		assert_string_equal(account->scope, clouds[i].delegated_scope);
		snprintf(endpoint, sizeof(endpoint), "%s/oauth2/v2.0/devicecode",
			clouds[i].authority);
		assert_string_equal(account->device_endpoint, endpoint);
		snprintf(endpoint, sizeof(endpoint), "%s/oauth2/v2.0/authorize",
			clouds[i].authority);
		assert_string_equal(account->authorization_endpoint, endpoint);
	}
}

static void
people_may_come_from_anywhere(void **state)
{
	static const char *const tenants[] = {"common", "organizations", "consumers"};
	char text[1000], authority[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tenants) / sizeof(tenants[0]); i++) {
		snprintf(text, sizeof(text), HEAD "tenant = %s\n" CLIENT, tenants[i]);
		snprintf(authority, sizeof(authority), "https://login.microsoftonline.com/%s",
			tenants[i]);
		assert_string_equal(account_of(text)->authority, authority);
	}
}

/* A cloud that we know nothing of, by what its own documentation says. */
static void
other_clouds_by_explicit_values(void **state)
{
	const struct se_account *account =
		account_of(HEAD "tenant = contoso.fr\nauthority = https://login.sovcloud.fr\n"
				"scope = https://outlook.sovcloud.fr/.default\n"
				"servers = smtp.sovcloud.fr\n" CLIENT APP);

	(void)state;
	assert_string_equal(
		account->token_endpoint, "https://login.sovcloud.fr/contoso.fr/oauth2/v2.0/token");
	assert_string_equal(account->scope, "https://outlook.sovcloud.fr/.default");
	assert_true(lists(account->servers, "smtp.sovcloud.fr"));
	assert_false(lists(account->servers, "smtp.office365.com"));
}

/* --- providers -------------------------------------------------------------------------------- */

static void
google(void **state)
{
	const struct se_account *account = account_of(
		HEAD "client_id = 1-a.apps.googleusercontent.com\nprovider = google\n" APP);

	(void)state;
	assert_false(account->app_only); /* though there is a secret */
	assert_string_equal(account->token_endpoint, "https://oauth2.googleapis.com/token");
	assert_string_equal(
		account->authorization_endpoint, "https://accounts.google.com/o/oauth2/v2/auth");
	assert_null(account->device_endpoint); /* gives no mail scope */
	assert_string_equal(account->scope, "https://mail.google.com/");
	assert_true(lists(account->servers, "smtp.gmail.com"));
	assert_true(lists(account->servers, "imap.gmail.com"));
	assert_false(lists(account->servers, "smtp.office365.com"));
	assert_null(account->authority);
}

static void
custom(void **state)
{
	const struct se_account *account =
		account_of(HEAD "client_id = mail\nprovider = custom\nscope = mail:all offline\n"
				"servers = mail.example\ntoken_endpoint = https://login.example/t\n"
				"authorization_endpoint = https://login.example/a?x=y\n"
				"device_endpoint = https://login.example/d\n");

	(void)state;
	assert_false(account->app_only);
	assert_string_equal(account->token_endpoint, "https://login.example/t");
	assert_string_equal(account->authorization_endpoint, "https://login.example/a?x=y");
	assert_string_equal(account->device_endpoint, "https://login.example/d");
	assert_string_equal(account->scope, "mail:all offline");
	assert_true(lists(account->servers, "mail.example"));
}

static void
microsofts_others(void **state)
{
	const struct se_account *account;

	(void)state;
	account = account_of(HEAD "tenant = contoso.com\nprovider = acs\n"
				  "sasl_user = relay\n" CLIENT APP);
	assert_true(account->app_only);
	assert_string_equal(account->scope, "https://communication.azure.com/.default");
	assert_true(lists(account->servers, "smtp.azurecomm.net"));
	assert_false(lists(account->servers, "smtp.office365.com"));

	account = account_of(HEAD "tenant = contoso.com\nprovider = hve\n" CLIENT APP);
	assert_string_equal(account->scope, "https://outlook.office365.com/.default");
	assert_true(lists(account->servers, "smtp.hve.mx.microsoft"));
	assert_false(lists(account->servers, "smtp.office365.com"));

	account = account_of(HEAD "tenant = contoso.com\nprovider = hve\n" CLIENT);
	assert_string_equal(account->scope, "https://outlook.office.com/Mail.Send offline_access");
}

/* --- credentials ------------------------------------------------------------------------------ */

static void
managed_identity(void **state)
{
	const struct se_account *account =
		account_of(HEAD "credential = managed-identity\nmanaged_identity_id = system\n");

	(void)state;
	assert_true(account->machine);
	assert_true(account->app_only);
	assert_null(account->unusable);
	assert_string_equal(account->scope, "https://outlook.office365.com/.default");
	assert_string_equal(account->token_endpoint, SE_MACHINE_ENDPOINT);
}

#define POD HEAD "credential = federated\nfederated_token_file = env\n"
#define VARIABLES 4

static const char *const variables[VARIABLES][2] = {
	{"AZURE_TENANT_ID", "aaaabbbb-0000-cccc-1111-dddd2222eeee"},
	{"AZURE_CLIENT_ID", "00001111-aaaa-2222-bbbb-3333cccc4444"},
	{"AZURE_FEDERATED_TOKEN_FILE", "/var/run/secrets/azure/tokens/azure-identity-token"},
	{"AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/"},
};

static void
set_variables(void)
{
	size_t i;

	for (i = 0; i < VARIABLES; i++)
		setenv(variables[i][0], variables[i][1], 1);
}

static void
a_pods_environment(void **state)
{
	const struct se_account *account;
	struct se_token_key key;
	struct se_error error;
	size_t i;

	(void)state;
	set_variables();
	account = account_of(POD);
	assert_null(account->unusable);
	assert_true(account->from_environment);
	assert_string_equal(account->token_endpoint,
		"https://login.microsoftonline.us/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2/v2.0/"
		"token");
	assert_string_equal(account->value[SE_KEY_CLIENT_ID].text, variables[1][1]);
	assert_string_equal(account->federated_token_file, variables[2][1]);

	/* what the file says comes first */
	account = account_of(POD "tenant = contoso.com\nauthority = https://login.example\n");
	assert_string_equal(account->authority, "https://login.example/contoso.com");

	for (i = 0; i < 3; i++) {
		set_variables();
		unsetenv(variables[i][0]);
		account = account_of(POD);
		assert_non_null(account->unusable);
		assert_non_null(strstr(account->unusable, variables[i][0]));
		if (i == 0) {
			assert_int_equal(
				se_token_key_make(account, "a@b.example", &key, &error), SE_CONFIG);
			assert_non_null(strstr(error.text, variables[i][0]));
		}
		setenv(variables[i][0], i == 2 ? "token" : "not it", 1);
		account = account_of(POD);
		assert_non_null(account->unusable);
	}
	set_variables();
	setenv("AZURE_AUTHORITY_HOST", "http://login.example/", 1);
	assert_non_null(account_of(POD)->unusable);
	for (i = 0; i < VARIABLES; i++)
		unsetenv(variables[i][0]);
}

#define SECRET "tenant = contoso.com\ncredential = secret\n" CLIENT "client_secret_file = "

static void
systemd_credentials(void **state)
{
	const struct se_account *account;

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	account = account_of(HEAD SECRET "cred:relay.secret\n");
	assert_non_null(strstr(account->unusable, "client_secret_file = cred:relay.secret"));
	assert_non_null(strstr(account->unusable, "LoadCredential=relay.secret:"));
	assert_false(account->value[SE_KEY_CLIENT_SECRET_FILE].credential);
	setenv("CREDENTIALS_DIRECTORY", "relative", 1);
	assert_non_null(account_of(HEAD SECRET "cred:a\n")->unusable);

	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/sasl-entrad.service", 1);
	account = account_of(HEAD SECRET "cred:relay.secret\nca_file = cred:ca\n");
	assert_null(account->unusable);
	assert_string_equal(account->value[SE_KEY_CLIENT_SECRET_FILE].text,
		"/run/credentials/sasl-entrad.service/relay.secret");
	assert_true(account->value[SE_KEY_CLIENT_SECRET_FILE].credential);
	assert_string_equal(
		account->value[SE_KEY_CA_FILE].text, "/run/credentials/sasl-entrad.service/ca");

	account = account_of("[defaults]\nca_file = cred:ca\n" HEAD SECRET "/etc/x\n");
	assert_string_equal(
		account->value[SE_KEY_CA_FILE].text, "/run/credentials/sasl-entrad.service/ca");
	assert_string_equal(account->value[SE_KEY_CLIENT_SECRET_FILE].text, "/etc/x");
	assert_false(account->value[SE_KEY_CLIENT_SECRET_FILE].credential);

	account = account_of(HEAD "tenant = contoso.com\ncredential = federated\n"
				  "federated_token_file = cred:token\n" CLIENT);
	assert_string_equal(
		account->federated_token_file, "/run/credentials/sasl-entrad.service/token");
	account = account_of(HEAD "tenant = contoso.com\ncredential = certificate\n"
				  "certificate = cred:c.pem\nprivate_key = cred:k.pem\n" CLIENT);
	assert_string_equal(account->value[SE_KEY_PRIVATE_KEY].text,
		"/run/credentials/sasl-entrad.service/k.pem");
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
the_state_key_may_be_a_credential(void **state)
{
	static const char text[] = "[defaults]\nstate_key_file = cred:state.key\n";
	struct se_config *loaded;

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	loaded = config_of(text);
	assert_string_equal(loaded->state_key.file, "cred:state.key");
	assert_says(loaded->state_key.unusable, "has state_key_file = cred:state.key");
	assert_says(loaded->state_key.unusable, "LoadCredential=state.key:");
	se_config_free(loaded);

	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/sasl-entrad.service", 1);
	loaded = config_of(text);
	assert_string_equal(
		loaded->state_key.file, "/run/credentials/sasl-entrad.service/state.key");
	assert_true(loaded->state_key.credential);
	assert_null(loaded->state_key.unusable);
	se_config_free(loaded);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
a_federated_file(void **state)
{
	const struct se_account *account =
		account_of(HEAD "tenant = contoso.com\ncredential = federated\n"
				"federated_token_file = /run/token\n" CLIENT);

	(void)state;
	assert_string_equal(account->federated_token_file, "/run/token");
	assert_false(account->from_environment);
	assert_false(account->machine);
	account = account_of(HEAD "tenant = contoso.com\ncredential = federated\n"
				  "federated_token_file = managed-identity\n"
				  "managed_identity_id = "
				  "object_id:00001111-aaaa-2222-bbbb-3333cccc4444\n" CLIENT);
	assert_null(account->federated_token_file);
	assert_false(account->machine);
	assert_string_equal(account->token_endpoint,
		"https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token");
}

/* The name that stands in the account is the one that is made for a login, and is there only where it
 * is one for all of them. */
static void
the_key_of_all_logins(void **state)
{
	static const char *const alike[] = {APP, "sign_in = user\nidentity = Anna@contoso.com\n"};
	const struct se_account *account;
	struct se_token_key key;
	struct se_error error;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char text[400];

		snprintf(text, sizeof(text), HEAD "tenant = contoso.com\n" CLIENT "%s", alike[i]);
		account = account_of(text);
		assert_int_equal(se_token_key_make(account, "b@b.example", &key, &error), SE_OK);
		assert_non_null(account->token_key);
		assert_string_equal(account->token_key, key.name);
		se_token_key_free(&key);
	}
	account = account_of(HEAD "tenant = contoso.com\n" CLIENT "sign_in = user\n");
	assert_null(account->token_key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_key_of_all_logins, tear_down),
		cmocka_unit_test_teardown(each_cloud_sets_its_own, tear_down),
		cmocka_unit_test_teardown(people_may_come_from_anywhere, tear_down),
		cmocka_unit_test_teardown(other_clouds_by_explicit_values, tear_down),
		cmocka_unit_test_teardown(google, tear_down),
		cmocka_unit_test_teardown(custom, tear_down),
		cmocka_unit_test_teardown(microsofts_others, tear_down),
		cmocka_unit_test_teardown(managed_identity, tear_down),
		cmocka_unit_test_teardown(a_pods_environment, tear_down),
		cmocka_unit_test_teardown(systemd_credentials, tear_down),
		cmocka_unit_test_teardown(the_state_key_may_be_a_credential, tear_down),
		cmocka_unit_test_teardown(a_federated_file, tear_down),
	};

	return cmocka_run_group_tests_name("engine/derive", tests, NULL, NULL);
}
