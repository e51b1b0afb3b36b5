/*
 * credential_certificate: `credential = certificate`, a signed statement (client assertion) that
 * this is the app, made anew for each request.
 * Source: Microsoft, "Certificate credentials for application authentication"; RFC 7523 section 3;
 * RFC 7515; RFC 7518 section 3.5 (PS256).
 */
#ifndef SE_ENGINE_CREDENTIAL_CERTIFICATE_H
#define SE_ENGINE_CREDENTIAL_CERTIFICATE_H

#include <stdbool.h>

#include "core/error.h"
#include "core/secret.h"
#include "core/world.h"
#include "engine/config.h"
#include "engine/crypto_certificate.h"

enum { SE_CERTIFICATE_WARN_EVERY = 86400 }; /* seconds between two warnings in a log */

/* Reads the account's certificate and private key, anew each time, and signs an assertion for its
 * token endpoint. SE_CONFIG also when the certificate has expired or is not valid yet. The caller
 * frees *assertion. */
enum se_code se_credential_certificate_assert(const struct se_account *account,
	const struct se_world *world, struct se_secret **assertion, struct se_error *error);

/* The same judgement without an assertion, and what the certificate is: for people. `facts` is
 * zeroed on error, unless it is only the dates that are wrong. *about, unless NULL, is the key of the
 * configuration whose value an error is about. */
enum se_code
se_credential_certificate_look(const struct se_account *account, const struct se_world *world,
	struct se_certificate_facts *facts, enum se_key *about, struct se_error *error);

/* Whether the certificate ends within 60 days, and then a sentence in `text` with the day and what
 * to do; it becomes more urgent 30 and 7 days before. Nothing for one that has ended. */
bool se_credential_certificate_ends(const struct se_account *account,
	const struct se_certificate_facts *facts, const struct se_world *world, char *text,
	size_t size);

/* The same for an account with any credential, whose files are read for it: to be called once a
 * token has been got, at most every SE_CERTIFICATE_WARN_EVERY seconds for a token key. False also
 * where the certificate cannot be read, which the next request will say. */
bool se_credential_certificate_warning(
	const struct se_account *account, const struct se_world *world, char *text, size_t size);

#endif
