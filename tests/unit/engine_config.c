/* Configurations that load, and what follows from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/config.h"

#define TENANT "tenant = contoso.onmicrosoft.com\n"
#define CLIENT "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
#define ACCOUNT "[account relay]\nmatch = *@contoso.com\n" TENANT CLIENT
#define SECRET "credential = secret\nclient_secret_file = /etc/sasl-entra/relay.secret\n"

static struct se_config *
load_as(const char *text, const char *name)
{
	struct se_config *config;
	struct se_error error;

	if (se_config_parse(text, strlen(text), name, &config, NULL, &error) != SE_OK)
		fail_msg("%s", error.text);
	assert_non_null(config);
	return config;
}

static struct se_config *
load(const char *text)
{
	return load_as(text, "t.conf");
}

static void
list_is(const char *const *list, const char *words)
{
	char all[512] = "";
	size_t used = 0;

	for (; *list != NULL; list++)
		used += (size_t)snprintf(
			all + used, sizeof(all) - used, "%s%s", used > 0 ? " " : "", *list);
	assert_string_equal(all, words);
}

/* The example of the design, with the credential that this version has. */
static void
the_example_loads(void **state)
{
	struct se_config *config =
		load("[defaults]\n"
		     "proxy = http://proxy.contoso.com:3128\n"
		     "\n"
		     "# everything this relay sends, one app registration with a secret\n"
		     "[account relay]\n"
		     "match       = *@contoso.com, alerts@contoso.net\n"
		     "tenant      = contoso.onmicrosoft.com\n"
		     "client_id   = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
		     "credential  = secret\n"
		     "client_secret_file = /etc/sasl-entra/relay.secret\n"
		     "\n"
		     "# one person's sign-in, used for a shared mailbox\n"
		     "[account scanner]\n"
		     "match     = scanner@contoso.com\n"
		     "sign_in   = user\n"
		     "identity  = anna@contoso.com\n"
		     "tenant    = contoso.onmicrosoft.com\n"
		     "client_id = 55556666-dddd-7777-eeee-8888ffff9999\n");
	const struct se_account *relay = &config->accounts[0], *scanner = &config->accounts[1];

	(void)state;
	assert_int_equal(config->account_count, 2);
	assert_string_equal(config->path, "t.conf");
	assert_string_equal(relay->label, "relay");
	assert_int_equal(relay->line, 5);
	assert_int_equal(relay->value[SE_KEY_MATCH].line, 6);
	assert_int_equal(relay->value[SE_KEY_CLIENT_SECRET_FILE].line, 10);
	assert_string_equal(relay->value[SE_KEY_PROXY].text, "http://proxy.contoso.com:3128");
	assert_int_equal(relay->value[SE_KEY_PROXY].line, 2);
	list_is(relay->match, "*@contoso.com alerts@contoso.net");
	assert_true(relay->app_only);
	assert_string_equal(relay->value[SE_KEY_SIGN_IN].text, "app");
	assert_int_equal(relay->value[SE_KEY_SIGN_IN].line, 0);
	assert_string_equal(
		relay->authority, "https://login.microsoftonline.com/contoso.onmicrosoft.com");
	assert_string_equal(relay->token_endpoint,
		"https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token");
	assert_string_equal(relay->scope, "https://outlook.office365.com/.default");
	assert_false(scanner->app_only);
	assert_int_equal(scanner->value[SE_KEY_IDENTITY].line, 16);
	assert_string_equal(scanner->value[SE_KEY_IDENTITY].text, "anna@contoso.com");
	se_config_free(config);
}

static void
absent_keys_have_defaults(void **state)
{
	struct se_config *config = load(ACCOUNT);
	const struct se_account *account = &config->accounts[0];

	(void)state;
	assert_string_equal(account->value[SE_KEY_CLOUD].text, "global");
	assert_int_equal(account->value[SE_KEY_CLOUD].line, 0);
	assert_string_equal(account->value[SE_KEY_CREDENTIAL].text, "none");
	assert_string_equal(account->value[SE_KEY_SIGN_IN].text, "user");
	assert_string_equal(account->value[SE_KEY_TOKEN_FROM].text, "entra");
	assert_int_equal(account->timeout, 10);
	assert_int_equal(account->min_lifetime, 300);
	assert_int_equal(account->max_age, 0);
	assert_true(account->allow_anyone);
	assert_null(account->value[SE_KEY_PROXY].text);
	assert_null(account->value[SE_KEY_SERVERS].text);
	assert_null(config->state_dir);
	assert_null(config->state_key.file);
	list_is(account->servers,
		"smtp.office365.com smtp-legacy.office365.com smtp.hve.mx.microsoft "
		"smtp-hve.office365.com outlook.office365.com smtp-mail.outlook.com");
	se_config_free(config);
}

