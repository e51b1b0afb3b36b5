/* run: whose turn it is, and what came of it. */
#include <stdlib.h>

#include "fleet.h"

static struct turn *
start(const struct plan *plan, const struct relay_times *shared)
{
	struct turn *turns = need((size_t)plan->relays + 1, sizeof(*turns));
	struct chance chance = chance_make(plan->seed, 0);
	size_t i;

	for (i = 1; i <= plan->relays; i++) {
		turns[i].due = chance_up_to(&chance, (int64_t)plan->start_s * 1000 - 1);
		turns[i].whose = relay_new(shared, plan->seed, (unsigned)i - 1, turns[i].due);
	}
	turns_begin(turns, plan->relays);
	return turns;
}

struct result
run(const struct plan *plan)
{
	struct tenant tenant = plan->tenant;
	struct result result = {.seconds = plan->seconds, .relays = plan->relays};
	int64_t now = 0;
	struct relay_times shared = {&now, &tenant, &result, plan->mail_s};
	struct turn *turns;
	size_t i;

	result.each = need(plan->seconds, sizeof(*result.each));
	result.first_token = need(plan->relays, sizeof(*result.first_token));
	for (i = 0; i < plan->relays; i++)
		result.first_token[i] = UINT32_MAX;
	turns = start(plan, &shared);
	while (turns[1].due < (int64_t)plan->seconds * 1000) {
		now = turns[1].due;
		turns[1].due = relay_step(turns[1].whose);
		turns_sink(turns, plan->relays, 1);
	}
	for (i = 1; i <= plan->relays; i++)
		relay_free(turns[i].whose);
	free(turns);
	return result;
}

void
result_free(struct result *result)
{
	free(result->each);
	free(result->first_token);
}

/* --- reading it ---------------------------------------------------------------------------------- */

struct count
result_sum(const struct result *result, unsigned from, unsigned to)
{
	struct count sum = {0};
	unsigned i;

	for (i = from; i < to && i < result->seconds; i++) {
		sum.requests += result->each[i].requests;
		sum.granted += result->each[i].granted;
		sum.throttled += result->each[i].throttled;
		sum.failed += result->each[i].failed;
		sum.deliveries += result->each[i].deliveries;
		sum.refused += result->each[i].refused;
		sum.waited += result->each[i].waited;
	}
	return sum;
}

double
result_busiest(const struct result *result, unsigned from, unsigned to, unsigned width)
{
	uint32_t most = 0, here = 0;
	unsigned i;

	for (i = from; i < to && i < result->seconds; i++) {
		here += result->each[i].requests;
		if (i >= from + width)
			here -= result->each[i - width].requests;
		most = here > most ? here : most;
	}
	return (double)most / width;
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

double
result_first_token(const struct result *result, double share)
{
	uint32_t *sorted = need(result->relays, sizeof(*sorted));
	size_t i, at = (size_t)(share * result->relays + 0.5);
	double seconds;

	for (i = 0; i < result->relays; i++)
		sorted[i] = result->first_token[i];
	qsort(sorted, result->relays, sizeof(*sorted), by_size);
	at = at > 0 ? at - 1 : 0;
	seconds = (double)sorted[at] / 1000;
	free(sorted);
	return seconds;
}

unsigned
result_well(const struct result *result, unsigned from)
{
	unsigned last = from, i;

	for (i = from; i < result->seconds; i++)
		if (result->each[i].refused > 0)
			last = i + 1;
	return last;
}
