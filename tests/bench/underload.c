/*
 * underload: asks an agent without a pause, and looks at it every second.
 *
 *   underload SOCKET PID CLIENTS SECONDS
 *
 * CLIENTS processes ask for tokens, each for ten login names of its own, and send the next request when
 * the answer to the last is there.
 * Prints a line for each second: seconds, requests, 99th percentile of their microseconds, and the
 * agent's descriptors, resident kB and milliseconds of processor time since the line before. Before
 * them a line of the same with how the agent was at the start, after them one with how it was when the
 * clients were gone, and "all", requests, failed, microseconds of all: median, 99th percentile, most.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "look.h"

enum { NAMES = 10, A_SECOND_MAX = 20000, SECONDS_MAX = 600, BEFORE_US = 20000 };

/* What one client has seen, in memory that all share. Microseconds of the requests that ended in each
 * second. */
struct seen {
	uint32_t failed;
	uint32_t count[SECONDS_MAX];
	uint32_t took[SECONDS_MAX][A_SECOND_MAX];
};

static const char *socket_path;
static int64_t start_ns;

/* --- a client ------------------------------------------------------------------------------------ */

static bool
make_frames(unsigned client, struct se_buffer frames[NAMES])
{
	char login[100];
	bool made = true;

	for (unsigned i = 0; i < NAMES; i++) {
		(void)snprintf(login, sizeof(login), "load%u-%u@contoso.com", client, i);
		made = bench_frame(&frames[i], login) && made;
	}
	return made;
}

static int
run(unsigned client, unsigned seconds, struct seen *seen)
{
	struct se_buffer frames[NAMES];

	if (!make_frames(client, frames))
		return 1;
	for (unsigned i = 0;; i = (i + 1) % NAMES) {
		const int64_t from = bench_now_ns();
		const bool good = bench_ask(socket_path, &frames[i]);
		const int64_t to = bench_now_ns();
		const int64_t second = (to - start_ns) / 1000000000;

		if (second >= seconds)
			return 0;
		seen->failed += !good;
		if (seen->count[second] < A_SECOND_MAX)
			seen->took[second][seen->count[second]++] = (uint32_t)((to - from) / 1000);
	}
}

/* --- what came out ------------------------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* All that the clients saw in the seconds from `from` on, sorted. */
static size_t
gather(const struct seen *seen, unsigned clients, unsigned from, unsigned to, uint32_t *all)
{
	size_t count = 0;

	for (unsigned second = from; second < to; second++)
		for (unsigned i = 0; i < clients; i++) {
			memcpy(all + count, seen[i].took[second],
				seen[i].count[second] * sizeof(*all));
			count += seen[i].count[second];
		}
	qsort(all, count, sizeof(*all), compare);
	return count;
}

static uint32_t
part(const uint32_t *all, size_t count, double share)
{
	return count > 0 ? all[(size_t)((double)(count - 1) * share)] : 0;
}

static int
report(const struct seen *seen, unsigned clients, unsigned seconds, const struct look *looks)
{
	uint32_t *all = calloc((size_t)clients * seconds * A_SECOND_MAX + 1, sizeof(*all));
	uint32_t failed = 0;
	size_t count;

	if (all == NULL)
		return 1;
	(void)printf("0 0 0 %ld %ld 0\n", looks[0].descriptors, looks[0].kb);
	for (unsigned i = 0; i < seconds; i++) {
		count = gather(seen, clients, i, i + 1, all);
		(void)printf("%u %zu %u %ld %ld %ld\n", i + 1, count, part(all, count, 0.99),
			looks[i + 1].descriptors, looks[i + 1].kb, looks[i + 1].ms - looks[i].ms);
	}
	(void)printf("%u 0 0 %ld %ld 0\n", seconds + 1, looks[seconds + 1].descriptors,
		looks[seconds + 1].kb);
	for (unsigned i = 0; i < clients; i++)
		failed += seen[i].failed;
	count = gather(seen, clients, 0, seconds, all);
	(void)printf("all %zu %u %u %u %u\n", count, failed, part(all, count, 0.5),
		part(all, count, 0.99), part(all, count, 1));
	free(all);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct look looks[SECONDS_MAX + 2];
	unsigned clients, seconds;
	struct seen *seen;
	int status, bad = 0;

	if (argc != 5)
		return 2;
	socket_path = argv[1];
	clients = (unsigned)atoi(argv[3]);
	seconds = (unsigned)atoi(argv[4]);
	if (clients == 0 || seconds == 0 || seconds > SECONDS_MAX)
		return 2;
	/* Never written to where nothing is seen: most of it is no memory. */
	seen = mmap(NULL, clients * sizeof(*seen), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (seen == MAP_FAILED)
		return 2;
	looks[0] = look_at(argv[2]);
	start_ns = bench_now_ns();
	for (unsigned i = 0; i < clients; i++)
		if (fork() == 0)
			_exit(run(i, seconds, &seen[i]));
	for (unsigned i = 0; i < seconds; i++) {
		const int64_t left = start_ns / 1000 + (int64_t)(i + 1) * 1000000 - BEFORE_US -
				     bench_now_ns() / 1000;

		if (left > 0)
			(void)usleep((useconds_t)left);
		looks[i + 1] = look_at(argv[2]);
	}
	while (wait(&status) > 0)
		bad |= status;
	(void)usleep(500000);
	looks[seconds + 1] = look_at(argv[2]);
	return report(seen, clients, seconds, looks) != 0 || bad != 0;
}