static void
services_depend_on_whose_file_it_is(void **state)
{
	struct se_config *config = load_as(ACCOUNT, SE_CONFIGURATION_PATH);

	(void)state;
	list_is(config->accounts[0].services, "smtp");
	assert_string_equal(
		config->accounts[0].scope, "https://outlook.office.com/SMTP.Send offline_access");
	se_config_free(config);
	config = load_as(ACCOUNT, "/home/anna/.config/sasl-entra/sasl-entra.conf");
	list_is(config->accounts[0].services, "smtp imap");
	assert_string_equal(config->accounts[0].scope,
		"https://outlook.office.com/SMTP.Send "
		"https://outlook.office.com/IMAP.AccessAsUser.All offline_access");
	se_config_free(config);
}

static void
services_make_the_scope(void **state)
{
	struct se_config *config = load(ACCOUNT "services = POP, smtp,pop\n");

	(void)state;
	assert_string_equal(config->accounts[0].scope,
		"https://outlook.office.com/SMTP.Send "
		"https://outlook.office.com/POP.AccessAsUser.All offline_access");
	se_config_free(config);
}

static void
a_written_scope_is_sent_as_it_is(void **state)
{
	struct se_config *config =
		load(ACCOUNT "scope = https://x.example/Mail.Send,  offline_access\n");

	(void)state;
	assert_string_equal(
		config->accounts[0].scope, "https://x.example/Mail.Send offline_access");
	se_config_free(config);
}

static void
an_account_overrides_the_defaults(void **state)
{
	struct se_config *config =
		load("[DEFAULTS]\ntimeout = 5\nMin_Lifetime = 600\nmax_age = 3600\n"
		     "state_dir = /srv/state\nservices = imap\n"
		     "state_key_file = /srv/state.key\n" ACCOUNT "timeout=20\n"
		     "[account b]\nmatch = *\n" TENANT CLIENT "services = smtp\n");

	(void)state;
	assert_int_equal(config->accounts[0].timeout, 20);
	assert_int_equal(config->accounts[1].timeout, 5);
	assert_int_equal(config->accounts[0].min_lifetime, 600);
	assert_int_equal(config->accounts[0].max_age, 3600);
	list_is(config->accounts[0].services, "imap");
	list_is(config->accounts[1].services, "smtp");
	assert_string_equal(config->state_dir, "/srv/state");
	assert_null(config->accounts[0].value[SE_KEY_STATE_DIR].text);
	assert_string_equal(config->state_key.file, "/srv/state.key");
	assert_int_equal(config->state_key.line, 7);
	assert_false(config->state_key.credential);
	assert_null(config->state_key.unusable);
	assert_null(config->accounts[0].value[SE_KEY_STATE_KEY_FILE].text);
	se_config_free(config);
}

/* [defaults] holds for accounts above it as well. */
static void
the_order_of_sections_is_free(void **state)
{
	struct se_config *config = load(ACCOUNT "[defaults]\ntimeout = 5\n");

	(void)state;
	assert_int_equal(config->accounts[0].timeout, 5);
	se_config_free(config);
}

static void
a_cloud_sets_authority_scope_and_servers(void **state)
{
	struct se_config *config =
		load("[defaults]\ncloud = usgov\n" ACCOUNT SECRET
		     "[account dod]\nmatch = *\ncloud = DoD\n" TENANT CLIENT
		     "[account china]\nmatch = *@x.cn\ncloud = china\n" TENANT CLIENT SECRET);

	(void)state;
	assert_string_equal(config->accounts[0].authority,
		"https://login.microsoftonline.us/contoso.onmicrosoft.com");
	assert_string_equal(config->accounts[0].scope, "https://outlook.office365.us/.default");
	list_is(config->accounts[0].servers, "smtp.office365.us outlook.office365.us");
	assert_string_equal(config->accounts[1].scope,
		"https://outlook.office365.us/SMTP.Send "
		"https://outlook.office365.us/IMAP.AccessAsUser.All offline_access");
	list_is(config->accounts[1].servers, "outlook-dod.office365.us webmail.apps.mil");
	assert_string_equal(config->accounts[2].authority,
		"https://login.partner.microsoftonline.cn/contoso.onmicrosoft.com");
	assert_string_equal(config->accounts[2].scope, "https://partner.outlook.cn/.default");
	se_config_free(config);
}

