/*
 * assertion: a client assertion, a JWT that says who the app is, signed with its certificate's key.
 * Source: Microsoft, "Certificate credentials for application authentication"; RFC 7523 section 3;
 * RFC 7515 section 7.1.
 */
#ifndef SE_ENGINE_ASSERTION_H
#define SE_ENGINE_ASSERTION_H

#include "core/error.h"
#include "core/secret.h"
#include "core/world.h"
#include "engine/config.h"
#include "engine/crypto_certificate.h"
#include "engine/crypto_key.h"

enum { SE_ASSERTION_SECONDS = 600 }; /* how long one is good; MSAL's choice */

/* For the account's token endpoint, PS256 with x5t#S256; RS256 with x5t where the key cannot do
 * that. The caller frees *assertion. */
enum se_code se_assertion_make(const struct se_account *account, const struct se_world *world,
	const struct se_private_key *key, const struct se_certificate_facts *facts,
	struct se_secret **assertion, struct se_error *error);

#endif
