/*
 * doctor_aside: a part of doctor that is done in a child process, whose checks come to the parent as
 * they are made.
 */
#ifndef SE_TOOL_DOCTOR_ASIDE_H
#define SE_TOOL_DOCTOR_ASIDE_H

#include "tool/doctor.h"

/* SE_OK when it came to its end; else as se_aside(). Nothing but the checks comes back. `what` may be
 * NULL: what a terminal says while it takes long. */
enum se_code se_doctor_aside(struct se_doctor *doctor, void (*look)(struct se_doctor *doctor),
	int timeout, const char *what, struct se_error *error);

#endif
