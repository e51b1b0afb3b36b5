/*
 * derive_environment: `federated_token_file`, and with `env` what Azure's workload identity webhook
 * puts into a pod's environment.
 * Source: Azure Workload Identity, "Quick start" (AZURE_TENANT_ID, AZURE_CLIENT_ID,
 * AZURE_AUTHORITY_HOST, AZURE_FEDERATED_TOKEN_FILE).
 */
#ifndef SE_ENGINE_DERIVE_ENVIRONMENT_H
#define SE_ENGINE_DERIVE_ENVIRONMENT_H

#include <stdbool.h>

#include "engine/arena.h"
#include "engine/config.h"

/* Fills in what the account leaves to the environment; says in account->unusable what is missing
 * there. False when memory ran out. */
bool se_derive_environment(struct se_account *account, struct se_arena *arena);

#endif
