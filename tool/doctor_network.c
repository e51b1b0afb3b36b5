#include "tool/doctor.h"

void
se_doctor_network(struct se_doctor *doctor)
{
	(void)doctor;
}
