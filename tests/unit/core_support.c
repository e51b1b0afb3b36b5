#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core_support.h"

int
se_test_place(char place[SE_TEST_PATH])
{
	(void)snprintf(place, SE_TEST_PATH, "/tmp/se-core-XXXXXX");
	return mkdtemp(place) != NULL && chmod(place, 0755) == 0;
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
se_test_remove(const char *place)
{
	(void)nftw(place, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *
se_test_path(const char *place, const char *name)
{
	static char paths[8][2 * SE_TEST_PATH];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", place, name);
	return path;
}

const char *
se_test_file(const char *place, const char *name, const char *text, mode_t mode)
{
	const char *path = se_test_path(place, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
		fchmod(fd, mode) != 0)
		perror(path);
	if (fd >= 0)
		(void)close(fd);
	return path;
}

size_t
se_test_entries(const char *directory)
{
	DIR *dir = opendir(directory);
	size_t count = 0;

	if (dir == NULL)
		return 0;
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	(void)closedir(dir);
	return count;
}

size_t
se_test_open_descriptors(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static int
become(uid_t user)
{
	return user == 0 || (setgroups(0, NULL) == 0 && setresgid(user, user, user) == 0 &&
				    setresuid(user, user, user) == 0);
}

int
se_test_as(uid_t user, int (*body)(void *context), void *context)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(become(user) ? body(context) : 99);
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}
