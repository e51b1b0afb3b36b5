/*
 * exit_code: how the tool ends, in one table that --help prints and the man page repeats.
 */
#ifndef SE_TOOL_EXIT_CODE_H
#define SE_TOOL_EXIT_CODE_H

#include <stdio.h>

#include "core/error.h"

enum {
	SE_EXIT_OK = 0,
	SE_EXIT_FAILED = 1,
	SE_EXIT_USAGE = 2,
	SE_EXIT_CHANGED = 10,     /* in place of SE_EXIT_OK, for those who ask for it */
	SE_EXIT_AGAIN = 75,       /* sysexits: EX_TEMPFAIL */
	SE_EXIT_INTERRUPTED = 130 /* as a shell has it for SIGINT */
};

int se_exit_code(enum se_code code);

/* Says what went wrong on stderr; returns the exit code for it. */
int se_exit_error(const struct se_error *error);

/* Prints the table. */
void se_exit_help(FILE *out);

#endif
