/*
 * alternate: two commands in turn, each time in fresh processes: ours first, then theirs first, and
 * so on.
 *
 *   alternate [--time] [--on PROCESSOR] PAIRS WARM-UP COMMAND... -- COMMAND...
 *
 * Prints a line a pair, "OURS THEIRS": the number that the command prints, or with --time the
 * microseconds from before its start until it has been waited for; what it prints is then thrown
 * away. The first WARM-UP pairs are not printed. A command that fails ends all. With --on the commands
 * run on that processor, and this program stays where it is allowed to be.
 */
#include <fcntl.h>
#include <sched.h>
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
static cpu_set_t ours_only, for_commands; /* processors */
static bool placed;                       /* there is a difference */

/* Starts `argv` with standard output to `out`; 0 when that cannot be. */
static pid_t
start(char **argv, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return 0;
	if (placed && sched_setaffinity(0, sizeof(for_commands), &for_commands) != 0)
		perror("sched_setaffinity");
	else if (posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) != 0 ||
		 posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0)
		pid = 0;
	if (placed)
		(void)sched_setaffinity(0, sizeof(ours_only), &ours_only);
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

static bool
place_commands(const char *processor)
{
	placed = true;
	CPU_ZERO(&for_commands);
	CPU_SET(strtoul(processor, NULL, 10), &for_commands);
	return sched_getaffinity(0, sizeof(ours_only), &ours_only) == 0;
}

/* What is left of the arguments; NULL: an option that is none. */
static char **
take_options(char **argv)
{
	for (argv++; *argv != NULL && strncmp(*argv, "--", 2) == 0; argv++)
		if (strcmp(*argv, "--time") == 0)
			by_time = true;
		else if (strcmp(*argv, "--on") != 0 || *++argv == NULL || !place_commands(*argv))
			return NULL;
	return argv;
}

int
main(int argc, char **argv)
{
	long pairs, warm_up;
	char **ours, **theirs;
	double our = 0, their = 0;

	argv = take_options(argv);
	if (argc < 6 || argv == NULL || argv[0] == NULL || argv[1] == NULL)
		return 2;
	pairs = strtol(argv[0], NULL, 10);
	warm_up = strtol(argv[1], NULL, 10);
	ours = theirs = argv + 2;
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
