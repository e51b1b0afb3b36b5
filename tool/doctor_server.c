#include "tool/doctor.h"

void
se_doctor_server(struct se_doctor *doctor)
{
	(void)doctor;
}
