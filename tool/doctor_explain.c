#include "tool/doctor_explain.h"

void
se_doctor_explain(
	struct se_doctor *doctor, const struct se_doctor_token *token, uint32_t seconds_left)
{
	(void)doctor;
	(void)token;
	(void)seconds_left;
}
