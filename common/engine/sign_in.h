/*
 * sign_in: a person lets an account have tokens, by the authorization code grant with PKCE: the
 * address that a browser goes to, what the browser brings back, and what both are tied together
 * with.
 * Source: RFC 6749 section 4.1, RFC 7636, RFC 8252; Microsoft, "OAuth 2.0 authorization code flow"
 * and "Redirect URI (reply URL) restrictions"; Google, "OAuth 2.0 for Mobile & Desktop Apps".
 */
#ifndef SE_ENGINE_SIGN_IN_H
#define SE_ENGINE_SIGN_IN_H

#include <stddef.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/secret.h"
#include "core/world.h"
#include "engine/config.h"
#include "engine/crypto_pkce.h"

enum {
	SE_SIGN_IN_URL_MAX = 8192,         /* bytes of the address for the browser */
	SE_SIGN_IN_REDIRECT_MAX = 64,      /* bytes of the redirect URI */
	SE_SIGN_IN_ANSWER_MAX = 32 * 1024, /* bytes of what the browser brings back */
	SE_SIGN_IN_SCOPE_MAX = 4096
};

/* One sign-in under way. */
struct se_sign_in {
	const struct se_account *account; /* borrowed */
	const char *login;                /* borrowed: who is to sign in, for messages */
	char scope[SE_SIGN_IN_SCOPE_MAX]; /* the account's, and what says who signed in */
	char redirect_uri[SE_SIGN_IN_REDIRECT_MAX + 1];
	char state[SE_RANDOM_TEXT_SIZE];
	struct se_secret *verifier; /* PKCE */
};

/* Prepares one. SE_CONFIG when the scope is too long. se_sign_in_end() frees what it holds. */
enum se_code se_sign_in_begin(struct se_sign_in *sign_in, const struct se_account *account,
	const char *login, struct se_error *error);
void se_sign_in_end(struct se_sign_in *sign_in);

/* Makes a new state and a new verifier and appends the address for the browser to `url`. SE_CONFIG
 * when the account has no authorization endpoint. */
enum se_code se_sign_in_url(struct se_sign_in *sign_in, const struct se_world *world,
	const char *redirect_uri, struct se_buffer *url, struct se_error *error);

/* Reads what the browser brings back: a query, or a whole address with one. SE_OK and `code`, to
 * be freed by the caller. SE_ABSENT: it is no answer to this sign-in (nothing in it, another
 * `state`, or a parameter twice), and the answer may still come. Else what the server says. */
enum se_code se_sign_in_answer(const struct se_sign_in *sign_in, const char *text, size_t len,
	struct se_secret **code, struct se_error *error);

#endif
