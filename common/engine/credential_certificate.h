/*
 * credential_certificate: `credential = certificate`, a signed statement (client assertion) that
 * this is the app, made anew for each request.
 * Source: Microsoft, "Certificate credentials for application authentication"; RFC 7523 section 3;
 * RFC 7515; RFC 7518 section 3.5 (PS256).
 */
#ifndef SE_ENGINE_CREDENTIAL_CERTIFICATE_H
#define SE_ENGINE_CREDENTIAL_CERTIFICATE_H

#include "core/error.h"
#include "core/secret.h"
#include "core/world.h"
#include "engine/config.h"

/* Reads the account's certificate and private key, anew each time, and signs an assertion for its
 * token endpoint. The caller frees *assertion. */
enum se_code se_credential_certificate_assert(const struct se_account *account,
	const struct se_world *world, struct se_secret **assertion, struct se_error *error);

#endif
