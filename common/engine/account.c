#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/source.h"
#include "engine/account.h"
#include "engine/names.h"

enum { SERVERS_SHOWN = 600 }; /* bytes */

static void
refuse_login(const struct se_config *config, const char *login, const char *domain,
	struct se_error *error)
{
	if (config->account_count == 0)
		se_error_set(error, SE_NO_ACCOUNT,
			"there is no account in %s; add one, as "
			"sasl-entra.conf(5) shows",
			config->path);
	else if (domain == NULL)
		se_error_set(error, SE_NO_ACCOUNT,
			"no account of %s matches %s; write match = * in one, or "
			"give the program a login name that is an address",
			config->path, login);
	else
		se_error_set(error, SE_NO_ACCOUNT,
			"no account of %s matches %s; add %s to the match of one, "
			"or write *%s",
			config->path, login, login, domain);
}

static int
compare(const void *text, const void *pattern)
{
	return strcmp(text, ((const struct se_pattern *)pattern)->text);
}

static const struct se_account *
lookup(const struct se_config *config, const char *text)
{
	const struct se_pattern *found = NULL;

	if (config->pattern_count > 0)
		found = bsearch(text, config->patterns, config->pattern_count,
			sizeof(config->patterns[0]), compare);
	return found != NULL ? found->account : NULL;
}

/* The whole name, else "*@DOMAIN", else "*", each in one search of the sorted patterns. */
const struct se_account *
se_account_match(const struct se_config *config, const char *login, struct se_error *error)
{
	const struct se_account *account = NULL;
	SE_UNSET char name[SE_NAME_MAX + 2]; /* room for the star before a domain */
	size_t len = strlen(login), i;
	char *domain;

	if (len <= SE_NAME_MAX) {
		name[0] = '*';
		for (i = 0; i <= len; i++)
			name[1 + i] = se_lower(login[i]);
		account = lookup(config, name + 1);
		domain = strrchr(name + 1, '@');
		if (account == NULL && domain != NULL) {
			domain[-1] = '*';
			account = lookup(config, domain - 1);
		}
		if (account == NULL)
			account = lookup(config, "*");
	}
	if (account == NULL)
		refuse_login(config, login, strrchr(login, '@'), error);
	return account;
}

const struct se_account *
se_account_named(const struct se_config *config, const char *name, struct se_error *error)
{
	size_t i;

	for (i = 0; i < config->account_count; i++)
		if (se_name_equal(config->accounts[i].label, name))
			return &config->accounts[i];
	return se_account_match(config, name, error);
}

static bool
is_listed(const char *const *servers, const char *server)
{
	SE_UNSET char name[SE_SERVER_MAX + 1];
	size_t len = strlen(server);

	if (len > 1 && server[len - 1] == '.')
		len--;
	if (len >= sizeof(name))
		return false;
	memcpy(name, server, len);
	name[len] = '\0';
	for (; *servers != NULL; servers++)
		if (strcmp(*servers, "*") == 0 || se_name_equal(*servers, name))
			return true;
	return false;
}

enum se_code
se_account_check_server(
	const struct se_account *account, const char *server, struct se_error *error)
{
	struct se_buffer names;
	size_t i;

	if (is_listed(account->servers, server))
		return SE_OK;
	se_buffer_init(&names, SERVERS_SHOWN);
	for (i = 0; account->servers[i] != NULL && names.len < SERVERS_SHOWN / 2; i++)
		se_buffer_addf(&names, " %s", account->servers[i]);
	se_error_set(error, SE_DENIED,
		"the token of account %s may not be sent to %s: its servers "
		"are%s%s; correct the relay host's name, or add the host to \"servers\" of "
		"[account %s]",
		account->label, server[0] != '\0' ? server : "a server without a name",
		se_buffer_text(&names), account->servers[i] != NULL ? " ..." : "", account->label);
	se_buffer_free(&names);
	return SE_DENIED;
}

static bool
in_group(const struct se_account *account, gid_t gid)
{
	size_t i;

	for (i = 0; i < account->allow_gid_count; i++)
		if (account->allow_gids[i] == gid)
			return true;
	return false;
}

enum se_code
se_account_check_peer(
	const struct se_account *account, const struct se_peer *peer, struct se_error *error)
{
	size_t i;

	if (account->allow_anyone || peer->uid == 0 || in_group(account, peer->gid))
		return SE_OK;
	for (i = 0; i < account->allow_uid_count; i++)
		if (account->allow_uids[i] == peer->uid)
			return SE_OK;
	for (i = 0; i < peer->group_count; i++)
		if (in_group(account, peer->groups[i]))
			return SE_OK;
	return se_error_set(error, SE_DENIED,
		"the user with uid %lu may not use account %s; add the user, "
		"or a group as @GROUP, to \"allow\" of [account %s]",
		(unsigned long)peer->uid, account->label, account->label);
}

const char *
se_account_user(const struct se_account *account, const char *service)
{
	enum se_key key = SE_KEY_SASL_USER;

	if (se_name_equal(service, "smtp") || se_name_equal(service, "lmtp"))
		key = SE_KEY_SASL_USER_SMTP;
	else if (se_name_equal(service, "imap"))
		key = SE_KEY_SASL_USER_IMAP;
	if (account->value[key].text == NULL)
		key = SE_KEY_SASL_USER;
	return account->value[key].text;
}

const char *
se_account_identity(const struct se_account *account, const char *login)
{
	return account->value[SE_KEY_IDENTITY].text != NULL ? account->value[SE_KEY_IDENTITY].text
							    : login;
}
