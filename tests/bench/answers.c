/*
 * answers: how long an agent takes for one answer, of one that serves many login names and one that
 * serves few.
 *
 *   answers all SOCKET COUNT                           asks once for each of the login names
 *   answers pairs ROUNDS SOCKET COUNT SOCKET COUNT     microseconds of an answer of the first and of
 *                                                      the second, a line a round
 *
 * The login names are n0@scale.example, n1@scale.example and so on. A round asks each of both agents
 * for some names picked by chance, in turn, the first agent first in every other round; its figures are
 * the medians of the round. Fails when there is no token.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"

enum { A_ROUND = 51, WARM_UP = 20 };

struct agent {
	const char *path;
	unsigned count;
	int64_t took[A_ROUND];
};

static bool
ask_for(struct agent *agent, unsigned number, int64_t *took)
{
	struct se_buffer frame;
	char login[100];
	int64_t from;
	bool good;

	(void)snprintf(login, sizeof(login), "n%u@scale.example", number);
	good = bench_frame(&frame, login);
	from = bench_now_ns();
	good = good && bench_ask(agent->path, &frame);
	*took = bench_now_ns() - from;
	se_buffer_free(&frame);
	if (!good)
		(void)fprintf(stderr, "no token for %s from %s\n", login, agent->path);
	return good;
}

static int
ask_all(struct agent *agent)
{
	int64_t took;

	for (unsigned i = 0; i < agent->count; i++)
		if (!ask_for(agent, i, &took))
			return 1;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t
median(struct agent *agent)
{
	qsort(agent->took, A_ROUND, sizeof(agent->took[0]), compare);
	return agent->took[A_ROUND / 2];
}

static int
pairs(unsigned rounds, struct agent agents[2])
{
	for (unsigned round = 0; round < rounds + WARM_UP; round++) {
		for (unsigned i = 0; i < A_ROUND; i++)
			for (unsigned turn = 0; turn < 2; turn++) {
				struct agent *agent = &agents[(round + turn) % 2];

				if (!ask_for(agent, (unsigned)random() % agent->count,
					    &agent->took[i]))
					return 1;
			}
		if (round >= WARM_UP)
			(void)printf("%.2f %.2f\n", (double)median(&agents[0]) / 1000,
				(double)median(&agents[1]) / 1000);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct agent agents[2] = {{0}};
	const bool all = argc == 4 && strcmp(argv[1], "all") == 0;
	char **given = argv + (all ? 2 : 3);

	if (!all && (argc != 7 || strcmp(argv[1], "pairs") != 0))
		return 2;
	for (int i = 0; i < (all ? 1 : 2); i++) {
		agents[i].path = given[2 * i];
		agents[i].count = (unsigned)atoi(given[2 * i + 1]);
		if (agents[i].count == 0)
			return 2;
	}
	return all ? ask_all(&agents[0]) : pairs((unsigned)atoi(argv[2]), agents);
}
