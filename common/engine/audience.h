/*
 * audience: whether an access token is for the servers that it will be sent to. Exchange Online says
 * "535 5.7.3 Authentication unsuccessful" to one for Microsoft Graph, and no more.
 */
#ifndef SE_ENGINE_AUDIENCE_H
#define SE_ENGINE_AUDIENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/secret.h"
#include "engine/config.h"

/* True if the token names another resource (claim `aud`) than those of the account's provider and
 * cloud; `audience` then is that, cut to `size` and cleaned. Looks only where the account writes its
 * own `scope`, and into tokens that are JWTs. */
bool se_audience_is_foreign(const struct se_account *account, const struct se_secret *token,
	char *audience, size_t size);

/* Whether a claim `aud` is a resource of the account's provider and cloud. */
bool se_audience_is_known(const struct se_account *account, const char *audience);

#endif
