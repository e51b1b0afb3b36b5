/*
 * request: the form that asks a token endpoint for an access token.
 * Source: Microsoft, "OAuth 2.0 client credentials flow" and "authorization code flow" (refresh);
 * RFC 6749 sections 4.4.2 and 6.
 */
#ifndef SE_ENGINE_REQUEST_H
#define SE_ENGINE_REQUEST_H

#include "core/error.h"
#include "core/secret.h"
#include "engine/config.h"

/* Builds the form of the account's grant: client_credentials for an app-only account, else
 * refresh_token. Reads the credential anew. `refresh_token` may be NULL for app-only. The caller
 * frees *form. */
enum se_code se_request_form(const struct se_account *account,
	const struct se_secret *refresh_token, struct se_secret **form, struct se_error *error);

#endif
