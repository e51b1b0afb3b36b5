/*
 * allow: the user and group names of `allow`, turned into numbers once, when the configuration is
 * loaded: no request waits for a name service.
 */
#ifndef SE_ENGINE_ALLOW_H
#define SE_ENGINE_ALLOW_H

#include <stdbool.h>

#include "engine/arena.h"
#include "engine/report.h"

/* Fills the allow_ members. Names that do not exist are reported. False when memory ran out. */
bool se_allow_resolve(struct se_account *account, struct se_arena *arena, struct se_report *report);

#endif
