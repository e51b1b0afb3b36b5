/*
 * doctor_explain: what an access token says of itself, beside what Exchange needs to see.
 */
#ifndef SE_TOOL_DOCTOR_EXPLAIN_H
#define SE_TOOL_DOCTOR_EXPLAIN_H

#include <stdint.h>

#include "engine/json.h"

#include "tool/doctor.h"

/* Only decodes, never verifies. */
void
se_doctor_explain(struct se_doctor *doctor, struct se_doctor_token *token, uint32_t seconds_left);

/* What it permits. An app whose token has no permission may still have a role of Exchange's own: nothing is said
 * of it until a server has been asked. */
void se_doctor_permissions(
	struct se_doctor *doctor, struct se_doctor_token *token, const struct se_json *claims);

/* Of those, after the logins. */
void se_doctor_roleless(struct se_doctor *doctor);

#endif
