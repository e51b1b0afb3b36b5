#include <stdio.h>
#include <string.h>

#include "engine/audience.h"
#include "engine/cloud.h"
#include "engine/json.h"
#include "engine/jwt.h"
#include "engine/names.h"
#include "engine/policy.h"
#include "engine/provider.h"

#include "tool/doctor_explain.h"

/* A token, taken apart. */
struct view {
	struct se_doctor *doctor;
	struct se_doctor_token *token;
	const struct se_account *account;
	const struct se_json *claims;
};

static const char *
claim(const struct view *view, const char *name, const char *other)
{
	const char *text = se_json_string(view->claims, name);

	return text != NULL || other == NULL ? text : se_json_string(view->claims, other);
}

/* --- whom it is for ----------------------------------------------------------------------------- */

static const char *
resource_name(const char *audience)
{
	if (strstr(audience, "graph.microsoft") != NULL ||
		strcmp(audience, "00000003-0000-0000-c000-000000000000") == 0)
		return " (Microsoft Graph)";
	return "";
}

/* Without the line the account asks for what its cloud and services need. */
static void
complain_of_audience(const struct view *view, const char *audience)
{
	const struct se_value *scope = &view->account->value[SE_KEY_SCOPE];
	char fix[1024];

	if (scope->text != NULL && scope->line > 0)
		(void)snprintf(fix, sizeof(fix),
			"take out line %u, scope = %s: without it the right one is asked for%s%s\n"
			"sed -i '%u{/^ *scope/d}' %s",
			scope->line, scope->text,
			view->account->app_only && view->account->cloud != NULL ? ", " : "",
			view->account->app_only && view->account->cloud != NULL
				? view->account->cloud->app_scope
				: "",
			scope->line, view->doctor->config->path);
	else
		(void)snprintf(fix, sizeof(fix),
			"look at cloud, provider and authority of [account %s] in %s",
			view->account->label, view->doctor->config->path);
	view->token->for_another = true;
	se_doctor_then_reload(view->doctor);
	se_checkup_add(&view->doctor->checkup, "token-audience", SE_PROBLEM, fix,
		"%s: the token is for %s%s and not for the mail servers of Exchange, which will "
		"refuse it with 535 5.7.3",
		view->token->login, audience, resource_name(audience));
}

static bool
examine_audience(const struct view *view)
{
	const char *audience = claim(view, "aud", NULL);

	if (audience == NULL) {
		se_checkup_add(&view->doctor->checkup, "token-audience", SE_WARNING,
			"look at scope and provider of the account",
			"%s: the token does not say whom it is for (aud)", view->token->login);
		return false;
	}
	if (!se_audience_is_known(view->account, audience)) {
		complain_of_audience(view, audience);
		return false;
	}
	se_checkup_fine(&view->doctor->checkup, "token-audience", "%s: it is for %s",
		view->token->login, audience);
	return true;
}

/* --- whose it is --------------------------------------------------------------------------------- */

static bool
is_guid(const char *text)
{
	return text != NULL && strlen(text) == 36 && strspn(text, "0123456789abcdefABCDEF-") == 36;
}

static void
say_other(const struct view *view, enum se_key key, const char *found)
{
	const struct se_value *value = &view->account->value[key];
	char fix[1024];

	(void)snprintf(fix, sizeof(fix),
		"correct line %u of %s, or sign in anew: sasl-entra login %s", value->line,
		view->doctor->config->path, view->token->login);
	se_checkup_add(&view->doctor->checkup, "token-tenant", SE_PROBLEM, fix,
		"%s: the token says %s = %s, and the account %s", view->token->login,
		se_keys[key].name, found, value->text);
}

static void
examine_tenant(const struct view *view)
{
	const char *tenant = claim(view, "tid", NULL), *app = claim(view, "appid", "azp");
	const char *wanted = view->account->value[SE_KEY_TENANT].text;
	const char *id = view->account->value[SE_KEY_CLIENT_ID].text;

	if (is_guid(wanted) && tenant != NULL && !se_name_equal(tenant, wanted))
		say_other(view, SE_KEY_TENANT, tenant);
	else if (is_guid(id) && app != NULL && !se_name_equal(app, id))
		say_other(view, SE_KEY_CLIENT_ID, app);
	else
		se_checkup_fine(&view->doctor->checkup, "token-tenant", "%s: tenant %s, app %s",
			view->token->login, tenant != NULL ? tenant : "not named",
			app != NULL ? app : "not named");
}

