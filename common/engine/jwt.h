/*
 * jwt: looks into an access token to explain it, never to judge it: tokens are opaque to clients
 * (Microsoft, "Access tokens in the Microsoft identity platform").
 */
#ifndef SE_ENGINE_JWT_H
#define SE_ENGINE_JWT_H

#include <stdbool.h>

#include "core/secret.h"
#include "engine/json.h"

/* The claims of a token that is a JWT, not verified, to be freed by the caller; NULL when it is
 * none, errno then EINVAL, or when memory ran out, errno then ENOMEM. */
struct se_json *se_jwt_claims(const struct se_secret *token);

/* Whether the token is a JWT without a claim `roles`. */
bool se_jwt_is_roleless(const struct se_secret *token);

#endif
