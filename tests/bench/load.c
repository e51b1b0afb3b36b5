/*
 * load: what a process pays for sasl_client_init() with the plugins of one directory, and of others.
 * Each sample is a process of its own, as loading happens once in a process's life.
 *
 *   load WHAT ROUNDS DIRECTORY...
 *
 * A line a round, a number for each directory; every other round takes them in reverse order. WHAT:
 *   time     microseconds of sasl_client_init()
 *   life     microseconds of sasl_client_init() and sasl_client_done()
 *   private  kB that no other process shares right now, after sasl_client_init()
 *   written  those of them that no other process can share, as they were written to
 *   objects  shared objects that are mapped
 */
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sasl/sasl.h>

#include "clock.h"

enum { WARM_UP = 5, DIRECTORIES_MAX = 16 };

static _Noreturn void
die(const char *why)
{
	(void)fprintf(stderr, "load: %s\n", why);
	_exit(2);
}

/* --- one process ------------------------------------------------------------------------------- */

static int
count_object(struct dl_phdr_info *info, size_t size, void *count)
{
	(void)info;
	(void)size;
	++*(unsigned *)count;
	return 0;
}

/* A page of a file counts as private while nobody else maps it. */
static long
memory_kb(bool written)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[200];
	long sum = 0, kb;

	if (file == NULL)
		die("no /proc/self/smaps_rollup");
	while (fgets(line, sizeof(line), file) != NULL)
		if (written ? sscanf(line, "Anonymous: %ld", &kb) == 1
			    : sscanf(line, "Private_Clean: %ld", &kb) == 1 ||
					sscanf(line, "Private_Dirty: %ld", &kb) == 1)
			sum += kb;
	(void)fclose(file);
	return sum;
}

static int
take_sample(const char *what, const char *directory)
{
	double begin, ready, end;
	unsigned objects = 0;

	if (setenv("SASL_PATH", directory, 1) != 0)
		die("no memory");
	begin = bench_now_us();
	if (sasl_client_init(NULL) != SASL_OK)
		die("sasl_client_init fails");
	ready = end = bench_now_us();
	if (strcmp(what, "private") == 0 || strcmp(what, "written") == 0) {
		(void)printf("%ld\n", memory_kb(what[0] == 'w'));
	} else if (strcmp(what, "objects") == 0) {
		(void)dl_iterate_phdr(count_object, &objects);
		(void)printf("%u\n", objects);
	} else if (strcmp(what, "life") == 0) {
		if (sasl_client_done() != SASL_OK)
			die("sasl_client_done fails");
		end = bench_now_us();
		(void)printf("%.3f\n", end - begin);
	} else {
		(void)printf("%.3f\n", ready - begin);
	}
	return 0;
}

/* --- the rounds -------------------------------------------------------------------------------- */

static double
sample(const char *what, const char *directory)
{
	char text[64] = "";
	int ends[2], status;
	ssize_t len;
	pid_t child;

	if (pipe(ends) != 0 || (child = fork()) < 0)
		die("no process");
	if (child == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)close(ends[0]);
		(void)close(ends[1]);
		(void)execl("/proc/self/exe", "load", what, directory, (char *)NULL);
		die("cannot run itself");
	}
	(void)close(ends[1]);
	len = read(ends[0], text, sizeof(text) - 1);
	(void)close(ends[0]);
	if (waitpid(child, &status, 0) != child || status != 0 || len <= 0)
		die("a process failed");
	return strtod(text, NULL);
}

int
main(int argc, char **argv)
{
	double values[DIRECTORIES_MAX];
	int count = argc - 3;
	long rounds;

	if (argc == 3)
		return take_sample(argv[1], argv[2]);
	if (count < 1 || count > DIRECTORIES_MAX)
		die("wants time, life, private, written or objects, a number, and directories");
	rounds = strtol(argv[2], NULL, 10);
	for (long round = -WARM_UP; round < rounds; round++) {
		for (int i = 0; i < count; i++) {
			int turn = round % 2 == 0 ? i : count - 1 - i;

			values[turn] = sample(argv[1], argv[3 + turn]);
		}
		for (int i = 0; round >= 0 && i < count; i++)
			(void)printf("%.3f%c", values[i], i < count - 1 ? ' ' : '\n');
	}
	return 0;
}
