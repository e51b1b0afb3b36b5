#include "tool/doctor.h"

void
se_doctor_agent(struct se_doctor *doctor)
{
	(void)doctor;
}