static void
addresses_can_be_overridden(void **state)
{
	struct se_config *config = load(ACCOUNT
		"authority = https://login.example:8443\n"
		"[account b]\nmatch = *\n" CLIENT "token_endpoint = https://[::1]:8443/token\n"
		"scope = https://x.example/.default offline_access\n");

	(void)state;
	assert_string_equal(config->accounts[0].token_endpoint,
		"https://login.example:8443/contoso.onmicrosoft.com/oauth2/v2.0/token");
	assert_string_equal(config->accounts[1].token_endpoint, "https://[::1]:8443/token");
	assert_null(config->accounts[1].authority);
	se_config_free(config);
}

static void
a_confidential_client_may_sign_people_in(void **state)
{
	struct se_config *config =
		load(ACCOUNT SECRET "sign_in = user\nidentity = anna@contoso.com\n");

	(void)state;
	assert_false(config->accounts[0].app_only);
	assert_non_null(strstr(config->accounts[0].scope, "offline_access"));
	se_config_free(config);
}

static void
people_may_use_everybodys_tenant(void **state)
{
	struct se_config *config = load("[account a]\nmatch = *\ntenant = consumers\n" CLIENT);

	(void)state;
	assert_string_equal(
		config->accounts[0].authority, "https://login.microsoftonline.com/consumers");
	se_config_free(config);
}

static void
a_password_account_needs_no_registration(void **state)
{
	struct se_config *config =
		load("[account gmail]\nmatch = *@gmail.com\ntoken_from = password\n"
		     "servers = smtp.gmail.com. IMAP.gmail.com\n");

	(void)state;
	assert_false(config->accounts[0].app_only);
	assert_null(config->accounts[0].token_endpoint);
	list_is(config->accounts[0].servers, "smtp.gmail.com imap.gmail.com");
	se_config_free(config);
}

static void
allow_becomes_numbers(void **state)
{
	struct se_config *config = load(ACCOUNT "allow = root, 4711 @root @4712\n");
	const struct se_account *account = &config->accounts[0];

	(void)state;
	assert_false(account->allow_anyone);
	assert_int_equal(account->allow_uid_count, 2);
	assert_int_equal(account->allow_uids[0], 0);
	assert_int_equal(account->allow_uids[1], 4711);
	assert_int_equal(account->allow_gid_count, 2);
	assert_int_equal(account->allow_gids[0], 0);
	assert_int_equal(account->allow_gids[1], 4712);
	se_config_free(config);
}

static void
login_names_are_lowered(void **state)
{
	struct se_config *config = load(
		"[Account Relay.1_2-3]\nMATCH = Anna@Contoso.COM M\303\234@x.de\n" TENANT CLIENT
		"sasl_user_imap = Shared@Contoso.com\n");

	(void)state;
	assert_string_equal(config->accounts[0].label, "Relay.1_2-3");
	list_is(config->accounts[0].match, "anna@contoso.com m\303\234@x.de");
	assert_string_equal(
		config->accounts[0].value[SE_KEY_SASL_USER_IMAP].text, "Shared@Contoso.com");
	se_config_free(config);
}

static void
an_empty_file_has_no_account(void **state)
{
	static const char *const texts[] = {"", "\n", "# nothing yet", "; nothing\n\n",
		"[defaults]\n", "[defaults]", "  \n\t\n"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct se_config *config = load(texts[i]);

		assert_int_equal(config->account_count, 0);
		se_config_free(config);
	}
}

static void
a_file_may_end_without_a_line_end(void **state)
{
	struct se_config *config = load("[account a]\nmatch=*\ntenant=a.example\n"
					"client_id=00001111-AAAA-2222-bbbb-3333cccc4444");

	(void)state;
	assert_string_equal(config->accounts[0].value[SE_KEY_CLIENT_ID].text,
		"00001111-AAAA-2222-bbbb-3333cccc4444");
	se_config_free(config);
}

static void
comments_and_blanks_are_no_values(void **state)
{
	struct se_config *config =
		load("# a\n[account a]\n;b = c\n\n   \nmatch\t=\t*\t \n#tenant = x\n" TENANT CLIENT
		     "# \303\274ml\302\240"
		     "ut\n");

	(void)state;
	assert_string_equal(config->accounts[0].value[SE_KEY_MATCH].text, "*");
	assert_int_equal(config->accounts[0].value[SE_KEY_MATCH].line, 6);
	se_config_free(config);
}

