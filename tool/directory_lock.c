#include <errno.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "tool/directory_lock.h"
#include "tool/install_file.h"

enum { LOCK_MS = 15000, LOCK_PAUSE_MS = 50 };

enum se_code
se_directory_lock(int directory, const char *path, struct se_error *error)
{
	const struct timespec pause = {0, LOCK_PAUSE_MS * 1000000L};
	int waited;

	for (waited = 0; flock(directory, LOCK_EX | LOCK_NB) != 0; waited += LOCK_PAUSE_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return SE_OK; /* a file system without locks */
		if (waited >= LOCK_MS)
			return se_error_set(error, SE_AGAIN,
				"another sasl-entra is at work beside %s; try again when it has "
				"ended",
				path);
		(void)nanosleep(&pause, NULL);
	}
	return SE_OK;
}

int
se_directory_lock_of(const char *path, struct se_error *error)
{
	const char *name;
	int directory = se_install_open_parent(path, &name, error);

	if (directory >= 0 && se_directory_lock(directory, path, error) != SE_OK) {
		(void)close(directory);
		return -1;
	}
	return directory;
}
