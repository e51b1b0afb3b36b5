#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/file.h"

#include "tool/install_file.h"
#include "tool/journal_copy.h"

enum { COPY_MAX = 64 << 20, HEX_DIGITS = 16 };

/* A name in an open directory. */
struct spot {
	int directory;
	const char *name;
	const char *shown;
};

static enum se_code
refuse(const struct spot *spot, const char *what, struct se_error *error)
{
	const int cause = errno;

	return se_error_set(error, cause == ENOENT ? SE_ABSENT : se_code_of_errno(cause),
		"%s cannot be %s: %s", spot->shown, what, strerror(cause));
}

static enum se_code
open_parent(const char *path, struct spot *spot, struct se_error *error)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];

	spot->shown = path;
	spot->name = slash + 1;
	(void)snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
	spot->directory =
		open(directory[0] != '\0' ? directory : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return spot->directory >= 0 ? SE_OK : refuse(spot, "reached", error);
}

/* What a crash leaves of a write: se_install_file()'s, and ".NAME." with 16 hex digits of
 * se_file_replace(). */
static bool
is_left_over(const char *found, const char *name)
{
	const size_t len = strlen(name);

	if (strcmp(found, SE_INSTALL_TEMPORARY) == 0)
		return true;
	return found[0] == '.' && strncmp(found + 1, name, len) == 0 && found[len + 1] == '.' &&
	       strlen(found + len + 2) == HEX_DIGITS &&
	       strspn(found + len + 2, "0123456789abcdef") == HEX_DIGITS;
}

static void
sweep(const struct spot *spot)
{
	const struct dirent *found;
	int fd = openat(spot->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;

	if (directory == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((found = readdir(directory)) != NULL)
		if (is_left_over(found->d_name, spot->name))
			(void)unlinkat(spot->directory, found->d_name, 0);
	(void)closedir(directory);
}

static bool
set_time(const struct spot *spot, const struct stat *status)
{
	const struct timespec times[2] = {status->st_atim, status->st_mtim};

	return utimensat(spot->directory, spot->name, times, AT_SYMLINK_NOFOLLOW) == 0;
}

static enum se_code
copy_link(const struct spot *from, const struct spot *to, const struct stat *status,
	struct se_error *error)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(from->directory, from->name, target, sizeof(target) - 1);

	if (len < 0)
		return refuse(from, "read", error);
	target[len] = '\0';
	if (unlinkat(to->directory, to->name, 0) != 0 && errno != ENOENT)
		return refuse(to, "replaced", error);
	if (symlinkat(target, to->directory, to->name) != 0 ||
		fchownat(to->directory, to->name, status->st_uid, status->st_gid,
			AT_SYMLINK_NOFOLLOW) != 0)
		return refuse(to, "made", error);
	(void)set_time(to, status);
	return SE_OK;
}

static enum se_code
read_all(int fd, const struct spot *from, struct se_buffer *out, struct se_error *error)
{
	for (;;) {
		char *room = se_buffer_room(out, 65536);
		ssize_t n;

		if (room == NULL)
			return se_error_set(
				error, SE_CONFIG, "%s is too large to be kept", from->shown);
		n = read(fd, room, 65536);
		if (n == 0)
			return SE_OK;
		if (n < 0 && errno != EINTR)
			return refuse(from, "read", error);
		se_buffer_grown(out, n > 0 ? (size_t)n : 0);
	}
}

static enum se_code
copy_file(const struct spot *from, const struct spot *to, struct se_error *error)
{
	struct se_file_look look;
	struct se_buffer data;
	struct stat status;
	enum se_code code;
	int fd =
		openat(from->directory, from->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) != 0) {
		code = refuse(from, "read", error);
		if (fd >= 0)
			(void)close(fd);
		return code;
	}
	memset(&look, 0, sizeof(look));
	look.uid = status.st_uid;
	look.gid = status.st_gid;
	look.mode = status.st_mode & 07777;
	look.list_len = se_acl_save(from->directory, from->name, look.list, sizeof(look.list));
	se_buffer_init(&data, COPY_MAX);
	code = read_all(fd, from, &data, error);
	(void)close(fd);
	if (code == SE_OK)
		code = se_install_file(to->directory, to->name, &look, data.data, data.len, error);
	if (code == SE_OK && !set_time(to, &status))
		code = refuse(to, "given its time", error);
	se_buffer_free(&data);
	return code;
}

static enum se_code
copy(const struct spot *from, const struct spot *to, struct se_error *error)
{
	struct stat status;

	if (fstatat(from->directory, from->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return refuse(from, "looked at", error);
	if (S_ISLNK(status.st_mode))
		return copy_link(from, to, &status, error);
	if (!S_ISREG(status.st_mode))
		return se_error_set(error, SE_CONFIG, "%s is no file", from->shown);
	return copy_file(from, to, error);
}

enum se_code
se_copy_out(const char *path, int directory, const char *name, struct se_error *error)
{
	const struct spot to = {directory, name, "the journal's copy"};
	struct spot from;
	enum se_code code = open_parent(path, &from, error);

	if (code != SE_OK)
		return code;
	code = copy(&from, &to, error);
	(void)close(from.directory);
	return code;
}

enum se_code
se_copy_back(int directory, const char *name, const char *path, struct se_error *error)
{
	const struct spot from = {directory, name, "the journal's copy"};
	struct spot to;
	enum se_code code = open_parent(path, &to, error);

	if (code == SE_OK) {
		sweep(&to);
		code = copy(&from, &to, error);
		if (code == SE_OK && !se_directory_sync(to.directory))
			code = refuse(&to, "made to last", error);
		(void)close(to.directory);
	}
	if (code != SE_OK)
		se_error_about(error, path);
	return code == SE_ABSENT ? SE_CONFIG : code;
}

enum se_code
se_copy_remove(const char *path, struct se_error *error)
{
	struct spot spot;
	enum se_code code = open_parent(path, &spot, error);

	if (code != SE_OK)
		return code == SE_ABSENT ? SE_OK : code;
	sweep(&spot);
	if (unlinkat(spot.directory, spot.name, 0) != 0 && errno != ENOENT)
		code = refuse(&spot, "removed", error);
	else if (!se_directory_sync(spot.directory))
		code = refuse(&spot, "removed for good", error);
	(void)close(spot.directory);
	return code;
}
