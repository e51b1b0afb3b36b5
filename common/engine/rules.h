/*
 * rules: what holds between the keys of one account, and between accounts.
 */
#ifndef SE_ENGINE_RULES_H
#define SE_ENGINE_RULES_H

#include <stdbool.h>

#include "engine/arena.h"
#include "engine/report.h"

/* Judges an account whose values are valid one by one, and whose defaults are filled in. */
void se_rules_check(const struct se_account *account, struct se_report *report);

/* The one rule that holds for an account whose other values are wrong as well: a client id is a
 * GUID where Microsoft gave it. */
void se_rules_check_client_id(const struct se_account *account, struct se_report *report);

/* Sorts the login names of all accounts, and reports those that two accounts match equally well.
 * False when memory ran out. */
bool
se_rules_check_ties(struct se_config *config, struct se_arena *arena, struct se_report *report);

#endif
