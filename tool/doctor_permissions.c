/*
 * doctor: what a token for Exchange permits, and what Exchange gives an app whose token permits nothing.
 */
#include <string.h>

#include "core/buffer.h"
#include "engine/json.h"
#include "engine/provider.h"

#include "tool/doctor_explain.h"
#include "tool/mail_servers.h"

enum { WORDS_MAX = 8192, FIX_MAX = 2048 };

/* What Microsoft calls the permission that a service wants. */
static const char *
permission_of(const struct se_doctor_token *token, const char *service)
{
	const bool app = token->account->app_only;

	if (strcmp(token->account->provider->name, "hve") == 0)
		return "Mail.Send";
	if (strcmp(service, "imap") == 0)
		return app ? "IMAP.AccessAsApp" : "IMAP.AccessAsUser.All";
	if (strcmp(service, "pop") == 0)
		return app ? "POP.AccessAsApp" : "POP.AccessAsUser.All";
	return app ? "SMTP.SendAsApp" : "SMTP.Send";
}

static bool
holds(const char *words, const char *wanted)
{
	const size_t len = strlen(wanted);

	for (const char *at = words; *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
		if (strncmp(at, wanted, len) == 0 && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

static void
add_api_permission(const struct se_account *account, const char *permission, struct se_buffer *fix)
{
	const char *app = account->value[SE_KEY_CLIENT_ID].text;

	se_buffer_addf(fix,
		"in the Entra admin center: App registrations, %s, API permissions, Add, APIs my "
		"organization uses, Office 365 Exchange Online, Application permissions, %s, then "
		"Grant "
		"admin consent",
		app != NULL ? app : "the app", permission);
}

/* RBAC for Applications gives an app a role of Exchange's own, of which the token knows nothing. It is there for
 * sending alone. */
static bool
may_do_without(const struct se_doctor_token *token)
{
	return strcmp(token->account->provider->name, "entra") == 0 &&
	       se_mail_server_serves(token->account, SE_MAIL_SMTP);
}

static void
say_missing(struct se_doctor *doctor, const struct se_doctor_token *token, const char *missing,
	const char *has)
{
	struct se_buffer fix;

	se_buffer_init(&fix, FIX_MAX);
	if (token->account->app_only)
		add_api_permission(token->account, missing, &fix);
	else
		se_buffer_addf(&fix, "sasl-entra login %s", token->login);
	se_checkup_add(&doctor->checkup, "token-permissions", SE_PROBLEM, se_buffer_text(&fix),
		"%s: the token lacks %s; it has %s", token->login, missing,
		has[0] != '\0' ? has : "none");
	se_buffer_free(&fix);
}

/* Where `services` is only the default nobody said that all of them are used. */
static const char *
find_missing(const struct se_doctor_token *token, const char *words)
{
	const char *const *services = token->account->services;
	const char *missing = NULL;
	bool some = false;

	for (size_t i = 0; services[i] != NULL; i++)
		if (holds(words, permission_of(token, services[i])))
			some = true;
		else if (missing == NULL)
			missing = permission_of(token, services[i]);
	return some && token->account->value[SE_KEY_SERVICES].line == 0 ? NULL : missing;
}

void
se_doctor_permissions(
	struct se_doctor *doctor, struct se_doctor_token *token, const struct se_json *claims)
{
	struct se_buffer words;
	const char *missing;

	se_buffer_init(&words, WORDS_MAX);
	(void)se_json_add_words(claims, token->account->app_only ? "roles" : "scp", &words);
	missing = find_missing(token, se_buffer_text(&words));
	if (missing == NULL)
		se_checkup_fine(&doctor->checkup, "token-permissions", "%s: it permits %s",
			token->login, se_buffer_text(&words));
	else if (token->account->app_only && words.len == 0 && may_do_without(token))
		token->roleless = true;
	else
		say_missing(doctor, token, missing, se_buffer_text(&words));
	se_buffer_free(&words);
}

/* --- when the server has been asked ----------------------------------------------------------- */

static void
say_roleless(struct se_doctor *doctor, const struct se_doctor_token *token)
{
	const char *app = token->account->value[SE_KEY_CLIENT_ID].text;
	struct se_buffer fix;

	se_buffer_init(&fix, FIX_MAX);
	se_buffer_addf(&fix,
		"with RBAC for Applications add none; what its role gives, and after how long, "
		"Exchange "
		"Online PowerShell says:\n"
		"  Test-ServicePrincipalAuthorization -Identity %s -Resource %s\n"
		"without it, ",
		app != NULL ? app : "APP", token->user[0] != '\0' ? token->user : "MAILBOX");
	add_api_permission(token->account, "SMTP.SendAsApp", &fix);
	se_checkup_add(&doctor->checkup, "token-permissions", SE_WARNING, se_buffer_text(&fix),
		"%s: the app has no permission in the token (roles), which is right with RBAC for "
		"Applications alone; %s",
		token->login,
		token->refused_smtp ? "the server has refused it"
				    : "no login here showed which it is");
	se_buffer_free(&fix);
}

void
se_doctor_roleless(struct se_doctor *doctor)
{
	for (size_t i = 0; i < doctor->token_count; i++) {
		const struct se_doctor_token *token = &doctor->tokens[i];

		if (token->roleless && token->accepted_smtp)
			se_checkup_fine(&doctor->checkup, "token-permissions",
				"%s: the server accepts the app without a permission in the token "
				"(roles), "
				"as it does with RBAC for Applications",
				token->login);
		else if (token->roleless)
			say_roleless(doctor, token);
	}
}
