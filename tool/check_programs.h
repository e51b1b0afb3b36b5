/*
 * check_programs: mail programs of this machine in which a token of Entra's does not fit.
 */
#ifndef SE_TOOL_CHECK_PROGRAMS_H
#define SE_TOOL_CHECK_PROGRAMS_H

#include "tool/findings.h"

/* Adds a warning for each that is installed. */
void se_check_programs(struct se_findings *findings);

#endif
