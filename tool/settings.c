#include <string.h>

#include "engine/cloud.h"
#include "engine/provider.h"

#include "tool/settings.h"

enum { SERVERS_MAX = 32768 };

static void
add(struct se_settings *settings, enum se_key key, const char *value, enum se_origin origin,
	unsigned line)
{
	size_t at = settings->count;

	/* What is written keeps its order; what is not stands behind it, as the keys stand. */
	while (line != 0 && at > 0 &&
		(settings->list[at - 1].line == 0 || settings->list[at - 1].line > line))
		at--;
	memmove(&settings->list[at + 1], &settings->list[at],
		(settings->count - at) * sizeof(settings->list[0]));
	settings->list[at] = (struct se_setting){se_keys[key].name, value, origin, line};
	settings->count++;
}

static enum se_origin
origin_of(const struct se_config *config, const struct se_account *account, enum se_key key)
{
	const struct se_value *value = &account->value[key];

	if (value->line != 0)
		return value->line == config->defaults[key].line ? SE_ORIGIN_DEFAULTS
								 : SE_ORIGIN_ACCOUNT;
	if (account->from_environment &&
		(key == SE_KEY_TENANT || key == SE_KEY_CLIENT_ID || key == SE_KEY_AUTHORITY))
		return SE_ORIGIN_ENVIRONMENT;
	return key == SE_KEY_SIGN_IN ? SE_ORIGIN_DERIVED : SE_ORIGIN_DEFAULT;
}

static const char *
servers(const struct se_account *account, struct se_settings *settings)
{
	for (const char *const *name = account->servers; *name != NULL; name++)
		se_buffer_addf(
			&settings->servers, "%s%s", name == account->servers ? "" : " ", *name);
	return se_buffer_text(&settings->servers);
}

/* Where an endpoint comes from that is not written. */
static void
add_endpoint(const struct se_account *account, enum se_key key, const char *endpoint,
	const char *preset, struct se_settings *settings)
{
	if (account->value[key].text == NULL && endpoint != NULL)
		add(settings, key, endpoint,
			preset != NULL ? SE_ORIGIN_PROVIDER : SE_ORIGIN_DERIVED, 0);
}

static enum se_origin
origin_of_scope(const struct se_account *account)
{
	const struct se_provider *provider = account->provider;

	if ((account->app_only ? provider->app_scope : provider->delegated_scope) != NULL)
		return SE_ORIGIN_PROVIDER;
	return account->app_only ? SE_ORIGIN_CLOUD : SE_ORIGIN_DERIVED;
}

/* What a token request needs, as far as it is not written. */
static void
add_derived(const struct se_account *account, struct se_settings *settings)
{
	const struct se_provider *provider = account->provider;

	if (account->authority != NULL && account->value[SE_KEY_AUTHORITY].text == NULL)
		add(settings, SE_KEY_AUTHORITY, account->cloud->authority, SE_ORIGIN_CLOUD, 0);
	add_endpoint(account, SE_KEY_TOKEN_ENDPOINT, account->token_endpoint,
		provider->token_endpoint, settings);
	if (account->value[SE_KEY_SCOPE].text == NULL)
		add(settings, SE_KEY_SCOPE, account->scope, origin_of_scope(account), 0);
	if (account->app_only)
		return;
	add_endpoint(account, SE_KEY_AUTHORIZATION_ENDPOINT, account->authorization_endpoint,
		provider->authorization_endpoint, settings);
	add_endpoint(account, SE_KEY_DEVICE_ENDPOINT, account->device_endpoint,
		provider->device_endpoint, settings);
}

/* Which account the token is for has no meaning where the mail program brings the token. */
static bool
matters(const struct se_account *account, enum se_key key, bool password)
{
	if (account->value[key].line != 0)
		return true;
	if (!account->provider->microsoft && key == SE_KEY_CLOUD)
		return false;
	return !password || (key != SE_KEY_CLOUD && key != SE_KEY_SIGN_IN &&
				    key != SE_KEY_CREDENTIAL && key != SE_KEY_PROVIDER);
}

void
se_settings_of_account(const struct se_config *config, const struct se_account *account,
	struct se_settings *settings)
{
	const bool password = strcmp(account->value[SE_KEY_TOKEN_FROM].text, "password") == 0;

	settings->count = 0;
	se_buffer_init(&settings->servers, SERVERS_MAX);
	for (int i = 0; i < SE_KEY_COUNT; i++)
		if (account->value[i].text != NULL && matters(account, (enum se_key)i, password))
			add(settings, (enum se_key)i, account->value[i].text,
				origin_of(config, account, (enum se_key)i), account->value[i].line);
	if (account->value[SE_KEY_SERVERS].text == NULL)
		add(settings, SE_KEY_SERVERS, servers(account, settings),
			account->provider->servers != NULL ? SE_ORIGIN_PROVIDER : SE_ORIGIN_CLOUD,
			0);
	if (!password)
		add_derived(account, settings);
}

void
se_settings_of_defaults(const struct se_config *config, struct se_settings *settings)
{
	settings->count = 0;
	se_buffer_init(&settings->servers, SERVERS_MAX);
	for (int i = 0; i < SE_KEY_COUNT; i++)
		if (config->defaults[i].text != NULL)
			add(settings, (enum se_key)i, config->defaults[i].text, SE_ORIGIN_DEFAULTS,
				config->defaults[i].line);
}

void
se_settings_free(struct se_settings *settings)
{
	se_buffer_free(&settings->servers);
}

const char *
se_origin_name(enum se_origin origin)
{
	static const char *const names[] = {[SE_ORIGIN_ACCOUNT] = "account",
		[SE_ORIGIN_DEFAULTS] = "defaults",
		[SE_ORIGIN_ENVIRONMENT] = "environment",
		[SE_ORIGIN_CLOUD] = "cloud",
		[SE_ORIGIN_PROVIDER] = "provider",
		[SE_ORIGIN_DERIVED] = "derived",
		[SE_ORIGIN_DEFAULT] = "default"};

	return names[origin];
}
