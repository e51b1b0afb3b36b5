/*
 * rules_credential: which keys a type of credential needs and takes.
 */
#ifndef SE_ENGINE_RULES_CREDENTIAL_H
#define SE_ENGINE_RULES_CREDENTIAL_H

#include "engine/config.h"
#include "engine/report.h"

/* Values are valid one by one, and defaults are filled in. */
void se_rules_check_credential(const struct se_account *account, struct se_report *report);

#endif
