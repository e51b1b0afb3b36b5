/*
 * keep_sign_in: a refresh token made elsewhere becomes what is kept under a token key.
 */
#ifndef SE_TOOL_KEEP_SIGN_IN_H
#define SE_TOOL_KEEP_SIGN_IN_H

#include <stdbool.h>

#include "core/error.h"
#include "core/secret.h"

#include "tool/place.h"

/* When a sign-in that takes the place of `before` was made: now, but always later than that one. */
int64_t se_sign_in_time(const struct se_state *before);

/* `token`, which it takes, becomes the state's: the token in hand was another sign-in's; it goes, and so
 * does the memory of errors. False: it was that one already, and there was no failure to forget. */
bool se_sign_in_replace(struct se_state *state, struct se_secret *token);

/* Takes the key's lock and `token`, whatever happens. *changed: it was another one, or there was a
 * failure to forget. */
enum se_code se_keep_sign_in(
	struct se_place *place, struct se_secret *token, bool *changed, struct se_error *error);

#endif