/* --- refusals that need more than a text ---------------------------------------------------- */

static void
refuse(const char *text, size_t len, const char *begins, struct se_problems *problems)
{
	struct se_config *config;
	struct se_error error;

	assert_int_equal(
		se_config_parse(text, len, "t.conf", &config, problems, &error), SE_CONFIG);
	assert_null(config);
	if (strncmp(error.text, begins, strlen(begins)) != 0)
		fail_msg("%s", error.text);
}

static void
a_nul_byte_is_refused(void **state)
{
	static const char text[] = ACCOUNT "sasl_user = a\0b\n";

	(void)state;
	refuse(text, sizeof(text) - 1, "t.conf:5: there is a NUL byte", NULL);
}

static char *
repeat(const char *before, const char *text, size_t count)
{
	size_t len = strlen(before), each = strlen(text), i;
	char *all = malloc(len + each * count + 1);

	assert_non_null(all);
	memcpy(all, before, len);
	for (i = 0; i < count; i++)
		memcpy(all + len + i * each, text, each);
	all[len + each * count] = '\0';
	return all;
}

static void
a_long_line_is_refused(void **state)
{
	char *text = repeat("[account a]\nmatch = ", "a@contoso.com ", 2400);

	(void)state;
	refuse(text, strlen(text), "t.conf:2: the line is longer", NULL);
	free(text);
	text = repeat(ACCOUNT "sasl_user = ", "a", 321);
	refuse(text, strlen(text), "t.conf:5: sasl_user: 321 bytes long", NULL);
	free(text);
}

static void
a_huge_file_is_refused(void **state)
{
	char *text = repeat("", "# a comment of 16\n", SE_CONFIG_SIZE_MAX / 18 + 1);

	(void)state;
	refuse(text, strlen(text), "t.conf: the file is larger", NULL);
	free(text);
}

static void
problems_stay_bounded_and_sorted(void **state)
{
	struct se_problems *problems = malloc(sizeof(*problems));
	char *text = repeat("[defaults]\nstate_dir = /a # b\n", "colour = red\n", 60000);
	size_t i;

	(void)state;
	assert_non_null(problems);
	refuse(text, strlen(text), "t.conf:3: colour: ", problems);
	assert_int_equal(problems->count, SE_CONFIG_PROBLEMS_MAX);
	assert_true(problems->errors >= SE_CONFIG_PROBLEMS_MAX);
	for (i = 1; i < problems->count; i++)
		assert_true(problems->list[i - 1].line <= problems->list[i].line);
	free(text);
	free(problems);
}

/* Even fifty warnings do not hide the error that comes behind them. */
static void
an_error_is_always_told_of(void **state)
{
	struct se_problems *problems = malloc(sizeof(*problems));
	char account[128], text[20000] = "";
	int i;

	(void)state;
	assert_non_null(problems);
	for (i = 0; i < 60; i++) {
		snprintf(account, sizeof(account),
			"[account a%d]\nmatch = a%d@x.de a%d@x.de\n"
			"token_from = password\n",
			i, i, i);
		strcat(text, account);
	}
	strcat(text, "[account z]\nmatch = *\n" TENANT "client_id = 1\n");
	refuse(text, strlen(text), "t.conf:184: client_id: ", problems);
	assert_int_equal(problems->errors, 1);
	free(problems);
}

static void
all_errors_are_listed(void **state)
{
	struct se_problems *problems = malloc(sizeof(*problems));
	static const char text[] =
		"[account a]\nmatch = a\ntenant = b c\nclient_id = 7\ncolour = red\n"
		"[account b]\n" TENANT;

	(void)state;
	assert_non_null(problems);
	refuse(text, strlen(text), "t.conf:2: match: ", problems);
	assert_int_equal(problems->count, 6);
	assert_int_equal(problems->list[3].line, 5);
	assert_int_equal(problems->list[4].line, 6);
	free(problems);
}

static void
long_names_are_cut(void **state)
{
	char name[4096];
	struct se_problems *problems = malloc(sizeof(*problems));
	struct se_config *config;

	(void)state;
	assert_non_null(problems);
	memset(name, 'd', sizeof(name));
	memcpy(name + sizeof(name) - 8, "/a.conf", 8);
	assert_int_equal(se_config_parse("x\n", 2, name, &config, problems, NULL), SE_CONFIG);
	assert_int_equal(strncmp(problems->list[0].text, "...ddd", 6), 0);
	assert_non_null(strstr(problems->list[0].text, "ddd/a.conf:1: this line is in no section"));
	free(problems);
}

