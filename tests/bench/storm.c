/*
 * storm: many processes that log in at one moment.
 *
 *   storm COUNT DOMAIN SERVER [PID]
 *
 * Each process has its own login name in DOMAIN and loads the plugin by itself. When all are ready they
 * are let go together; a stopped process PID (the agent, as on a machine that slept) is let go just
 * before. Prints a line a process: the microseconds from then until it had its initial response, the
 * fastest first. Fails when one of them has none.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sasl/sasl.h>

#include "auth.h"

struct gate {
	int ready[2]; /* each writes a byte */
	int go[2];    /* its end lets them go */
};

static int
run(const struct gate *gate, unsigned number, const char *domain, const char *server,
	double *finished)
{
	char login[200], byte = 'r';
	double took;

	(void)close(gate->go[1]);
	(void)snprintf(login, sizeof(login), "storm%u@%s", number, domain);
	if (sasl_client_init(NULL) != SASL_OK || write(gate->ready[1], &byte, 1) != 1)
		return 1;
	if (read(gate->go[0], &byte, 1) != 0 || !bench_auth(login, server, &took))
		return 1;
	*finished = bench_now_us();
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool
wait_until_ready(const struct gate *gate, unsigned count)
{
	char byte;

	for (unsigned i = 0; i < count; i++)
		if (read(gate->ready[0], &byte, 1) != 1)
			return false;
	return true;
}

int
main(int argc, char **argv)
{
	unsigned count = argc >= 4 ? (unsigned)atoi(argv[1]) : 0, i;
	double *finished, from;
	struct gate gate;
	int status, bad = 0;

	if (count == 0 || argc > 5 || pipe(gate.ready) != 0 || pipe(gate.go) != 0)
		return 2;
	finished = mmap(NULL, count * sizeof(*finished), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (finished == MAP_FAILED)
		return 2;
	for (i = 0; i < count; i++)
		if (fork() == 0)
			_exit(run(&gate, i, argv[2], argv[3], &finished[i]));
	(void)close(gate.ready[1]);
	if (!wait_until_ready(&gate, count))
		return 1;
	from = bench_now_us();
	if (argc == 5)
		(void)kill((pid_t)atoi(argv[4]), SIGCONT);
	(void)close(gate.go[1]);
	while (wait(&status) > 0)
		bad |= status;
	if (bad != 0)
		return 1;
	qsort(finished, count, sizeof(*finished), compare);
	for (i = 0; i < count; i++)
		(void)printf("%.0f\n", finished[i] - from);
	return 0;
}