/* A person's token opens that person's mailbox, and those that were shared with him. */
static void
examine_user(const struct view *view)
{
	const char *upn = claim(view, "upn", "preferred_username");
	const char *identity = view->account->value[SE_KEY_IDENTITY].text;
	char fix[1024];

	if (view->account->app_only) {
		se_checkup_fine(&view->doctor->checkup, "token-user",
			"%s: the app itself, which sends as %s where Exchange lets it",
			view->token->login,
			view->token->user[0] != '\0' ? view->token->user : "a mailbox");
		return;
	}
	if (identity == NULL)
		identity = view->token->login;
	(void)snprintf(fix, sizeof(fix),
		"where %s is another address of the same person this is right; else sign in as "
		"the right one: sasl-entra login %s",
		identity, view->token->login);
	if (upn != NULL && !se_name_equal(upn, identity))
		se_checkup_add(&view->doctor->checkup, "token-user", SE_WARNING, fix,
			"%s: it is %s who signed in, not %s", view->token->login, upn, identity);
	else if (!se_name_equal(view->token->user, identity))
		se_checkup_fine(&view->doctor->checkup, "token-user",
			"%s: %s signed in, and the SASL user is %s: a shared mailbox, on which %s "
			"needs Full Access, and Send As to send",
			view->token->login, identity, view->token->user, identity);
	else
		se_checkup_fine(&view->doctor->checkup, "token-user", "%s: %s signed in",
			view->token->login, identity);
}

/* --- how long ----------------------------------------------------------------------------------- */

static void
examine_lifetime(const struct view *view, uint32_t seconds_left)
{
	const struct se_account *account = view->account;
	const char *server =
		account->servers != NULL && account->servers[0] != NULL ? account->servers[0] : "";
	const unsigned needed = se_policy_min_lifetime(account->min_lifetime, server);
	char fix[512];

	if (seconds_left >= needed) {
		se_checkup_fine(&view->doctor->checkup, "token-lifetime",
			"%s: %lu seconds left, of which %u are needed", view->token->login,
			(unsigned long)seconds_left, needed);
		return;
	}
	(void)snprintf(fix, sizeof(fix),
		account->value[SE_KEY_MIN_LIFETIME].line > 0
			? "write less in line %u of %s (min_lifetime)"
			: "ask for longer tokens: a token lifetime policy of the tenant shortens "
			  "them",
		account->value[SE_KEY_MIN_LIFETIME].line, view->doctor->config->path);
	se_checkup_add(&view->doctor->checkup, "token-lifetime", SE_PROBLEM, fix,
		"%s: a new token is good for %lu seconds, and %u are needed", view->token->login,
		(unsigned long)seconds_left, needed);
}

/* --- the whole ---------------------------------------------------------------------------------- */

static void
examine_claims(const struct view *view)
{
	const bool exchange = strcmp(view->account->provider->name, "acs") != 0;

	if (!examine_audience(view))
		se_checkup_left_out(&view->doctor->checkup, "token-permissions",
			"%s: what it permits matters when it is for Exchange", view->token->login);
	else if (exchange)
		se_doctor_permissions(view->doctor, view->token, view->claims);
	examine_tenant(view);
	examine_user(view);
}

void
se_doctor_explain(struct se_doctor *doctor, struct se_doctor_token *token, uint32_t seconds_left)
{
	struct se_json *claims = se_jwt_claims(token->token);
	const struct view view = {doctor, token, token->account, claims};

	if (claims != NULL && token->account->provider->microsoft)
		examine_claims(&view);
	else if (claims == NULL)
		se_checkup_left_out(&doctor->checkup, "token-audience",
			"%s: the token is opaque, as those of personal accounts are: only the "
			"server can tell what it is for",
			token->login);
	examine_lifetime(&view, seconds_left);
	se_json_free(claims);
}