static void
ten_thousand_accounts_load(void **state)
{
	const size_t count = 10000;
	char *text = malloc(SE_CONFIG_SIZE_MAX);
	struct se_config *config;
	clock_t begun;
	size_t used = 0, i;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, SE_CONFIG_SIZE_MAX - used,
			"[account a%zu]\n"
			"match=a%zu@x.de\ntenant=x.de\nclient_id=00001111-aaaa-2222-bbbb-"
			"3333cccc4444\n",
			i, i);
	assert_true(used < SE_CONFIG_SIZE_MAX);
	begun = clock();
	config = load(text);
	/* A tenth of a second; libini_config alone takes half a minute for them at once. */
	assert_true(clock() - begun < 10 * CLOCKS_PER_SEC);
	assert_int_equal(config->account_count, count);
	assert_int_equal(config->accounts[count - 1].value[SE_KEY_CLIENT_ID].line, 4 * count);
	se_config_free(config);
	free(text);
}

/* --- files ---------------------------------------------------------------------------------- */

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
a_file_is_loaded(void **state)
{
	char directory[] = "/tmp/se-config-XXXXXX", path[64];
	struct se_config *config;
	struct se_error error;
	struct se_file_id id;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/sasl-entra.conf", directory);
	write_file(path, ACCOUNT);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(se_config_load(path, &config, NULL, &error), SE_OK);
	assert_true(se_file_identify(path, &id));
	assert_memory_equal(&config->id.inode, &id.inode, sizeof(id.inode));
	assert_true(config->id.changed_ns == id.changed_ns && config->id.size == id.size);
	assert_string_equal(config->path, path);
	se_config_free(config);

	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(se_config_load(path, &config, NULL, &error), SE_CONFIG);
	assert_null(config);
	assert_non_null(strstr(error.text, path));
	unlink(path);
	rmdir(directory);
}

static void
a_missing_file_is_told_of_once(void **state)
{
	struct se_problems *problems = malloc(sizeof(*problems));
	const char *path = "/nonexistent/sasl-entra.conf", *named;
	struct se_config *config;
	struct se_error error;

	(void)state;
	assert_non_null(problems);
	assert_int_equal(se_config_load(path, &config, problems, &error), SE_CONFIG);
	assert_null(config);
	assert_int_equal(problems->errors, 1);
	assert_string_equal(problems->list[0].text, error.text);
	named = strstr(error.text, path);
	assert_non_null(named);
	assert_null(strstr(named + 1, path));
	free(problems);
}

static void
nothing_is_freed_twice(void **state)
{
	(void)state;
	se_config_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_loads),
		cmocka_unit_test(absent_keys_have_defaults),
		cmocka_unit_test(services_depend_on_whose_file_it_is),
		cmocka_unit_test(services_make_the_scope),
		cmocka_unit_test(a_written_scope_is_sent_as_it_is),
		cmocka_unit_test(an_account_overrides_the_defaults),
		cmocka_unit_test(the_order_of_sections_is_free),
		cmocka_unit_test(a_cloud_sets_authority_scope_and_servers),
		cmocka_unit_test(addresses_can_be_overridden),
		cmocka_unit_test(a_confidential_client_may_sign_people_in),
		cmocka_unit_test(people_may_use_everybodys_tenant),
		cmocka_unit_test(a_password_account_needs_no_registration),
		cmocka_unit_test(allow_becomes_numbers),
		cmocka_unit_test(login_names_are_lowered),
		cmocka_unit_test(an_empty_file_has_no_account),
		cmocka_unit_test(a_file_may_end_without_a_line_end),
		cmocka_unit_test(comments_and_blanks_are_no_values),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(a_long_line_is_refused),
		cmocka_unit_test(a_huge_file_is_refused),
		cmocka_unit_test(problems_stay_bounded_and_sorted),
		cmocka_unit_test(an_error_is_always_told_of),
		cmocka_unit_test(all_errors_are_listed),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(ten_thousand_accounts_load),
		cmocka_unit_test(a_file_is_loaded),
		cmocka_unit_test(a_missing_file_is_told_of_once),
		cmocka_unit_test(nothing_is_freed_twice),
	};

	return cmocka_run_group_tests_name("engine/config", tests, NULL, NULL);
}
