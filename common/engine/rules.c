#include <stdlib.h>
#include <string.h>

#include "engine/names.h"
#include "engine/provider.h"
#include "engine/rules.h"
#include "engine/rules_credential.h"
#include "engine/values.h"

static bool
given(const struct se_account *account, enum se_key key)
{
	return account->value[key].text != NULL;
}

static bool
is(const struct se_account *account, enum se_key key, const char *word)
{
	return given(account, key) && se_name_equal(account->value[key].text, word);
}

/* Where to point at: the key's line, or the account's when the key is not there. */
static unsigned
line_of(const struct se_account *account, enum se_key key)
{
	return account->value[key].line != 0 ? account->value[key].line : account->line;
}

static void
refuse(const struct se_account *account, enum se_key key, struct se_report *report, const char *why)
{
	se_report_error(report, line_of(account, key), se_keys[key].name, "%s", why);
}

static void
missing(const struct se_account *account, enum se_key key, struct se_report *report,
	const char *todo)
{
	se_report_error(report, account->line, se_keys[key].name, "is missing in [account %s]; %s",
		account->label, todo);
}

/* The token is the password that the host program has: nothing is asked of Entra. */
static void
check_password_source(const struct se_account *account, struct se_report *report)
{
	static const enum se_key unused[] = {SE_KEY_TENANT, SE_KEY_CLIENT_ID, SE_KEY_SIGN_IN,
		SE_KEY_CREDENTIAL, SE_KEY_CLIENT_SECRET_FILE, SE_KEY_CLIENT_SECRET_COMMAND,
		SE_KEY_CERTIFICATE, SE_KEY_PRIVATE_KEY, SE_KEY_PRIVATE_KEY_PASSWORD_FILE,
		SE_KEY_FEDERATED_TOKEN_FILE, SE_KEY_MANAGED_IDENTITY_ID, SE_KEY_IDENTITY,
		SE_KEY_SCOPE, SE_KEY_AUTHORITY, SE_KEY_TOKEN_ENDPOINT, SE_KEY_DEVICE_ENDPOINT,
		SE_KEY_AUTHORIZATION_ENDPOINT, SE_KEY_PROVIDER};
	size_t i;

	for (i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
		if (account->value[unused[i]].line != 0)
			se_report_warning(report, account->value[unused[i]].line,
				se_keys[unused[i]].name, "is not used with token_from = password");
}

static bool
tenant_is_shared(const struct se_account *account)
{
	return is(account, SE_KEY_TENANT, "common") ||
	       is(account, SE_KEY_TENANT, "organizations") ||
	       is(account, SE_KEY_TENANT, "consumers");
}

static void
check_app(const struct se_account *account, struct se_report *report)
{
	const char *scope = account->value[SE_KEY_SCOPE].text, *end;

	if (tenant_is_shared(account))
		refuse(account, SE_KEY_TENANT, report,
			"an app that signs in as itself needs its own tenant: "
			"write the domain name or Directory (tenant) ID");
	if (given(account, SE_KEY_IDENTITY))
		refuse(account, SE_KEY_IDENTITY, report,
			"nobody's sign-in is used, because the app signs in as "
			"itself; remove this line, or write sign_in = user");
	end = scope != NULL ? strrchr(scope, '/') : NULL;
	if (scope != NULL && account->provider->microsoft &&
		(end == NULL || strcmp(end, "/.default") != 0))
		se_report_warning(report, line_of(account, SE_KEY_SCOPE), "scope",
			"an app that signs in as itself asks for one scope that ends in /.default");
}

static bool
has_word(const char *list, const char *wanted)
{
	const char *word;
	size_t len;

	while (se_list_next(&list, &word, &len))
		if (len == strlen(wanted) && memcmp(word, wanted, len) == 0)
			return true;
	return false;
}

static void
check_user(const struct se_account *account, struct se_report *report)
{
	const char *scope = account->value[SE_KEY_SCOPE].text;

	if (scope != NULL && account->provider->microsoft && !has_word(scope, "offline_access"))
		se_report_warning(report, line_of(account, SE_KEY_SCOPE), "scope",
			"without offline_access the sign-in lasts an hour only");
}

/* --- providers ----------------------------------------------------------------------------- */

static void
warn_unused(const struct se_account *account, const enum se_key *keys, size_t count,
	const char *why, struct se_report *report)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (account->value[keys[i]].line != 0)
			se_report_warning(report, account->value[keys[i]].line,
				se_keys[keys[i]].name, "is not used with %s", why);
}

/* Google and others know no tenants, and what they are called is not ours to guess. */
static void
check_other_provider(const struct se_account *account, struct se_report *report)
{
	static const enum se_key unused[] = {SE_KEY_TENANT, SE_KEY_CLOUD, SE_KEY_AUTHORITY};
	bool custom = strcmp(account->provider->name, "custom") == 0;

	warn_unused(account, unused, sizeof(unused) / sizeof(unused[0]),
		custom ? "provider = custom" : "provider = google", report);
	if (custom && !given(account, SE_KEY_TOKEN_ENDPOINT))
		missing(account, SE_KEY_TOKEN_ENDPOINT, report,
			"write the provider's token endpoint");
	if (custom && !given(account, SE_KEY_SCOPE))
		missing(account, SE_KEY_SCOPE, report, "write what the provider calls mail access");
	if (custom && !given(account, SE_KEY_SERVERS))
		missing(account, SE_KEY_SERVERS, report,
			"write the mail servers that may be given the token");
	if (!custom && account->app_only)
		refuse(account, SE_KEY_SIGN_IN, report,
			"Gmail lets no app sign in as itself; write sign_in = user");
	if (!custom && is(account, SE_KEY_CREDENTIAL, "none"))
		se_report_warning(report, line_of(account, SE_KEY_PROVIDER), "provider",
			"Google gives its desktop apps a client secret and asks for it; write "
			"credential = secret and client_secret_file");
}

