/*
 * credential_secret: `credential = secret`, a client secret in a file of its own.
 */
#ifndef SE_ENGINE_CREDENTIAL_SECRET_H
#define SE_ENGINE_CREDENTIAL_SECRET_H

#include <stdbool.h>

#include "core/error.h"
#include "core/secret.h"
#include "engine/config.h"

enum { SE_CLIENT_SECRET_MAX = 4096 }; /* bytes of the file */

/* Reads the account's client_secret_file, anew each time. One line end at the end of the file is
 * not part of the secret. The caller frees *secret. */
enum se_code se_credential_secret_read(
	const struct se_account *account, struct se_secret **secret, struct se_error *error);

/* Whether the text is a GUID: the portal shows a secret's ID beside its value, and the ID is
 * what people paste. */
bool se_credential_secret_is_id(const struct se_secret *secret);

#endif
