#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tool/interrupt.h"

static int pipe_ends[2] = {-1, -1};
static volatile sig_atomic_t came;

static void
on_signal(int number)
{
	const int saved = errno;
	const char byte = (char)number;

	came = 1;
	if (write(pipe_ends[1], &byte, 1) < 0) /* full: it is readable already */
		errno = saved;
	errno = saved;
}

static bool
prepare(int fd)
{
	return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

bool
se_interrupt_open(void)
{
	static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action;

	if (pipe(pipe_ends) != 0 || !prepare(pipe_ends[0]) || !prepare(pipe_ends[1]))
		return false;
	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = on_signal; /* no SA_RESTART: a read must end */
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		if (sigaction(caught[i], &action, NULL) != 0)
			return false;
	action.sa_handler = SIG_IGN;
	return sigaction(SIGPIPE, &action, NULL) == 0;
}

int
se_interrupt_descriptor(void)
{
	return pipe_ends[0];
}

bool
se_interrupted(void)
{
	return came != 0;
}

void
se_interrupt_now(void)
{
	came = 1;
}
