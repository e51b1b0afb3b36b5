/*
 * fetch_once: one token for one account, asked for and waited for: no store, no lock, no memory.
 * For the tool, which wants to know what the tenant says to a credential.
 */
#ifndef SE_ENGINE_FETCH_ONCE_H
#define SE_ENGINE_FETCH_ONCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/world.h"
#include "engine/answer.h"
#include "engine/config.h"

/* Asks for an app-only token until `deadline` (monotonic ms); a signal does not end it. `login` is
 * for messages. SE_OK and `grant`, to be freed by the caller; else `error`, and `grant` is empty.
 * `environment`: this process may believe its environment (managed_identity.h). */
enum se_code se_fetch_once(const struct se_account *account, const char *login, bool environment,
	const struct se_world *world, int64_t deadline, struct se_grant *grant,
	struct se_error *error);

#endif
