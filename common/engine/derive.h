/*
 * derive: fills in what an account leaves out, and what follows from its values.
 */
#ifndef SE_ENGINE_DERIVE_H
#define SE_ENGINE_DERIVE_H

#include <stdbool.h>

#include "engine/arena.h"
#include "engine/report.h"

/* Values that are absent get their defaults. `system_wide`: it is the system's configuration, not
 * a user's. */
void se_derive_defaults(struct se_account *account, bool system_wide);

/* The derived members, from values that are valid. Reports users and groups of `allow` that do
 * not exist. False when memory ran out. */
bool se_derive(struct se_account *account, struct se_arena *arena, struct se_report *report);

#endif
