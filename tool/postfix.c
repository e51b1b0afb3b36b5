#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/postfix.h"

/* Root's PATH may be short, and a user's has no sbin. */
#define USUAL_PATHS "/usr/sbin:/usr/local/sbin:/usr/bin:/opt/postfix/sbin"

static bool
is_in(const char *directories)
{
	char path[4096];
	size_t len;

	for (; *directories != '\0'; directories += len + (directories[len] == ':')) {
		len = strcspn(directories, ":");
		if (directories[0] != '/' || len > sizeof(path) / 2)
			continue;
		(void)snprintf(path, sizeof(path), "%.*s/postqueue", (int)len, directories);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

void
se_postfix_say_flush(void)
{
	const char *path = getenv("PATH");

	if (is_in(USUAL_PATHS) || (path != NULL && is_in(path)))
		fprintf(stderr,
			"Mail that waits in Postfix's queue is tried at once with: postqueue -f\n");
}
