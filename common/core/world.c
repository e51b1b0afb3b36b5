#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_GETRANDOM
#include <sys/random.h>
#endif

#include "core/world.h"

static int64_t
system_wall(void *context)
{
	struct timespec now = {0, 0};

	(void)context;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec;
}

static int64_t
system_monotonic(void *context)
{
	struct timespec now = {0, 0};

	(void)context;
#ifdef CLOCK_BOOTTIME
	/* A laptop's sleep counts: tokens age in it, and servers have hung up after it. */
	if (clock_gettime(CLOCK_BOOTTIME, &now) == 0)
		return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
#endif
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Fills `data`, or says how much it could fill. */
static size_t
ask_kernel(unsigned char *data, size_t len)
{
	size_t done = 0;

#ifdef HAVE_GETRANDOM
	while (done < len) {
		ssize_t got = getrandom(data + done, len - done, 0);

		if (got > 0)
			done += (size_t)got;
		else if (got == 0 || errno != EINTR)
			break;
	}
#else
	(void)data;
	(void)len;
#endif
	return done;
}

/* For a libc or a kernel without getrandom(). */
static bool
read_urandom(unsigned char *data, size_t len)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	size_t done = 0;

	if (fd < 0)
		return false;
	while (done < len) {
		ssize_t got = read(fd, data + done, len - done);

		if (got > 0)
			done += (size_t)got;
		else if (got == 0 || errno != EINTR)
			break;
	}
	(void)close(fd);
	return done == len;
}

static bool
system_random(void *context, void *data, size_t len)
{
	unsigned char *bytes = data;
	size_t done = ask_kernel(bytes, len);

	(void)context;
	return done == len || read_urandom(bytes + done, len - done);
}

static bool
no_random(void *context, void *data, size_t len)
{
	(void)context;
	(void)data;
	(void)len;
	return false;
}

const struct se_world se_world_system = {system_wall, system_monotonic, system_random, NULL};
const struct se_world se_world_clocks = {system_wall, system_monotonic, no_random, NULL};
