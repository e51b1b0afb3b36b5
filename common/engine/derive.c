#include <stdlib.h>
#include <string.h>

#include "engine/allow.h"
#include "engine/cloud.h"
#include "engine/derive.h"
#include "engine/derive_credentials.h"
#include "engine/derive_environment.h"
#include "engine/names.h"
#include "engine/provider.h"
#include "engine/token_key.h"
#include "engine/values.h"

/* Where a secret only says which program asks, a person still signs in. */
static const char *
default_sign_in(const struct se_account *account)
{
	if (account->provider != NULL && !account->provider->microsoft)
		return "user";
	return se_name_equal(account->value[SE_KEY_CREDENTIAL].text, "none") ? "user" : "app";
}

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
	account->provider = se_provider_find(value[SE_KEY_PROVIDER].text);
	account->cloud = se_cloud_find(value[SE_KEY_CLOUD].text);
	if (value[SE_KEY_SIGN_IN].text == NULL)
		value[SE_KEY_SIGN_IN].text = default_sign_in(account);
	account->machine = se_name_equal(value[SE_KEY_CREDENTIAL].text, "managed-identity");
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

/* An endpoint as written, as the provider has it, or below the authority. False when memory ran
 * out. */
static bool
endpoint(const struct se_account *account, struct se_arena *arena, enum se_key key,
	const char *preset, const char *path, const char **out)
{
	*out = account->value[key].text != NULL ? account->value[key].text : preset;
	if (*out == NULL && account->authority != NULL)
		*out = join(arena, account->authority, path, "");
	return *out != NULL || account->authority == NULL;
}

static bool
derive_endpoints(struct se_account *account, struct se_arena *arena)
{
	const struct se_provider *provider = account->provider;

	if (!endpoint(account, arena, SE_KEY_TOKEN_ENDPOINT, provider->token_endpoint,
		    "/oauth2/v2.0/token", &account->token_endpoint) ||
		!endpoint(account, arena, SE_KEY_AUTHORIZATION_ENDPOINT,
			provider->authorization_endpoint, "/oauth2/v2.0/authorize",
			&account->authorization_endpoint) ||
		!endpoint(account, arena, SE_KEY_DEVICE_ENDPOINT, provider->device_endpoint,
			"/oauth2/v2.0/devicecode", &account->device_endpoint))
		return false;
	if (account->machine)
		account->token_endpoint = SE_MACHINE_ENDPOINT;
	return true;
}

static bool
derive_authority(struct se_account *account, struct se_arena *arena)
{
	const struct se_value *value = account->value;
	const char *origin = value[SE_KEY_AUTHORITY].text;

	if (!account->provider->microsoft || value[SE_KEY_TENANT].text == NULL)
		return true;
	account->authority = join(arena, origin != NULL ? origin : account->cloud->authority, "/",
		value[SE_KEY_TENANT].text);
	return account->authority != NULL;
}

static bool
derive_scope(struct se_account *account, struct se_arena *arena)
{
	const struct se_provider *provider = account->provider;
	const char *written = account->value[SE_KEY_SCOPE].text;

	if (written != NULL)
		account->scope = written_scope(arena, written);
	else if (account->app_only)
		account->scope = provider->app_scope != NULL ? provider->app_scope
							     : account->cloud->app_scope;
	else if (provider->delegated_scope != NULL)
		account->scope = provider->delegated_scope;
	else
		account->scope = delegated_scope(account, arena, account->cloud->delegated_base);
	return account->scope != NULL;
}

static bool
derive_servers(struct se_account *account, struct se_arena *arena)
{
	const char *written = account->value[SE_KEY_SERVERS].text;

	account->servers = account->provider->servers != NULL ? account->provider->servers
							      : account->cloud->servers;
	if (written != NULL)
		account->servers = split(arena, written);
	return account->servers != NULL;
}

/* A hash, which nobody is to make anew for each login. */
static bool
derive_token_key(struct se_account *account, struct se_arena *arena)
{
	struct se_token_key key;
	struct se_error error;

	if (account->token_endpoint == NULL ||
		(!account->app_only && account->value[SE_KEY_IDENTITY].text == NULL))
		return true;
	if (se_token_key_make(account, "", &key, &error) != SE_OK)
		return false;
	account->token_key = se_arena_text(arena, key.name, strlen(key.name));
	se_token_key_free(&key);
	return account->token_key != NULL;
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

	if (account->cloud == NULL || account->provider == NULL)
		return false;
	account->match = split(arena, value[SE_KEY_MATCH].text);
	account->services = split(arena, value[SE_KEY_SERVICES].text);
	if (account->match == NULL || account->services == NULL)
		return false;
	account->timeout = seconds(&value[SE_KEY_TIMEOUT]);
	account->min_lifetime = seconds(&value[SE_KEY_MIN_LIFETIME]);
	account->max_age = seconds(&value[SE_KEY_MAX_AGE]);
	return se_derive_credentials(account, arena) && se_derive_environment(account, arena) &&
	       derive_authority(account, arena) && derive_endpoints(account, arena) &&
	       derive_scope(account, arena) && derive_servers(account, arena) &&
	       derive_token_key(account, arena) && se_allow_resolve(account, arena, report);
}
