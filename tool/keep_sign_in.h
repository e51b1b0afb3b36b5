/*
 * keep_sign_in: a refresh token made elsewhere becomes what is kept under a token key.
 */
#ifndef SE_TOOL_KEEP_SIGN_IN_H
#define SE_TOOL_KEEP_SIGN_IN_H

#include <stdbool.h>

#include "core/error.h"
#include "core/secret.h"

#include "tool/place.h"

/* Takes the key's lock and `token`, whatever happens. *changed: it was another one, or there was a
 * failure to forget. */
enum se_code se_keep_sign_in(
	struct se_place *place, struct se_secret *token, bool *changed, struct se_error *error);

#endif
