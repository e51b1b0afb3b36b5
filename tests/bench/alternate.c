/*
 * alternate: two commands in turn, each time in fresh processes: ours first, then theirs first, and
 * so on.
 *
 *   alternate [--time] PAIRS WARM-UP COMMAND... -- COMMAND...
 *
 * Prints a line a pair, "OURS THEIRS": the number that the command prints, or with --time the
 * microseconds from before its start until it has been waited for; what it prints is then thrown
 * away. The first WARM-UP pairs are not printed. A command that fails ends all.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

extern char **environ;

static bool by_time;

/* Starts `argv` with standard output to `out`; 0 when that cannot be. */
static pid_t
start(char **argv, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return 0;
	if (posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) != 0 ||
		posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0)
		pid = 0;
	(void)posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static bool
ended_well(pid_t pid)
{
	int status = 0;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static bool
time_of(char **argv, double *result)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	double from = bench_now_us();
	bool ok = ended_well(start(argv, nowhere));

	*result = bench_now_us() - from;
	(void)close(nowhere);
	return ok;
}

static bool
number_of(char **argv, double *result)
{
	char text[64];
	size_t len = 0;
	ssize_t n;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid = start(argv, ends[1]);
	(void)close(ends[1]);
	while (len < sizeof(text) - 1 &&
		(n = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	(void)close(ends[0]);
	text[len] = '\0';
	return ended_well(pid) && sscanf(text, "%lf", result) == 1;
}

static bool
sample(char **argv, double *result)
{
	if (by_time ? time_of(argv, result) : number_of(argv, result))
		return true;
	(void)fprintf(stderr, "alternate: %s has failed\n", argv[0]);
	return false;
}

int
main(int argc, char **argv)
{
	long pairs, warm_up;
	char **ours, **theirs;
	double our = 0, their = 0;

	by_time = argc > 1 && strcmp(argv[1], "--time") == 0;
	if (argc < by_time + 6)
		return 2;
	pairs = strtol(argv[1 + by_time], NULL, 10);
	warm_up = strtol(argv[2 + by_time], NULL, 10);
	ours = theirs = argv + 3 + by_time;
	while (*theirs != NULL && strcmp(*theirs, "--") != 0)
		theirs++;
	if (*theirs == NULL || theirs[1] == NULL)
		return 2;
	*theirs++ = NULL;
	for (long i = -warm_up; i < pairs; i++) {
		bool ok = i % 2 == 0 ? sample(ours, &our) && sample(theirs, &their)
				     : sample(theirs, &their) && sample(ours, &our);

		if (!ok)
			return 1;
		if (i >= 0)
			(void)printf("%.2f %.2f\n", our, their);
	}
	return 0;
}
