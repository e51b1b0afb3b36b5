/*
 * journal_copy: copies of a file, or of a symbolic link, that keep its owner, mode, ACL and time.
 */
#ifndef SE_TOOL_JOURNAL_COPY_H
#define SE_TOOL_JOURNAL_COPY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "core/acl.h"
#include "core/buffer.h"
#include "core/error.h"

/* One in memory, so that whoever may read it need not be who may write it. */
struct se_copy {
	struct stat status;
	size_t list_len; /* of the ACL; 0: none */
	unsigned char list[SE_ACL_BYTES_MAX];
	struct se_buffer data; /* where it leads, of a link */
};

/* Reads NAME in the directory; `copy` is for se_copy_free(), also after an error. */
enum se_code
se_copy_take(int directory, const char *name, struct se_copy *copy, struct se_error *error);
void se_copy_free(struct se_copy *copy);

/* Removes what crashes left of writing what is at `path`. */
void se_copy_sweep(const char *path);

/* Makes that of what is at `path`, in one step, whatever is there, and removes what crashes left. */
enum se_code se_copy_put(const struct se_copy *copy, const char *path, struct se_error *error);

/* Copies what is at `path` to NAME in the directory. SE_ABSENT: nothing is there. */
enum se_code se_copy_out(const char *path, int directory, const char *name, struct se_error *error);

/* And back, as se_copy_put() does. */
enum se_code
se_copy_back(int directory, const char *name, const char *path, struct se_error *error);

/* Removes the files of the directory whose names are such. */
typedef bool se_copy_is(const char *name, const void *context);
void se_copy_remove_those(int directory, se_copy_is *is, const void *context);

/* Removes a file; none is fine. */
enum se_code se_copy_remove(const char *path, struct se_error *error);

#endif
