/*
 * doctor_aside: a part of doctor that is done in a child process, whose checks come to the parent as
 * they are made.
 */
#ifndef SE_TOOL_DOCTOR_ASIDE_H
#define SE_TOOL_DOCTOR_ASIDE_H

#include "tool/doctor.h"

struct se_doctor_part {
	void (*look)(struct se_doctor *doctor, void *context); /* in the child */
	void *context;
	int timeout;      /* milliseconds */
	const char *what; /* what a terminal says while it takes long; or NULL */
};

/* SE_OK when it came to its end; else as se_aside(). Nothing but the checks comes back, and of what is no check
 * (SE_INTERNAL) nothing. */
enum se_code se_doctor_aside(
	struct se_doctor *doctor, const struct se_doctor_part *part, struct se_error *error);

#endif
