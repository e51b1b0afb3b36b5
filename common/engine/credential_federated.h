/*
 * credential_federated: `credential = federated`, a token of another issuer that stands for the
 * app. The issuer replaces the file before the token in it ends.
 * Source: Microsoft, "Workload identity federation"; RFC 7523 section 3.
 */
#ifndef SE_ENGINE_CREDENTIAL_FEDERATED_H
#define SE_ENGINE_CREDENTIAL_FEDERATED_H

#include "core/error.h"
#include "core/secret.h"
#include "engine/config.h"

enum { SE_FEDERATED_TOKEN_MAX = 32768 }; /* bytes of the file */

/* Reads the account's federated token file, anew each time. The caller frees *assertion. */
enum se_code se_credential_federated_read(
	const struct se_account *account, struct se_secret **assertion, struct se_error *error);

#endif
