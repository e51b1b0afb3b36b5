/*
 * state_dir: where tokens are kept.
 */
#ifndef SE_ENGINE_STATE_DIR_H
#define SE_ENGINE_STATE_DIR_H

#include <stdbool.h>

#include "core/error.h"
#include "engine/config.h"
#include "engine/engine.h"
#include "engine/store.h"

/* The state directory of an engine in that role: as configured; else the agent's for the
 * system's agent and for a tool that acts for the system; else the person's $XDG_STATE_HOME/sasl-entra. NULL: a
 * service user in-process, whose tokens live in memory; or, with errno ENOMEM, memory ran out. The
 * caller frees it. */
char *se_state_dir(const struct se_config *config, enum se_role role, bool users_own);

/* Opens the store there, sealed as configured, making a person's directories where they are missing.
 * The key is read when it is needed. */
struct se_store *
se_state_dir_open(const char *path, const struct se_config *config, struct se_error *error);

#endif
