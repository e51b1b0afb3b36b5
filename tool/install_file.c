#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/directory.h"
#include "core/file.h"

#include "tool/install_file.h"

static enum se_code
refuse(int directory, const char *name, const char *what, struct se_error *error)
{
	int cause = errno;
	char path[PATH_MAX];

	se_path_in(directory, name, path, sizeof(path));
	return se_error_set(
		error, se_code_of_errno(cause), "%s %s: %s", path, what, strerror(cause));
}

int
se_install_open_parent(const char *path, const char **name, struct se_error *error)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	int directory;

	*name = slash + 1;
	(void)snprintf(
		parent, sizeof(parent), "%.*s", (int)(slash > path ? slash - path : 1), path);
	directory = se_directory_open(parent, error);
	if (directory < 0 && error->code == SE_ABSENT)
		error->code = SE_CONFIG;
	return directory;
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
	return write_all(fd, data, len) && se_file_sync(fd);
}

/* What comes next relies on it: two directories have no order between them but this. */
static enum se_code
sync_names(int directory, const char *name, struct se_error *error)
{
	if (se_directory_sync(directory))
		return SE_OK;
	return refuse(directory, name, "is in place, but may not be there after a crash", error);
}

enum se_code
se_install_file(int directory, const char *name, const struct se_file_look *look, const void *data,
	size_t len, struct se_error *error)
{
	enum se_code code;
	bool ok;
	int fd;

	(void)unlinkat(directory, SE_INSTALL_TEMPORARY, 0); /* of a crash */
	fd = openat(directory, SE_INSTALL_TEMPORARY,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return refuse(directory, name, "cannot be written", error);
	ok = fill(fd, look, data, len);
	/* An interrupted close() has closed, and the bytes are on the disk already. */
	ok = (close(fd) == 0 || errno == EINTR) && ok;
	if (ok && renameat(directory, SE_INSTALL_TEMPORARY, directory, name) == 0)
		return sync_names(directory, name, error);
	code = refuse(directory, name, "cannot be written", error);
	(void)unlinkat(directory, SE_INSTALL_TEMPORARY, 0);
	return code;
}

enum se_code
se_install_link(int directory, const char *name, const char *copy, struct se_error *error)
{
	(void)unlinkat(directory, SE_INSTALL_TEMPORARY, 0);
	if (linkat(directory, name, directory, SE_INSTALL_TEMPORARY, 0) != 0)
		return refuse(directory, name, "cannot be kept", error);
	if (se_install_rename(directory, SE_INSTALL_TEMPORARY, copy, error) != SE_OK)
		return error->code;
	/* Where both were links of one file already, renaming did nothing. */
	(void)unlinkat(directory, SE_INSTALL_TEMPORARY, 0);
	return SE_OK;
}

enum se_code
se_install_rename(int directory, const char *from, const char *to, struct se_error *error)
{
	if (renameat(directory, from, directory, to) != 0)
		return refuse(directory, to, "cannot be replaced", error);
	return sync_names(directory, to, error);
}

bool
se_install_exists(int directory, const char *name)
{
	struct stat found;

	return fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}
