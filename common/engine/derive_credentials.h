/*
 * derive_credentials: values cred:NAME, each the file that systemd, or another service manager that
 * sets $CREDENTIALS_DIRECTORY, gives this process under that name.
 * Source: systemd.exec(5), "LoadCredential=".
 */
#ifndef SE_ENGINE_DERIVE_CREDENTIALS_H
#define SE_ENGINE_DERIVE_CREDENTIALS_H

#include <stdbool.h>

#include "engine/arena.h"
#include "engine/config.h"

/* Puts the file's path in the place of each such value; says in account->unusable that this process
 * has been given none. False when memory ran out. */
bool se_derive_credentials(struct se_account *account, struct se_arena *arena);

/* The same for one value. *unusable is set where this process has been given none, to what follows
 * "[SECTION] ". Any other value is left alone. */
bool se_derive_credential(
	enum se_key key, struct se_value *value, struct se_arena *arena, const char **unusable);

#endif
