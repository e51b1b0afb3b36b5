/*
 * journal_copy: copies of a file, or of a symbolic link, that keep its owner, mode, ACL and time.
 */
#ifndef SE_TOOL_JOURNAL_COPY_H
#define SE_TOOL_JOURNAL_COPY_H

#include "core/error.h"

/* Copies what is at `path` to NAME in the directory. SE_ABSENT: nothing is there. */
enum se_code se_copy_out(const char *path, int directory, const char *name, struct se_error *error);

/* And back, in one step, in place of whatever is there. */
enum se_code
se_copy_back(int directory, const char *name, const char *path, struct se_error *error);

/* Removes a file; none is fine. */
enum se_code se_copy_remove(const char *path, struct se_error *error);

#endif
