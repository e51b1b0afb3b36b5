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
is_left_over(const char *found, const void *of)
{
	const char *name = of;
	const size_t len = strlen(name);

	if (strcmp(found, SE_INSTALL_TEMPORARY) == 0)
		return true;
	return found[0] == '.' && strncmp(found + 1, name, len) == 0 && found[len + 1] == '.' &&
	       strlen(found + len + 2) == HEX_DIGITS &&
	       strspn(found + len + 2, "0123456789abcdef") == HEX_DIGITS;
}

void
se_copy_remove_those(int directory, se_copy_is *is, const void *context)
{
	const struct dirent *found;
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;

	if (list == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((found = readdir(list)) != NULL)
		if (is(found->d_name, context))
			(void)unlinkat(directory, found->d_name, 0);
	(void)closedir(list);
}

static void
sweep(const struct spot *spot)
{
	se_copy_remove_those(spot->directory, is_left_over, spot->name);
}

static bool
set_time(const struct spot *spot, const struct stat *status)
{
	const struct timespec times[2] = {status->st_atim, status->st_mtim};

	return utimensat(spot->directory, spot->name, times, AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum se_code
take_link(const struct spot *from, struct se_copy *copy, struct se_error *error)
{
	char *target = se_buffer_room(&copy->data, PATH_MAX);
	ssize_t len;

	if (target == NULL)
		return se_error_memory(error);
	len = readlinkat(from->directory, from->name, target, PATH_MAX - 1);
	if (len < 0)
		return refuse(from, "read", error);
	se_buffer_grown(&copy->data, (size_t)len);
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
take_file(const struct spot *from, struct se_copy *copy, struct se_error *error)
{
	enum se_code code;
	int fd =
		openat(from->directory, from->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &copy->status) != 0) {
		code = refuse(from, "read", error);
		if (fd >= 0)
			(void)close(fd);
		return code;
	}
	copy->list_len = se_acl_save(from->directory, from->name, copy->list, sizeof(copy->list));
	code = read_all(fd, from, &copy->data, error);
	(void)close(fd);
	return code;
}

static enum se_code
take(const struct spot *from, struct se_copy *copy, struct se_error *error)
{
	memset(copy, 0, sizeof(*copy));
	se_buffer_init(&copy->data, COPY_MAX);
	if (fstatat(from->directory, from->name, &copy->status, AT_SYMLINK_NOFOLLOW) != 0)
		return refuse(from, "looked at", error);
	if (S_ISLNK(copy->status.st_mode))
		return take_link(from, copy, error);
	if (!S_ISREG(copy->status.st_mode))
		return se_error_set(error, SE_CONFIG, "%s is no file", from->shown);
	return take_file(from, copy, error);
}

enum se_code
se_copy_take(int directory, const char *name, struct se_copy *copy, struct se_error *error)
{
	const struct spot from = {directory, name, "the journal's copy"};

	return take(&from, copy, error);
}

void
se_copy_free(struct se_copy *copy)
{
	se_buffer_free(&copy->data);
}

/* --- writing ---------------------------------------------------------------------------------- */

static enum se_code
put_link(const struct se_copy *copy, const struct spot *to, struct se_error *error)
{
	if (unlinkat(to->directory, to->name, 0) != 0 && errno != ENOENT)
		return refuse(to, "replaced", error);
	if (symlinkat(se_buffer_text(&copy->data), to->directory, to->name) != 0 ||
		fchownat(to->directory, to->name, copy->status.st_uid, copy->status.st_gid,
			AT_SYMLINK_NOFOLLOW) != 0)
		return refuse(to, "made", error);
	(void)set_time(to, &copy->status);
	return SE_OK;
}

static enum se_code
put_file(const struct se_copy *copy, const struct spot *to, struct se_error *error)
{
	struct se_file_look look;
	enum se_code code;

	memset(&look, 0, sizeof(look));
	look.uid = copy->status.st_uid;
	look.gid = copy->status.st_gid;
	look.mode = copy->status.st_mode & 07777;
	look.list_len = copy->list_len;
	memcpy(look.list, copy->list, sizeof(look.list));
	code = se_install_file(
		to->directory, to->name, &look, copy->data.data, copy->data.len, error);
	if (code == SE_OK && !set_time(to, &copy->status))
		code = refuse(to, "given its time", error);
	return code;
}

static enum se_code
put(const struct se_copy *copy, const struct spot *to, struct se_error *error)
{
	return S_ISLNK(copy->status.st_mode) ? put_link(copy, to, error)
					     : put_file(copy, to, error);
}

void
se_copy_sweep(const char *path)
{
	struct spot spot;

	if (open_parent(path, &spot, NULL) != SE_OK)
		return;
	sweep(&spot);
	(void)close(spot.directory);
}

enum se_code
se_copy_put(const struct se_copy *copy, const char *path, struct se_error *error)
{
	struct spot to;
	enum se_code code = open_parent(path, &to, error);

	if (code == SE_OK) {
		sweep(&to);
		code = put(copy, &to, error);
		if (code == SE_OK && !se_directory_sync(to.directory))
			code = refuse(&to, "made to last", error);
		(void)close(to.directory);
	}
	if (code != SE_OK)
		se_error_about(error, path);
	return code == SE_ABSENT ? SE_CONFIG : code;
}

/* --- both ------------------------------------------------------------------------------------- */

enum se_code
se_copy_out(const char *path, int directory, const char *name, struct se_error *error)
{
	const struct spot to = {directory, name, "the journal's copy"};
	struct se_copy copied;
	struct spot from;
	enum se_code code = open_parent(path, &from, error);

	if (code != SE_OK)
		return code;
	code = take(&from, &copied, error);
	if (code == SE_OK)
		code = put(&copied, &to, error);
	se_copy_free(&copied);
	(void)close(from.directory);
	return code;
}

enum se_code
se_copy_back(int directory, const char *name, const char *path, struct se_error *error)
{
	struct se_copy copied;
	enum se_code code = se_copy_take(directory, name, &copied, error);

	if (code == SE_OK)
		code = se_copy_put(&copied, path, error);
	else
		se_error_about(error, path);
	se_copy_free(&copied);
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
