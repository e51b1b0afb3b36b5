#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/directory.h"

#include "tool/install_file.h"

#define TEMPORARY ".sasl-entra.new"

static enum se_code
refuse(int directory, const char *name, const char *what, struct se_error *error)
{
	int cause = errno;
	char path[PATH_MAX];

	se_path_in(directory, name, path, sizeof(path));
	return se_error_set(error, SE_CONFIG, "%s %s: %s", path, what, strerror(cause));
}

static bool
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* A group that we may not give it to is replaced by none: ours is another one. */
static bool
fill(int fd, const struct se_file_look *look, const void *data, size_t len)
{
	mode_t mode = look->mode;

	if (fchown(fd, look->uid, look->gid) != 0) {
		if (look->uid != geteuid())
			return false;
		if ((mode & 07) == 0)
			mode &= ~(mode_t)070;
	}
	/* Those whom a list names would lose the file, and the group get what was the mask. */
	if (fchmod(fd, look->list_len > 0 ? mode & ~(mode_t)070 : mode) != 0 ||
		(look->list_len > 0 && !se_acl_restore(fd, look->list, look->list_len)))
		return false;
	return write_all(fd, data, len) && fsync(fd) == 0;
}

enum se_code
se_install_file(int directory, const char *name, const struct se_file_look *look, const void *data,
	size_t len, struct se_error *error)
{
	bool ok;
	int fd;

	(void)unlinkat(directory, TEMPORARY, 0); /* of a crash */
	fd = openat(
		directory, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return refuse(directory, name, "cannot be written", error);
	ok = fill(fd, look, data, len);
	ok = close(fd) == 0 && ok;
	if (ok && renameat(directory, TEMPORARY, directory, name) == 0) {
		(void)fsync(directory);
		return SE_OK;
	}
	(void)refuse(directory, name, "cannot be written", error);
	(void)unlinkat(directory, TEMPORARY, 0);
	return SE_CONFIG;
}

enum se_code
se_install_link(int directory, const char *name, const char *copy, struct se_error *error)
{
	(void)unlinkat(directory, TEMPORARY, 0);
	if (linkat(directory, name, directory, TEMPORARY, 0) != 0)
		return refuse(directory, name, "cannot be kept", error);
	if (se_install_rename(directory, TEMPORARY, copy, error) != SE_OK)
		return error->code;
	/* Where both were links of one file already, renaming did nothing. */
	(void)unlinkat(directory, TEMPORARY, 0);
	return SE_OK;
}

enum se_code
se_install_rename(int directory, const char *from, const char *to, struct se_error *error)
{
	if (renameat(directory, from, directory, to) != 0)
		return refuse(directory, to, "cannot be replaced", error);
	(void)fsync(directory);
	return SE_OK;
}

bool
se_install_exists(int directory, const char *name)
{
	struct stat found;

	return fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}
