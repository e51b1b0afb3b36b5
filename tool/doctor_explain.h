/*
 * doctor_explain: what an access token says of itself, beside what Exchange needs to see.
 */
#ifndef SE_TOOL_DOCTOR_EXPLAIN_H
#define SE_TOOL_DOCTOR_EXPLAIN_H

#include <stdint.h>

#include "tool/doctor.h"

/* Only decodes, never verifies. */
void
se_doctor_explain(struct se_doctor *doctor, struct se_doctor_token *token, uint32_t seconds_left);

#endif
