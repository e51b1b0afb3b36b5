#include "tool/doctor.h"

void
se_doctor_plugin(struct se_doctor *doctor)
{
	(void)doctor;
}
