/*
 * file: files are opened first and judged by their descriptor, every directory on the way as
 * well; they are read up to a limit, and replaced so that a reader sees the old content or the
 * new, whatever happens in between.
 */
#ifndef SE_CORE_FILE_H
#define SE_CORE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buffer.h"
#include "core/error.h"

/* Who may have touched a file that is read, and who may read it. "Ours": the effective user. A
 * directory may be writable by others only if it is sticky and what is in it is root's or ours;
 * a group may write or read where it is root's or our effective group. So may whom a POSIX ACL
 * names: root, us, those groups, and nobody else; a state file has none that gives anything. */
enum se_file_rule {
	SE_FILE_CONFIG, /* root's or ours, links followed; anyone may read it */
	SE_FILE_SECRET, /* root's or ours, links followed; nobody else may read it */
	SE_FILE_STATE   /* ours, no link, mode 0600 */
};

/* What tells one content of a file from another without reading it. All zero: no such file. */
struct se_file_id {
	dev_t device;
	ino_t inode;
	off_t size;
	int64_t changed_ns; /* mtime, nanoseconds */
};

/* Reads a whole file of at most `out->max` bytes into `out` (initialised by the caller, who
 * frees it). `id` may be NULL. SE_CONFIG with a sentence that names the path and what to type
 * when the file is missing, a directory, too large, or its owner or mode breaks the rule; SE_AGAIN
 * where that it cannot be read may pass by itself. */
enum se_code se_file_read(const char *path, enum se_file_rule rule, struct se_buffer *out,
	struct se_file_id *id, struct se_error *error);

/* Whether the content is the same, as far as ids can tell. */
bool se_file_same(const struct se_file_id *a, const struct se_file_id *b);

/* Only the id; false (and a zeroed id) when there is no such file. Follows links. */
bool se_file_identify(const char *path, struct se_file_id *id);

/* Sees to it that a file that somebody has just written, maybe by replacing another one, outlasts a
 * crash: the file and its directory are fsynced. SE_AGAIN when the disk says no; else as above. */
enum se_code se_file_settle(const char *path, struct se_error *error);

/* Opens a directory through `path` (absolute), each component judged as above (for sockets and
 * state). Returns a descriptor (O_PATH-free, usable by openat, fsync) or -1 with `error` set;
 * SE_ABSENT when a component does not exist or may not be entered, SE_AGAIN where it may pass. */
int se_directory_open(const char *path, struct se_error *error);

/* Reads NAME in an open directory under SE_FILE_STATE; SE_ABSENT when it is not there, otherwise
 * as above; SE_AGAIN also where no descriptor is left for it. */
enum se_code
se_file_read_at(int directory, const char *name, struct se_buffer *out, struct se_error *error);

/* Replaces NAME in an open directory by `len` bytes, mode 0600: an exclusive temporary file,
 * written, read back, fsynced, renamed, the directory fsynced. On any error the temporary file
 * is removed and NAME is what it was, but for a directory that could not be fsynced: NAME then is
 * the new one, and the text says so. SE_CONFIG where an operator must change owner, mode or place,
 * SE_AGAIN for a full disk and the like. A crash may leave a file ".NAME." and 16 hex digits. */
enum se_code se_file_replace(
	int directory, const char *name, const void *data, size_t len, struct se_error *error);

/* Whether that would work by now: all of it but the renaming is done, and undone. */
enum se_code se_file_try_replace(
	int directory, const char *name, const void *data, size_t len, struct se_error *error);

/* fsync(2), again where a signal has interrupted it. False with errno. */
bool se_file_sync(int fd);

/* The same for a directory. A file system that cannot do that (EINVAL) is no failure. */
bool se_directory_sync(int directory);

#endif
