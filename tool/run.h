/*
 * run: a program of the system that answers a question (postconf, postmap, diff, gpg), or does one
 * thing, within a time and a size.
 */
#ifndef SE_TOOL_RUN_H
#define SE_TOOL_RUN_H

#include <stddef.h>

#include "core/buffer.h"
#include "core/error.h"

enum { SE_RUN_MS = 30000 };

struct se_run {
	const char *const *argv; /* argv[0] is a path, or a name that is looked for in the usual
	                            directories and in $PATH; NULL-terminated */
	const void *input;       /* its stdin; NULL: nothing */
	size_t input_len;
	struct se_buffer *output;       /* its stdout; NULL: dropped */
	struct se_buffer *errors;       /* its stderr; NULL: dropped */
	int timeout;                    /* milliseconds; 0: SE_RUN_MS */
	const char *const *environment; /* NAME=VALUE..., NULL-terminated, in place of ours; NULL: a
	                                   clean one (PATH, LC_ALL=C, HOME, TERM) */
};

/* SE_OK with *status, its exit code (128 + N when signal N ended it). SE_ABSENT: there is no such
 * program; SE_CONFIG: it cannot be run; SE_AGAIN: it took too long and was ended; output that
 * does not fit fails its buffer. */
enum se_code se_run(const struct se_run *run, int *status, struct se_error *error);

/* The path of a program, from the usual directories and $PATH; NULL: not there. The caller frees it. */
char *se_run_find(const char *name);

#endif
