/*
 * doctor_network: the parts of doctor's section Network.
 */
#ifndef SE_TOOL_DOCTOR_NETWORK_H
#define SE_TOOL_DOCTOR_NETWORK_H

#include <stdbool.h>

#include "tool/doctor.h"

/* Whether the host of an address, or one that is named alone, has an address itself. The first time it is
 * looked up, and what came of it is a check. */
bool se_doctor_name_is_found(struct se_doctor *doctor, const char *url);

#endif
