/*
 * install_file: files put into a directory for another user to read, by root too: whoever owns the
 * directory cannot make root write or chown something else.
 */
#ifndef SE_TOOL_INSTALL_FILE_H
#define SE_TOOL_INSTALL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/acl.h"
#include "core/error.h"

/* What a file is called until it is complete; a crash may leave it. */
#define SE_INSTALL_TEMPORARY ".sasl-entra.new"

struct se_file_look {
	uid_t uid;
	gid_t gid;
	mode_t mode;
	size_t list_len; /* 0: no ACL; else `mode` has its mask in place of the group's rights */
	unsigned char list[SE_ACL_BYTES_MAX];
};

/* Opens the directory that `path`, an absolute one, is in, by the rule of core/file.h; *name becomes what
 * it is called there. -1 with `error`, which is SE_CONFIG also where there is none. */
int se_install_open_parent(const char *path, const char **name, struct se_error *error);

/* Replaces NAME in an open directory: a new file of that look, written, fsynced, renamed, the
 * directory fsynced. SE_CONFIG when that cannot be, SE_AGAIN where it may pass; NAME then is what it
 * was, but for a directory that could not be fsynced, which the text says. */
enum se_code se_install_file(int directory, const char *name, const struct se_file_look *look,
	const void *data, size_t len, struct se_error *error);

/* Lets `copy` stand for the same file as `name`, in place of whatever was there. */
enum se_code
se_install_link(int directory, const char *name, const char *copy, struct se_error *error);

/* Renames, in place of whatever was there. */
enum se_code
se_install_rename(int directory, const char *from, const char *to, struct se_error *error);

/* Whether there is something of that name, a link that leads nowhere, too. */
bool se_install_exists(int directory, const char *name);

#endif
