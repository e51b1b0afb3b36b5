#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "agent/signals.h"

static int pipe_ends[2] = {-1, -1};

/* The byte only wakes the loop and says which: a full pipe has enough of both. */
static void
on_signal(int number)
{
	const int saved = errno;
	const char byte = number == SIGHUP ? 'r' : number == SIGCHLD ? 'c' : 's';

	if (write(pipe_ends[1], &byte, 1) < 0)
		errno = saved;
	errno = saved;
}

static bool
prepare(int fd)
{
	return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

int
se_signals_open(void)
{
	static const int caught[] = {SIGHUP, SIGTERM, SIGINT, SIGCHLD};
	struct sigaction action;

	if (pipe(pipe_ends) != 0 || !prepare(pipe_ends[0]) || !prepare(pipe_ends[1]))
		return -1;
	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
	action.sa_handler = on_signal;
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		if (sigaction(caught[i], &action, NULL) != 0)
			return -1;
	/* A client that has gone and a log that may not grow are no reasons to end. */
	action.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &action, NULL) != 0 || sigaction(SIGXFSZ, &action, NULL) != 0)
		return -1;
	return pipe_ends[0];
}

struct se_signals
se_signals_take(void)
{
	struct se_signals taken = {false, false};
	char bytes[64];
	ssize_t n;

	while ((n = read(pipe_ends[0], bytes, sizeof(bytes))) > 0) {
		if (memchr(bytes, 'r', (size_t)n) != NULL)
			taken.reload = true;
		if (memchr(bytes, 's', (size_t)n) != NULL)
			taken.stop = true;
	}
	return taken;
}
