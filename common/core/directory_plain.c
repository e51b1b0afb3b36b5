#include <string.h>
#include <sys/stat.h>

#include "core/directory.h"

/* Only who is trusted can change what lies in it, so that what is seen at its paths stays. */
static bool
is_safe(const struct stat *status)
{
	return S_ISDIR(status->st_mode) && se_owner_trusted(status->st_uid) &&
	       ((status->st_mode & (S_IWGRP | S_IWOTH)) == 0 || (status->st_mode & S_ISVTX) != 0);
}

/* "/a//b", "/a/./b", "/a/../b" and "/a/" are for se_way_open(). */
static bool
is_canonical(const char *path)
{
	return path[0] == '/' && strstr(path, "//") == NULL && strstr(path, "/.") == NULL &&
	       path[strlen(path) - 1] != '/';
}

bool
se_way_is_plain(const char *path)
{
	char part[PATH_MAX];
	struct stat status;
	size_t len = strlen(path), at;

	if (len >= sizeof(part) || !is_canonical(path) || lstat("/", &status) != 0 ||
		!is_safe(&status))
		return false;
	memcpy(part, path, len + 1);
	for (at = 1; at <= len; at++) {
		if (part[at] != '/' && part[at] != '\0')
			continue;
		part[at] = '\0';
		if (lstat(part, &status) != 0 || !is_safe(&status))
			return false;
		part[at] = '/';
	}
	/* Sticky will do for what leads on, of which the owner was looked at; not here. */
	return (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}
