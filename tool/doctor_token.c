#include "tool/doctor.h"

void
se_doctor_token(struct se_doctor *doctor)
{
	(void)doctor;
}
