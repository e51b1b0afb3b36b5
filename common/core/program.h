/*
 * program: whether a program of the configuration may be run.
 */
#ifndef SE_CORE_PROGRAM_H
#define SE_CORE_PROGRAM_H

#include "core/error.h"

/* SE_OK if `path` (absolute, links are followed) is a file that we may run, that is root's or ours,
 * like every directory on its way, and that nobody else can write; else SE_CONFIG with a sentence
 * that names it. */
enum se_code se_program_check(const char *path, struct se_error *error);

#endif
