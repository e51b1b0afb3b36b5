#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "engine/account.h"
#include "engine/crypto_digest.h"
#include "engine/token_key.h"

enum { CANONICAL_MAX = 16384 };

static char *
lower(const char *text)
{
	char *copy = strdup(text);
	char *at;

	for (at = copy; at != NULL && *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	return copy;
}

/* The credential as it is named, not what it holds: a rotated secret keeps its token key. */
static char *
credential_name(const struct se_account *account)
{
	static const enum se_key parts[] = {SE_KEY_CLIENT_SECRET_FILE, SE_KEY_CLIENT_SECRET_COMMAND,
		SE_KEY_CERTIFICATE, SE_KEY_FEDERATED_TOKEN_FILE, SE_KEY_MANAGED_IDENTITY_ID};
	const char *type = account->value[SE_KEY_CREDENTIAL].text, *text;
	struct se_buffer name;
	char *copy;
	size_t i;

	se_buffer_init(&name, CANONICAL_MAX);
	se_buffer_addf(&name, "%s:", type != NULL ? type : "none");
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		bool first = name.len == 0 || name.data[name.len - 1] == ':';

		text = account->value[parts[i]].text;
		if (text != NULL)
			se_buffer_addf(&name, "%s%s", first ? "" : " ", text);
	}
	copy = name.failed ? NULL : strdup(se_buffer_text(&name));
	se_buffer_free(&name);
	return copy;
}

bool
se_token_key_text(const struct se_token_key *key, struct se_buffer *out)
{
	return se_buffer_addf(out, "%s\n%s\n%s\n%s\n%s", key->app_only ? "app" : "user",
		key->endpoint, key->client_id, key->scope, key->holder);
}

bool
se_token_key_make_name(struct se_token_key *key)
{
	struct se_buffer text;
	bool ok;

	se_buffer_init(&text, CANONICAL_MAX);
	ok = se_token_key_text(key, &text) &&
	     se_digest_hex(text.data, text.len, key->name, SE_TOKEN_KEY_DIGITS);
	se_buffer_free(&text);
	return ok;
}

enum se_code
se_token_key_make(const struct se_account *account, const char *login, struct se_token_key *key,
	struct se_error *error)
{
	const char *client_id = account->value[SE_KEY_CLIENT_ID].text;

	memset(key, 0, sizeof(*key));
	if (account->token_endpoint == NULL)
		return se_error_set(error, SE_CONFIG, "[account %s] can get no token here: %s",
			account->label,
			account->unusable != NULL ? account->unusable : "it has no token endpoint");
	key->app_only = account->app_only;
	key->endpoint = strdup(account->token_endpoint);
	key->client_id = lower(client_id != NULL ? client_id : "");
	key->scope = strdup(account->scope);
	key->holder = key->app_only ? credential_name(account)
				    : lower(se_account_identity(account, login));
	if (key->endpoint == NULL || key->client_id == NULL || key->scope == NULL ||
		key->holder == NULL || !se_token_key_make_name(key)) {
		se_token_key_free(key);
		return se_error_memory(error);
	}
	return SE_OK;
}

void
se_token_key_free(struct se_token_key *key)
{
	free(key->endpoint);
	free(key->client_id);
	free(key->scope);
	free(key->holder);
	memset(key, 0, sizeof(*key));
}
