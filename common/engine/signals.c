#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "engine/signals.h"

static bool
pipe_is_pending(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

/* Without waiting where that can be said: a program that comes to ignore SIGPIPE meanwhile has none
 * pending any more. */
static void
take_pending(const sigset_t *signals)
{
#if defined(_POSIX_REALTIME_SIGNALS) && _POSIX_REALTIME_SIGNALS > 0
	const struct timespec none = {0, 0};

	(void)sigtimedwait(signals, NULL, &none);
#else
	int number;

	(void)sigwait(signals, &number);
#endif
}

void
se_signals_hold(struct se_signals_held *signals)
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
se_signals_release(const struct se_signals_held *signals)
{
	sigset_t only_pipe;

	if (!signals->pipe && pipe_is_pending()) {
		(void)sigemptyset(&only_pipe);
		(void)sigaddset(&only_pipe, SIGPIPE);
		take_pending(&only_pipe);
	}
	(void)pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
}
