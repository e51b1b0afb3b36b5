#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/account.h"
#include "engine/identifiers.h"
#include "engine/names.h"

#include "tool/question.h"
#include "tool/setup_postfix_parts.h"

/* What RFC 5321 has in an address without quotes, as its characters go into tables of Postfix. */
static bool
is_plain_login(const char *login)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "!%&'*+-./=?@^_`{|}~";
	const char *at = strchr(login, '@');

	return at != NULL && at != login && strchr(at + 1, '@') == NULL && at[1] != '\0' &&
	       login[strspn(login, plain)] == '\0' && strlen(login) <= SE_NAME_MAX;
}

static enum se_code
choose_account(struct se_postfix_plan *plan, struct se_error *error)
{
	size_t apps = 0;

	if (se_config_load(plan->command->identity.configuration, &plan->config, NULL, error) !=
		SE_OK)
		return error->code;
	if (plan->wish->name != NULL) {
		plan->account = se_account_named(plan->config, plan->wish->name, error);
		return plan->account == NULL ? error->code : SE_OK;
	}
	for (size_t i = 0; i < plan->config->account_count; i++) {
		if (plan->config->accounts[i].app_only) {
			plan->account = &plan->config->accounts[i];
			apps++;
		}
	}
	if (apps == 1)
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"%s has %zu accounts that sign in as an app: say which one, "
		"sasl-entra setup --postfix NAME",
		plan->config->path, apps);
}

/* The one address in `match`; NULL where there are several, or only patterns. */
static const char *
only_login(const struct se_account *account)
{
	const char *only = NULL;

	for (const char *const *word = account->match; *word != NULL; word++) {
		if ((*word)[0] == '*')
			continue;
		if (only != NULL)
			return NULL;
		only = *word;
	}
	return only;
}

static enum se_code
choose_login(struct se_postfix_plan *plan, struct se_error *error)
{
	const char *login = plan->wish->login;
	const char *name = plan->wish->name;
	char answer[SE_NAME_MAX + 1];
	const struct se_account *found;

	if (login == NULL && name != NULL && !se_name_equal(name, plan->account->label))
		login = name;
	if (login == NULL)
		login = only_login(plan->account);
	if (login == NULL && !plan->wish->apply && !plan->wish->json && se_question_possible() &&
		se_question_line(
			"Login name (the mailbox that sends)", NULL, answer, sizeof(answer)))
		login = answer;
	if (login == NULL)
		return se_error_set(error, SE_CONFIG,
			"account %s serves more than one login name: say which one Postfix "
			"uses, --login NAME@DOMAIN",
			plan->account->label);
	if (!is_plain_login(login))
		return se_error_set(error, SE_CONFIG,
			"\"%s\" is no login name that Postfix's tables can hold: "
			"write NAME@DOMAIN",
			login);
	found = se_account_match(plan->config, login, error);
	if (found == NULL)
		return error->code;
	if (found != plan->account)
		return se_error_set(error, SE_CONFIG, "%s belongs to account %s, not to %s", login,
			found->label, plan->account->label);
	return se_copy(plan->login, sizeof(plan->login), login)
		       ? SE_OK
		       : se_error_set(error, SE_CONFIG, "the login name is too long");
}

/* "[HOST]:PORT", "[HOST]", "HOST:PORT" or "HOST"; `host` becomes HOST. */
static bool
is_plain_relay(const char *relay, char host[256])
{
	const bool bracket = relay[0] == '[';
	const char *begin = relay + bracket;
	size_t len = strcspn(begin, bracket ? "]" : ":");
	const char *rest = begin + len;
	const char *port;

	if (len == 0 || len > 255 || (bracket && *rest++ != ']'))
		return false;
	(void)snprintf(host, 256, "%.*s", (int)len, begin);
	if (se_host_problem(host, len) != NULL ||
		host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  ".-_")] != '\0')
		return false;
	if (*rest == '\0')
		return true;
	port = rest + 1;
	return *rest == ':' && strlen(port) >= 1 && strlen(port) <= 5 &&
	       port[strspn(port, "0123456789")] == '\0' && atoi(port) >= 1 && atoi(port) <= 65535;
}

static enum se_code
choose_relay(struct se_postfix_plan *plan, struct se_error *error)
{
	const char *const *servers = plan->account->servers;
	const char *host = servers[0];

	/* Those for IMAP and POP come with it. */
	for (const char *const *word = servers; *word != NULL; word++)
		if (strncmp(*word, "smtp", 4) == 0) {
			host = *word;
			break;
		}
	if (plan->wish->relay != NULL) {
		if (!se_copy(plan->relay, sizeof(plan->relay), plan->wish->relay))
			plan->relay[0] = '\0';
	} else if (host != NULL) {
		(void)snprintf(plan->relay, sizeof(plan->relay), "[%s]:587", host);
	}
	if (!is_plain_relay(plan->relay, plan->host))
		return se_error_set(error, SE_CONFIG,
			"--relay: \"%s\" is no relay host: write [HOST]:PORT",
			plan->wish->relay != NULL ? plan->wish->relay : "");
	return se_account_check_server(plan->account, plan->host, error);
}

enum se_code
se_postfix_plan_choose(struct se_postfix_plan *plan, struct se_error *error)
{
	enum se_code code = choose_account(plan, error);

	if (code == SE_OK)
		code = choose_login(plan, error);
	return code == SE_OK ? choose_relay(plan, error) : code;
}