static void
check_acs(const struct se_account *account, struct se_report *report)
{
	if (!account->app_only)
		refuse(account, SE_KEY_SIGN_IN, report,
			"Azure Communication Services takes apps only; write a credential, and no "
			"sign_in = user");
	if (!given(account, SE_KEY_SASL_USER) && !given(account, SE_KEY_SASL_USER_SMTP))
		missing(account, SE_KEY_SASL_USER, report,
			"write the SMTP username of the Communication Services resource");
}

static void
check_hve(const struct se_account *account, struct se_report *report)
{
	if (!is(account, SE_KEY_CLOUD, "global"))
		refuse(account, SE_KEY_CLOUD, report,
			"High Volume Email is in the global cloud only");
}

static void
check_provider(const struct se_account *account, struct se_report *report)
{
	if (!account->provider->microsoft)
		check_other_provider(account, report);
	else if (strcmp(account->provider->name, "acs") == 0)
		check_acs(account, report);
	else if (strcmp(account->provider->name, "hve") == 0)
		check_hve(account, report);
}

/* --- the whole ----------------------------------------------------------------------------- */

/* A managed identity needs no registration, and a pod's environment names its own. */
static bool
knows_registration(const struct se_account *account)
{
	return account->machine || is(account, SE_KEY_FEDERATED_TOKEN_FILE, "env");
}

void
se_rules_check_client_id(const struct se_account *account, struct se_report *report)
{
	const struct se_value *client = &account->value[SE_KEY_CLIENT_ID];
	const char *name = account->value[SE_KEY_PROVIDER].text;
	const struct se_provider *provider = se_provider_find(name != NULL ? name : "entra");

	if (client->text != NULL && provider != NULL && provider->microsoft)
		(void)se_value_check_guid(SE_KEY_CLIENT_ID, client->text, client->line, report);
}

static void
check_registration(const struct se_account *account, struct se_report *report)
{
	static const enum se_key unused[] = {SE_KEY_CLIENT_ID};
	bool written_out = given(account, SE_KEY_TOKEN_ENDPOINT) && given(account, SE_KEY_SCOPE);
	bool microsoft = account->provider->microsoft;

	if (account->machine)
		warn_unused(account, unused, 1,
			"credential = managed-identity; managed_identity_id says which", report);
	se_rules_check_client_id(account, report);
	if (!given(account, SE_KEY_CLIENT_ID) && !knows_registration(account))
		missing(account, SE_KEY_CLIENT_ID, report,
			microsoft ? "write the Application (client) ID of the app registration"
				  : "write the client id that the provider gave");
	if (microsoft && !given(account, SE_KEY_TENANT) && !written_out &&
		!knows_registration(account))
		missing(account, SE_KEY_TENANT, report,
			"write the tenant's domain name or Directory (tenant) ID");
}

void
se_rules_check(const struct se_account *account, struct se_report *report)
{
	if (!given(account, SE_KEY_MATCH))
		missing(account, SE_KEY_MATCH, report,
			"write the login names it serves, such as *@contoso.com");
	if (is(account, SE_KEY_TOKEN_FROM, "password")) {
		check_password_source(account, report);
		return;
	}
	if (account->provider == NULL)
		return; /* said by the value's own check */
	check_registration(account, report);
	check_provider(account, report);
	se_rules_check_credential(account, report);
	if (account->app_only)
		check_app(account, report);
	else
		check_user(account, report);
}

/* --- ties ---------------------------------------------------------------------------------- */

static int
compare_patterns(const void *a, const void *b)
{
	const struct se_pattern *x = a, *y = b;
	unsigned xline = line_of(x->account, SE_KEY_MATCH),
		 yline = line_of(y->account, SE_KEY_MATCH);
	int order = strcmp(x->text, y->text);

	if (order != 0)
		return order;
	return (xline > yline) - (xline < yline);
}

static void
report_tie(const struct se_pattern *one, const struct se_pattern *other, struct se_report *report)
{
	unsigned line = line_of(other->account, SE_KEY_MATCH);

	if (one->account == other->account)
		se_report_warning(report, line, "match", "%s stands there twice", other->text);
	else
		se_report_error(report, line, "match",
			"%s stands in [account %s] too, on line %u; remove it "
			"from one of them",
			other->text, one->account->label, line_of(one->account, SE_KEY_MATCH));
}

bool
se_rules_check_ties(struct se_config *config, struct se_arena *arena, struct se_report *report)
{
	struct se_pattern *patterns;
	size_t count = 0, i, k;

	for (i = 0; i < config->account_count; i++)
		for (k = 0; config->accounts[i].match[k] != NULL; k++)
			count++;
	patterns = se_arena_alloc(arena, count + 1, sizeof(*patterns));
	if (patterns == NULL)
		return false;
	count = 0;
	for (i = 0; i < config->account_count; i++)
		for (k = 0; config->accounts[i].match[k] != NULL; k++) {
			patterns[count].text = config->accounts[i].match[k];
			patterns[count++].account = &config->accounts[i];
		}
	qsort(patterns, count, sizeof(*patterns), compare_patterns);
	config->patterns = patterns;
	config->pattern_count = count;
	for (i = 1; i < count; i++)
		if (strcmp(patterns[i - 1].text, patterns[i].text) == 0)
			report_tie(&patterns[i - 1], &patterns[i], report);
	return true;
}
