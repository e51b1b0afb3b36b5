/*
 * directory: walks an absolute path from "/" and judges every directory on the way by its
 * descriptor, those that hold a link and those that a link leads through as well. For file,
 * file_replace and client; everybody else wants core/file.h. directory_plain.c has the short way.
 */
#ifndef SE_CORE_DIRECTORY_H
#define SE_CORE_DIRECTORY_H

#include <stdbool.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/error.h"

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

/* What the path leads to. */
enum se_way_end {
	SE_WAY_FILE,       /* a regular file, opened for reading; links are followed */
	SE_WAY_STATE_FILE, /* the same, but the file itself is no link */
	SE_WAY_DIRECTORY,  /* a directory that is no link, opened for reading */
	SE_WAY_SEARCH      /* the same, opened only to find something in it */
};

/* What was found there. */
struct se_way {
	int fd;
	struct stat status;
	char shown[PATH_MAX]; /* its path, every link resolved */
};

/* What the error says, before the user's number, of what this process may not read or enter. */
#define SE_WAY_DENIED "cannot be opened by uid"

/* Opens what is at `path`; the caller closes way->fd. SE_ABSENT when a component does not exist
 * or may not be entered or read; SE_CONFIG when one breaks the rule. way->fd is -1 then. */
enum se_code
se_way_open(const char *path, enum se_way_end end, struct se_way *way, struct se_error *error);

/* Whether only who is trusted can change what lies in that directory, so that what is seen at its paths
 * stays. */
bool se_directory_is_safe(const struct stat *status);

/* Whether se_way_open() would find a directory at the first `len` bytes of `path` that is no link and
 * that only root and we can put entries into, and pass no link on the way: looked up by its paths, which
 * is a call of the system a component. Each directory is judged before what lies in it is looked at, so
 * that nobody else can have changed that in between; "/" is left out where se_directory_is_safe() has said
 * so before. False means nothing: se_way_open() knows, and says why. */
bool se_way_is_plain(const char *path, size_t len, bool root_is_safe);

/* Root or the effective user; root's group or the effective group. */
bool se_owner_trusted(uid_t owner);
bool se_group_trusted(gid_t group);

/* Whether someone who is not trusted may write to what is open at `fd`, by its mode or an ACL: for a
 * directory to put entries into it, sticky or not. */
bool se_writable_by_others(int fd, const struct stat *status);

/* The path of NAME in an open directory, for messages: NAME alone where the system cannot say. */
void se_path_in(int directory, const char *name, char *path, size_t size);

#endif
