#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "look.h"

struct look
look_at(const char *pid)
{
	struct look look = {0, 0, 0};
	long entries = -2; /* "." and ".." */
	char path[100], line[1000];
	long user = 0, system = 0;
	DIR *directory;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	directory = opendir(path);
	while (directory != NULL && readdir(directory) != NULL)
		entries++;
	if (directory != NULL)
		(void)closedir(directory);
	look.descriptors = entries > 0 ? entries : 0;
	(void)snprintf(path, sizeof(path), "/proc/%s/status", pid);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		(void)sscanf(line, "VmRSS: %ld", &look.kb);
	if (file != NULL)
		(void)fclose(file);
	(void)snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "r");
	if (file != NULL && fgets(line, sizeof(line), file) != NULL)
		(void)sscanf(strrchr(line, ')') + 1,
			" %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld %ld", &user, &system);
	if (file != NULL)
		(void)fclose(file);
	look.ms = (user + system) * 1000 / sysconf(_SC_CLK_TCK);
	return look;
}
