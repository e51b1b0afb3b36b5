#include "tool/doctor.h"

void
se_doctor_postfix(struct se_doctor *doctor)
{
	(void)doctor;
}
