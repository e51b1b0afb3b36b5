/*
 * notice_run: the programs of on_problem that run: a few at once, each for a bounded time.
 */
#ifndef SE_AGENT_NOTICE_RUN_H
#define SE_AGENT_NOTICE_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/source.h"

enum {
	SE_NOTICE_AT_ONCE = 4,    /* programs that run at the same time; others wait */
	SE_NOTICE_RUN_MS = 30000, /* then one is killed */
	SE_VARIABLES_MAX = 6
};

struct se_run {
	pid_t pid; /* 0: free */
	void *owner;
	char label[SE_NAME_MAX + 1]; /* of the account, for the log */
	int64_t deadline;            /* monotonic ms */
	bool killed;
};

/* Zeroed at the start. */
struct se_runs {
	struct se_run list[SE_NOTICE_AT_ONCE];
	unsigned count;
};

/* Starts a program for `owner`; there must be a place free. False, and logged, when it could not
 * be started. */
bool se_run_start(struct se_runs *runs, const char *program, const char *const *environment,
	const char *label, void *owner, int64_t now);

/* Takes one that has ended off the list, kills those that have run for too long. Returns its owner;
 * NULL: none has ended. Ends that were no success are logged. */
void *se_run_ended(struct se_runs *runs, int64_t now);

/* When the next is to be killed; INT64_MAX: none. */
int64_t se_run_due(const struct se_runs *runs);

#endif
