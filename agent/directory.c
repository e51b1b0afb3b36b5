#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/source.h"

#include "agent/directory.h"

enum { MAY_MAKE = 2 }; /* missing directories of a socket's path */

/* Cuts "/a/b" into "/a" and "b"; NULL for "/". */
static const char *
split(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || slash[1] == '\0')
		return NULL;
	*slash = '\0';
	return slash + 1;
}

static int
open_parent(const char *path, char copy[PATH_MAX], const char **name, struct se_error *error)
{
	if (!se_copy(copy, PATH_MAX, path) || (*name = split(copy)) == NULL) {
		(void)se_error_set(error, SE_CONFIG, "%s: not the path of a directory", path);
		return -1;
	}
	return se_directory_open(copy[0] == '\0' ? "/" : copy, error);
}

static int
open_or_make(const char *path, unsigned may_make, struct se_error *error)
{
	int directory = se_directory_open(path, error);
	char copy[PATH_MAX];
	const char *name;
	int parent, made;
	mode_t old;

	if (directory >= 0 || error->code != SE_ABSENT || may_make == 0)
		return directory;
	parent = open_parent(path, copy, &name, error);
	if (parent < 0 && error->code == SE_ABSENT)
		parent = open_or_make(copy[0] == '\0' ? "/" : copy, may_make - 1, error);
	if (parent < 0)
		return -1;
	old = umask(022);
	/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): SE_ABSENT comes after `name` was set */
	made = mkdirat(parent, name, 0755);
	umask(old);
	if (made != 0 && errno != EEXIST)
		(void)se_error_set(error, SE_CONFIG, "could not make the directory %s: %s", path,
			strerror(errno));
	else
		directory = se_directory_open(path, error);
	close(parent);
	return directory;
}

int
se_directory_for_socket(const char *path, struct se_error *error)
{
	return open_or_make(path, MAY_MAKE, error);
}

enum se_code
se_directory_for_state(const char *path, const struct se_agent_user *user, struct se_error *error)
{
	enum se_code code = SE_OK;
	char copy[PATH_MAX];
	const char *name;
	int parent = open_parent(path, copy, &name, error), made;
	mode_t old;

	if (parent < 0)
		return error->code;
	old = umask(077);
	made = mkdirat(parent, name, 0700);
	umask(old);
	if (made == 0) {
		if (fchownat(parent, name, user->uid, user->gid, AT_SYMLINK_NOFOLLOW) != 0) {
			code = se_error_set(error, SE_CONFIG,
				"could not give the directory %s to %s: %s", path, user->name,
				strerror(errno));
			(void)unlinkat(parent, name, AT_REMOVEDIR);
		}
	} else if (errno != EEXIST) {
		code = se_error_set(error, SE_CONFIG, "could not make the directory %s: %s", path,
			strerror(errno));
	}
	close(parent);
	return code;
}
