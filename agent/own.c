#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/own.h"

static bool
is_below(const char *directory, const char *rest, const char *path)
{
	char own[PATH_MAX];
	int len;

	if (directory == NULL || directory[0] != '/')
		return false;
	len = snprintf(own, sizeof(own), "%s%s", directory, rest);
	return len > 0 && (size_t)len < sizeof(own) && strcmp(own, path) == 0;
}

bool
se_own_configuration(const char *path)
{
	const char *directory = getenv("XDG_CONFIG_HOME");

	if (geteuid() == 0)
		return false;
	if (directory != NULL && directory[0] == '/')
		return is_below(directory, "/sasl-entra/sasl-entra.conf", path);
	return is_below(getenv("HOME"), "/.config/sasl-entra/sasl-entra.conf", path);
}
