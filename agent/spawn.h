/*
 * spawn: other programs, started so that they get nothing of ours.
 */
#ifndef SE_AGENT_SPAWN_H
#define SE_AGENT_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/error.h"

/* Starts a program, as the leader of a process group of its own, with this environment and nothing
 * else of ours: /dev/null on stdin and stdout, our stderr, no other descriptor. -1 and `error` when
 * it may not or cannot be run. */
pid_t se_spawn(const char *program, const char *const *environment, struct se_error *error);

/* Whether it has ended; `status` then is as waitpid(2) has it. */
bool se_spawn_ended(pid_t pid, int *status);

/* Kills it and whatever it has started. It still has to be waited for. */
void se_spawn_kill(pid_t pid);

#endif
