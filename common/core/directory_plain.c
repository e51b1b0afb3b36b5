#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/directory.h"

enum { LONGEST = 255 /* bytes; longer ones are for se_way_open() */ };

bool
se_directory_is_safe(const struct stat *status)
{
	return S_ISDIR(status->st_mode) && se_owner_trusted(status->st_uid) &&
	       ((status->st_mode & (S_IWGRP | S_IWOTH)) == 0 || (status->st_mode & S_ISVTX) != 0);
}

/* Whether the path has a plain name at `at`: "/a//b", "/a/./b", "/a/../b" and "/a/" are for
 * se_way_open(). */
static bool
has_name(const char *at)
{
	return *at != '/' && *at != '.' && *at != '\0';
}

static bool
look(const char *path, struct stat *status)
{
	return fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       se_directory_is_safe(status);
}

bool
se_way_is_plain(const char *path, size_t len, bool root_is_safe)
{
	char part[LONGEST + 1];
	struct stat status = {.st_mode = S_IWOTH};
	size_t at;

	if (len == 0 || path[0] != '/' || len > LONGEST || (!root_is_safe && !look("/", &status)))
		return false;
	memcpy(part, path, len);
	part[len] = '\0';
	for (at = 1; at <= len; at++) {
		if (part[at - 1] == '/' && !has_name(part + at))
			return false;
		if (part[at] != '/' && part[at] != '\0')
			continue;
		part[at] = '\0';
		if (!look(part, &status))
			return false;
		part[at] = '/';
	}
	/* Sticky will do for what leads on, of which the owner was looked at; not here. */
	return (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}
