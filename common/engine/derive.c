#include <stdlib.h>
#include <string.h>

#include "engine/allow.h"
#include "engine/cloud.h"
#include "engine/derive.h"
#include "engine/names.h"
#include "engine/values.h"

void
se_derive_defaults(struct se_account *account, bool system_wide)
{
	struct se_value *value = account->value;
	int i;

	for (i = 0; i < SE_KEY_COUNT; i++)
		if (value[i].text == NULL)
			value[i].text = se_keys[i].fallback;
	if (value[SE_KEY_SERVICES].text == NULL)
		value[SE_KEY_SERVICES].text = system_wide ? "smtp" : "smtp imap";
	if (value[SE_KEY_SIGN_IN].text == NULL)
		value[SE_KEY_SIGN_IN].text =
			se_name_equal(value[SE_KEY_CREDENTIAL].text, "none") ? "user" : "app";
	account->app_only = se_name_equal(value[SE_KEY_SIGN_IN].text, "app");
}

/* Three texts in one; NULL when memory ran out. */
static char *
join(struct se_arena *arena, const char *a, const char *b, const char *c)
{
	size_t alen = strlen(a), blen = strlen(b), clen = strlen(c);
	char *text = se_arena_alloc(arena, alen + blen + clen + 1, 1);

	if (text == NULL)
		return NULL;
	memcpy(text, a, alen);
	memcpy(text + alen, b, blen);
	memcpy(text + alen + blen, c, clen + 1);
	return text;
}

/* The words of a list in lower case, without the dot that may end a host name. */
static const char *const *
split(struct se_arena *arena, const char *text)
{
	const char *at = text, *word;
	const char **list;
	size_t count = 0, len, i;
	char *copy;

	while (se_list_next(&at, &word, &len))
		count++;
	list = se_arena_alloc(arena, count + 1, sizeof(*list));
	at = text;
	for (count = 0; list != NULL && se_list_next(&at, &word, &len); count++) {
		if (len > 1 && word[len - 1] == '.')
			len--;
		copy = se_arena_text(arena, word, len);
		if (copy == NULL)
			return NULL;
		for (i = 0; i < len; i++)
			copy[i] = se_lower(copy[i]);
		list[count] = copy;
	}
	return list;
}

/* What a person is asked for: the services' rights, and a refresh token. */
static char *
delegated_scope(const struct se_account *account, struct se_arena *arena, const char *base)
{
	static const char *const rights[][2] = {{"smtp", "SMTP.Send"},
		{"imap", "IMAP.AccessAsUser.All"}, {"pop", "POP.AccessAsUser.All"}};
	char *scope = join(arena, "", "", "");
	size_t i, k;

	for (i = 0; i < sizeof(rights) / sizeof(rights[0]) && scope != NULL; i++)
		for (k = 0; account->services[k] != NULL; k++)
			if (strcmp(account->services[k], rights[i][0]) == 0) {
				scope = join(arena, scope, base, rights[i][1]);
				scope = scope != NULL ? join(arena, scope, " ", "") : NULL;
				break;
			}
	return scope != NULL ? join(arena, scope, "offline_access", "") : NULL;
}

/* The words of the `scope` key, parted by one blank each, as they are sent. */
static char *
written_scope(struct se_arena *arena, const char *text)
{
	const char *at = text, *word;
	char *scope = se_arena_text(arena, text, strlen(text));
	size_t len, used = 0;

	if (scope == NULL)
		return NULL;
	while (se_list_next(&at, &word, &len)) {
		if (used > 0)
			scope[used++] = ' ';
		memcpy(scope + used, word, len);
		used += len;
	}
	scope[used] = '\0';
	return scope;
}

static bool
derive_addresses(struct se_account *account, struct se_arena *arena, const struct se_cloud *cloud)
{
	const struct se_value *value = account->value;
	const char *origin = value[SE_KEY_AUTHORITY].text;

	if (value[SE_KEY_TENANT].text != NULL) {
		account->authority = join(arena, origin != NULL ? origin : cloud->authority, "/",
			value[SE_KEY_TENANT].text);
		if (account->authority == NULL)
			return false;
	}
	account->token_endpoint = value[SE_KEY_TOKEN_ENDPOINT].text;
	if (account->token_endpoint == NULL && account->authority != NULL) {
		account->token_endpoint = join(arena, account->authority, "/oauth2/v2.0/token", "");
		if (account->token_endpoint == NULL)
			return false;
	}
	if (value[SE_KEY_SCOPE].text != NULL)
		account->scope = written_scope(arena, value[SE_KEY_SCOPE].text);
	else if (account->app_only)
		account->scope = cloud->app_scope;
	else
		account->scope = delegated_scope(account, arena, cloud->delegated_base);
	return account->scope != NULL;
}

static unsigned
seconds(const struct se_value *value)
{
	return value->text != NULL ? (unsigned)strtoul(value->text, NULL, 10) : 0;
}

bool
se_derive(struct se_account *account, struct se_arena *arena, struct se_report *report)
{
	const struct se_value *value = account->value;
	const struct se_cloud *cloud = se_cloud_find(value[SE_KEY_CLOUD].text);

	if (cloud == NULL)
		return false;
	account->match = split(arena, value[SE_KEY_MATCH].text);
	account->services = split(arena, value[SE_KEY_SERVICES].text);
	account->servers = cloud->servers;
	if (value[SE_KEY_SERVERS].text != NULL)
		account->servers = split(arena, value[SE_KEY_SERVERS].text);
	if (account->match == NULL || account->services == NULL || account->servers == NULL)
		return false;
	account->timeout = seconds(&value[SE_KEY_TIMEOUT]);
	account->min_lifetime = seconds(&value[SE_KEY_MIN_LIFETIME]);
	account->max_age = seconds(&value[SE_KEY_MAX_AGE]);
	return derive_addresses(account, arena, cloud) && se_allow_resolve(account, arena, report);
}
