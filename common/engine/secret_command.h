/*
 * secret_command: a program that prints a secret (pass, secret-tool), run without a shell. Only a
 * person's own agent and tool do that: never root, never a host.
 */
#ifndef SE_ENGINE_SECRET_COMMAND_H
#define SE_ENGINE_SECRET_COMMAND_H

#include "core/error.h"
#include "core/secret.h"
#include "core/world.h"

enum {
	SE_SECRET_COMMAND_MS = 10000, /* then it is killed, with all that it has started */
	SE_SECRET_COMMAND_POLL_MS = 20
};

struct se_secret_command;

/* Says whether this process is a person's own program with that person's own configuration. Nothing is
 * run before: a host never says so. */
void se_secret_command_permit(bool permitted);

/* The path of the program of the first of `words`, to be freed; NULL: there is none. */
char *se_secret_command_find(const char *words);

/* Whether it may be run, and is there. Runs nothing. */
enum se_code se_secret_command_check(const char *words, struct se_error *error);

/* Starts the program of the first of `words`, which are parted by blanks: an absolute path, or a
 * name that is looked for in $PATH. It has our environment and a process group of its own, nothing
 * on stdin, and what it writes to stderr is dropped. NULL and `error` when it may not or cannot
 * be run. */
struct se_secret_command *
se_secret_command_start(const char *words, const struct se_world *world, struct se_error *error);

/* Never blocks. False: it is not over yet. Else *code is SE_OK and *secret, the caller's to free, the
 * first line that it printed, or `error` says what was wrong, without any of it. */
bool se_secret_command_step(struct se_secret_command *command, enum se_code *code,
	struct se_secret **secret, struct se_error *error);

/* Who wants the secret has no more time: kills it, which is tried once. SE_AGAIN, and `error` says what has
 * become of it. */
enum se_code se_secret_command_stop(struct se_secret_command *command, struct se_error *error);

/* Kills it if it still runs, and does not wait for one that cannot be killed. NULL is fine. */
void se_secret_command_free(struct se_secret_command *command);

/* Takes notice of the end of those that could not be killed at their time, so that none stays a zombie.
 * The functions above do so, too; this is for whoever lives on and calls none of them. Never blocks. */
void se_secret_command_reap(void);

/* All of it, for whoever may wait. `all`: everything that it prints, instead of the first line. */
enum se_code se_secret_command_run(const char *words, bool all, const struct se_world *world,
	struct se_secret **secret, struct se_error *error);

#endif
