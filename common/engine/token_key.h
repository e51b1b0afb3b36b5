/*
 * token_key: what one access token belongs to. Login names that share it share the token, its
 * state file, its lock and the memory of errors.
 */
#ifndef SE_ENGINE_TOKEN_KEY_H
#define SE_ENGINE_TOKEN_KEY_H

#include <stdbool.h>

#include "core/buffer.h"
#include "core/error.h"
#include "engine/config.h"

enum { SE_TOKEN_KEY_DIGITS = 32 };

struct se_token_key {
	char name[SE_TOKEN_KEY_DIGITS +
		  1]; /* hex, of SHA-256 over the rest: the state file's name */
	bool app_only;
	char *endpoint;  /* the token endpoint, which holds authority and tenant */
	char *client_id; /* "" where the account has none */
	char *scope;
	char *holder; /* app-only: the credential ("secret:/etc/..."); else the identity signed in,
	                    lower case */
};

/* The key of an account's token, for a login name. Fills `key`, to be freed by the caller. */
enum se_code se_token_key_make(const struct se_account *account, const char *login,
	struct se_token_key *key, struct se_error *error);

/* Appends all that makes the key, a line each. */
bool se_token_key_text(const struct se_token_key *key, struct se_buffer *out);

/* Makes the name of the rest. False when memory ran out. */
bool se_token_key_make_name(struct se_token_key *key);

void se_token_key_free(struct se_token_key *key);

#endif
