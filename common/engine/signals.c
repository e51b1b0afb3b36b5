#include <pthread.h>

#include "engine/signals.h"

static bool
pipe_is_pending(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

void
se_signals_hold(struct se_signals *signals)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
	sigset_t all;

	(void)sigfillset(&all);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		(void)sigdelset(&all, faults[i]);
	signals->pipe = pipe_is_pending();
	(void)pthread_sigmask(SIG_BLOCK, &all, &signals->before);
}

void
se_signals_release(const struct se_signals *signals)
{
	sigset_t only_pipe;
	int number;

	if (!signals->pipe && pipe_is_pending()) {
		(void)sigemptyset(&only_pipe);
		(void)sigaddset(&only_pipe, SIGPIPE);
		(void)sigwait(&only_pipe, &number);
	}
	(void)pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
}
