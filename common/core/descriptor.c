#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/descriptor.h"

enum { FIRST_SAFE = STDERR_FILENO + 1 };

const char se_descriptor_advice[] =
	"; raise the limit of open files of this process (ulimit -n, LimitNOFILE=)";

int
se_descriptor_safe(int fd)
{
	int copy, cause;

	if (fd < 0 || fd >= FIRST_SAFE)
		return fd;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_SAFE);
	cause = errno;
	(void)close(fd);
	errno = cause;
	return copy;
}

/* The directory is for where there is no /dev: neither reading nor writing it works. */
static int
open_nothing(int flags)
{
	int fd = open("/dev/null", flags);

	if (fd < 0)
		fd = open("/", O_RDONLY | O_DIRECTORY | (flags & O_CLOEXEC));
	return fd;
}

/* The lowest that is free is taken, and those below `fd` are not: or another thread was faster. */
static bool
take(int fd, int flags)
{
	int got = open_nothing(flags | O_CLOEXEC);

	if (got >= 0 && got != fd)
		(void)close(got);
	return got == fd;
}

void
se_descriptors_hold(struct se_descriptors_held *held)
{
	int fd;

	for (fd = 0; fd < FIRST_SAFE; fd++)
		held->ours[fd] = fcntl(fd, F_GETFD) < 0 && take(fd, O_RDONLY);
}

void
se_descriptors_release(const struct se_descriptors_held *held)
{
	int fd;

	for (fd = 0; fd < FIRST_SAFE; fd++)
		if (held->ours[fd])
			(void)close(fd);
}

bool
se_descriptors_fill(bool quietly)
{
	int fd;

	for (fd = 0; fd < FIRST_SAFE; fd++) {
		int flags = quietly ? O_RDWR : fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		/* The lowest that is free is taken, and those below are not. */
		if (fcntl(fd, F_GETFD) < 0 && open_nothing(flags) != fd)
			return false;
	}
	return true;
}
