/*
 * signals: no signal handler of the program that we are in runs inside libcurl, in a thread that
 * libcurl starts to look up a name, or because of a connection that is gone (SIGPIPE: OpenSSL's
 * writes raise it, and a program that never heard of our connection would die of it).
 */
#ifndef SE_ENGINE_SIGNALS_H
#define SE_ENGINE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct se_signals_held {
	sigset_t before;
	bool pipe; /* SIGPIPE is the program's own affair: it was pending */
};

/* Holds this thread's signals back; what faults of the processor raise still comes. Short: nothing
 * waits in between. They nest. */
void se_signals_hold(struct se_signals_held *signals);

/* As it was before, without the SIGPIPE that came meanwhile. */
void se_signals_release(const struct se_signals_held *signals);

#endif
