/* engine_outcome: tells whoever wants to know how a token key fares. */
#include <string.h>

#include "engine/engine_parts.h"
#include "engine/names.h"

static void
tell(const struct se_engine *engine, const struct se_account *account, const char *token_key,
	const char *login, const struct se_error *error)
{
	struct se_outcome outcome = {
		.token_key = token_key,
		.account = account,
		.login = login,
		.code = error != NULL ? error->code : SE_OK,
		.text = error != NULL ? error->text : "",
	};

	engine->options.outcome(engine->options.context, &outcome);
}

void
se_engine_tell(const struct se_engine *engine, const struct se_account *account,
	const struct se_acquisition *acquisition, const char *login, const struct se_error *error)
{
	struct se_error unused;

	if (engine->options.outcome == NULL)
		return;
	/* A token that goes on serving says nothing about the renewal that failed. */
	if (error == NULL && acquisition->state.failure.code != SE_OK)
		return;
	if (account == NULL && engine->config != NULL)
		account = se_account_named(engine->config, login, &unused);
	if (account != NULL)
		tell(engine, account, acquisition->key.name, login, error);
}

/* Whether the configuration itself says whose sign-in it is. */
static bool
is_named(const struct se_account *account, const char *login)
{
	size_t i;

	if (account->app_only || account->value[SE_KEY_IDENTITY].text != NULL)
		return true;
	for (i = 0; account->match[i] != NULL; i++)
		if (se_name_equal(account->match[i], login))
			return true;
	return false;
}

void
se_engine_tell_refusal(const struct se_engine *engine, const struct se_account *account,
	const char *login, const struct se_error *error)
{
	struct se_token_key key;
	struct se_error unused;

	if (engine->options.outcome == NULL || !is_named(account, login) ||
		se_token_key_make(account, login, &key, &unused) != SE_OK)
		return;
	tell(engine, account, key.name, login, error);
	se_token_key_free(&key);
}
