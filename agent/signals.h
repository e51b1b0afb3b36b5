/*
 * signals: SIGHUP, SIGTERM and SIGINT as bytes in a pipe, so that the poll loop sees them like
 * everything else; SIGCHLD only wakes it. SIGPIPE is ignored. One per process.
 */
#ifndef SE_AGENT_SIGNALS_H
#define SE_AGENT_SIGNALS_H

#include <stdbool.h>

struct se_signals {
	bool stop;
	bool reload;
};

/* Installs the handlers; returns the descriptor to poll for reading, or -1 with errno. */
int se_signals_open(void);

/* Which have come since the last call. */
struct se_signals se_signals_take(void);

#endif
