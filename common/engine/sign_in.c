#include <stdio.h>
#include <string.h>

#include "core/source.h"
#include "engine/account.h"
#include "engine/names.h"
#include "engine/percent.h"
#include "engine/provider.h"
#include "engine/sign_in.h"

/* Whether a scope, whose words have one blank between, has that word. */
static bool
has_word(const char *scope, const char *word)
{
	const size_t len = strlen(word);
	const char *at;

	for (at = scope; (at = strstr(at, word)) != NULL; at += len)
		if ((at == scope || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

enum se_code
se_sign_in_begin(struct se_sign_in *sign_in, const struct se_account *account, const char *login,
	struct se_error *error)
{
	/* Only the request asks for these: the token belongs to the account's scope alone. */
	const bool microsoft = account->provider->microsoft;
	int len;

	memset(sign_in, 0, sizeof(*sign_in));
	sign_in->account = account;
	sign_in->login = login;
	len = snprintf(sign_in->scope, sizeof(sign_in->scope), "%s%s%s", account->scope,
		microsoft && !has_word(account->scope, "openid") ? " openid" : "",
		microsoft && !has_word(account->scope, "profile") ? " profile" : "");
	if (len < 0 || (size_t)len >= sizeof(sign_in->scope))
		return se_error_set(
			error, SE_CONFIG, "the scope of [account %s] is too long", account->label);
	return SE_OK;
}

void
se_sign_in_end(struct se_sign_in *sign_in)
{
	se_secret_free(sign_in->verifier);
	memset(sign_in, 0, sizeof(*sign_in));
}

/* --- the address ------------------------------------------------------------------------------ */

static void
add(struct se_buffer *url, const char *name, const char *value)
{
	se_buffer_addf(url, "&%s=", name);
	se_percent_encode(url, value, strlen(value));
}

/* An address that was written out may have a query already, and none of it is repeated. */
static void
add_endpoint(struct se_buffer *url, const char *endpoint)
{
	const char *query = strchr(endpoint, '?');
	size_t len = strcspn(endpoint, "#");

	se_buffer_add(url, endpoint, len);
	if (query == NULL || query >= endpoint + len)
		se_buffer_add_text(url, "?");
	else if (query + 1 < endpoint + len && endpoint[len - 1] != '&')
		se_buffer_add_text(url, "&");
}

/* Whose sign-in it is to be; a label says nothing about that. */
static const char *
hint(const struct se_sign_in *sign_in)
{
	const char *identity = se_account_identity(sign_in->account, sign_in->login);

	return strchr(identity, '@') != NULL ? identity : NULL;
}

static void
add_manners(struct se_buffer *url, const struct se_sign_in *sign_in)
{
	const struct se_provider *provider = sign_in->account->provider;
	const char *who = hint(sign_in);

	if (provider->microsoft) {
		add(url, "response_mode", "query");
		/* A browser that is signed in would answer for whoever that is. */
		if (who == NULL)
			add(url, "prompt", "select_account");
	} else if (se_name_equal(provider->name, "google")) {
		/* A refresh token comes only with these, and only when consent is really asked. */
		add(url, "access_type", "offline");
		add(url, "prompt", "consent");
	}
	if (who != NULL)
		add(url, "login_hint", who);
}

static enum se_code
renew_secrets(struct se_sign_in *sign_in, const struct se_world *world,
	char challenge[SE_RANDOM_TEXT_SIZE], struct se_error *error)
{
	char verifier[SE_RANDOM_TEXT_SIZE];
	bool made = se_random_text(world, sign_in->state) && se_random_text(world, verifier) &&
		    se_pkce_challenge(verifier, challenge);

	se_secret_free(sign_in->verifier);
	sign_in->verifier = made ? se_secret_new(verifier, strlen(verifier)) : NULL;
	se_wipe(verifier, sizeof(verifier));
	if (!made)
		return se_error_set(error, SE_INTERNAL, "there is no randomness to be had");
	return sign_in->verifier != NULL ? SE_OK : se_error_memory(error);
}

static enum se_code
no_endpoint(const struct se_account *account, struct se_error *error)
{
	return se_error_set(error, SE_CONFIG,
		"it is not known where a browser signs in for [account %s]: its token_endpoint is "
		"written out; write authorization_endpoint, too",
		account->label);
}

enum se_code
se_sign_in_url(struct se_sign_in *sign_in, const struct se_world *world, const char *redirect_uri,
	struct se_buffer *url, struct se_error *error)
{
	const struct se_account *account = sign_in->account;
	char challenge[SE_RANDOM_TEXT_SIZE];
	enum se_code code;

	if (account->authorization_endpoint == NULL)
		return no_endpoint(account, error);
	code = renew_secrets(sign_in, world, challenge, error);
	if (code != SE_OK)
		return code;
	if (!se_copy(sign_in->redirect_uri, sizeof(sign_in->redirect_uri), redirect_uri))
		return se_error_set(error, SE_INTERNAL, "the redirect URI is too long");
	add_endpoint(url, account->authorization_endpoint);
	se_buffer_add_text(url, "client_id=");
	se_percent_encode(url, account->value[SE_KEY_CLIENT_ID].text,
		strlen(account->value[SE_KEY_CLIENT_ID].text));
	add(url, "response_type", "code");
	add(url, "redirect_uri", redirect_uri);
	add(url, "scope", sign_in->scope);
	add(url, "state", sign_in->state);
	add(url, "code_challenge", challenge);
	add(url, "code_challenge_method", "S256");
	add_manners(url, sign_in);
	return url->failed ? se_error_set(error, SE_CONFIG,
				     "the address to sign in at is too long; look at "
				     "authorization_endpoint and scope of [account %s]",
				     account->label)
			   : SE_OK;
}
