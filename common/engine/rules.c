#include <stdlib.h>
#include <string.h>

#include "engine/names.h"
#include "engine/rules.h"
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
		SE_KEY_CREDENTIAL, SE_KEY_CLIENT_SECRET_FILE, SE_KEY_IDENTITY, SE_KEY_SCOPE,
		SE_KEY_AUTHORITY, SE_KEY_TOKEN_ENDPOINT};
	size_t i;

	for (i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
		if (account->value[unused[i]].line != 0)
			se_report_warning(report, account->value[unused[i]].line,
				se_keys[unused[i]].name, "is not used with token_from = password");
}

static void
check_credential(const struct se_account *account, struct se_report *report)
{
	bool secret = is(account, SE_KEY_CREDENTIAL, "secret");

	if (secret && !given(account, SE_KEY_CLIENT_SECRET_FILE))
		refuse(account, SE_KEY_CREDENTIAL, report,
			"needs client_secret_file, the path of the file that holds the secret");
	if (!secret && given(account, SE_KEY_CLIENT_SECRET_FILE))
		refuse(account, SE_KEY_CLIENT_SECRET_FILE, report,
			"is used only with credential = secret; write that too, or remove this "
			"line");
	if (account->app_only && is(account, SE_KEY_CREDENTIAL, "none"))
		refuse(account, SE_KEY_SIGN_IN, report,
			"app needs a credential; write credential = secret and client_secret_file, "
			"or "
			"sign_in = user");
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
	if (scope != NULL && (end == NULL || strcmp(end, "/.default") != 0))
		se_report_warning(report, line_of(account, SE_KEY_SCOPE), "scope",
			"an app that signs in as itself asks for one scope that ends in /.default");
}

static void
check_user(const struct se_account *account, struct se_report *report)
{
	const char *at = account->value[SE_KEY_SCOPE].text, *word;
	size_t len;

	if (at == NULL)
		return;
	while (se_list_next(&at, &word, &len))
		if (len == strlen("offline_access") && memcmp(word, "offline_access", len) == 0)
			return;
	se_report_warning(report, line_of(account, SE_KEY_SCOPE), "scope",
		"without offline_access the sign-in lasts an hour only");
}

void
se_rules_check(const struct se_account *account, struct se_report *report)
{
	bool written_out = given(account, SE_KEY_TOKEN_ENDPOINT) && given(account, SE_KEY_SCOPE);

	if (!given(account, SE_KEY_MATCH))
		missing(account, SE_KEY_MATCH, report,
			"write the login names it serves, such as *@contoso.com");
	if (is(account, SE_KEY_TOKEN_FROM, "password")) {
		check_password_source(account, report);
		return;
	}
	if (!given(account, SE_KEY_CLIENT_ID))
		missing(account, SE_KEY_CLIENT_ID, report,
			"write the Application (client) ID of the app registration");
	if (!given(account, SE_KEY_TENANT) && !written_out)
		missing(account, SE_KEY_TENANT, report,
			"write the tenant's domain name or Directory (tenant) ID");
	check_credential(account, report);
	if (account->app_only)
		check_app(account, report);
	else
		check_user(account, report);
}

/* --- ties ---------------------------------------------------------------------------------- */

struct pattern {
	const char *text;
	const struct se_account *account;
};

static int
compare_patterns(const void *a, const void *b)
{
	const struct pattern *x = a, *y = b;
	unsigned xline = line_of(x->account, SE_KEY_MATCH),
		 yline = line_of(y->account, SE_KEY_MATCH);
	int order = strcmp(x->text, y->text);

	if (order != 0)
		return order;
	return (xline > yline) - (xline < yline);
}

static void
report_tie(const struct pattern *one, const struct pattern *other, struct se_report *report)
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
se_rules_check_ties(
	const struct se_config *config, struct se_arena *arena, struct se_report *report)
{
	struct pattern *patterns;
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
	for (i = 1; i < count; i++)
		if (strcmp(patterns[i - 1].text, patterns[i].text) == 0)
			report_tie(&patterns[i - 1], &patterns[i], report);
	return true;
}
