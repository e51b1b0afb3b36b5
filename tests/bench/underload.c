/*
 * underload: asks an agent without a pause, and looks at it every second.
 *
 *   underload SOCKET PID CLIENTS SECONDS
 *
 * CLIENTS processes ask for tokens, each for ten login names of its own, and send the next request when
 * the answer to the last is there. What a request is made of, and what an answer must be, is the
 * agent's client's own code; the socket itself is not judged, so that the agent has more to do than we.
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
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/wire.h"

#include "look.h"

enum { NAMES = 10, A_SECOND_MAX = 20000, SECONDS_MAX = 600 };

/* What one client has seen, in memory that all share. Microseconds of the requests that ended in each
 * second. */
struct seen {
	uint32_t failed;
	uint32_t count[SECONDS_MAX];
	uint32_t took[SECONDS_MAX][A_SECOND_MAX];
};

static const char *socket_path;
static int64_t start_us;

static int64_t
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* --- a client ------------------------------------------------------------------------------------ */

static bool
is_token(const char *data, size_t len)
{
	struct se_answer answer = {0};
	struct se_error error = {0};
	const bool is = se_wire_frame_len(data, len, SE_WIRE_ANSWER_MAX) == (long)len &&
			se_wire_get_answer(data, len, &answer, &error) == SE_OK &&
			answer.token != NULL;

	se_answer_free(&answer);
	return is;
}

/* Until the agent closes. */
static size_t
receive(int fd, char *data, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while (len < size && (got = recv(fd, data + len, size - len, 0)) > 0)
		len += (size_t)got;
	return len;
}

static bool
ask(const struct se_buffer *frame)
{
	static char answer[SE_WIRE_ANSWER_MAX];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good;

	(void)se_copy(address.sun_path, sizeof(address.sun_path), socket_path);
	good = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	       send(fd, frame->data, frame->len, MSG_NOSIGNAL) == (ssize_t)frame->len &&
	       is_token(answer, receive(fd, answer, sizeof(answer)));
	if (fd >= 0)
		(void)close(fd);
	return good;
}

static bool
make_frames(unsigned client, struct se_buffer frames[NAMES])
{
	struct se_request request = {.operation = SE_OPERATION_TOKEN, .time_left = SE_BUDGET_MS};
	bool made = true;

	(void)se_copy(request.service, sizeof(request.service), "smtp");
	(void)se_copy(request.server, sizeof(request.server), "localhost");
	for (unsigned i = 0; i < NAMES; i++) {
		(void)snprintf(
			request.login, sizeof(request.login), "load%u-%u@contoso.com", client, i);
		se_buffer_init(&frames[i], SE_WIRE_REQUEST_MAX);
		made = se_wire_put_request(&frames[i], &request) && made;
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
		const int64_t from = now_us();
		const bool good = ask(&frames[i]);
		const int64_t to = now_us();
		const int64_t second = (to - start_us) / 1000000;

		if (second >= seconds)
			return 0;
		seen->failed += !good;
		if (seen->count[second] < A_SECOND_MAX)
			seen->took[second][seen->count[second]++] = (uint32_t)(to - from);
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
	start_us = now_us();
	for (unsigned i = 0; i < clients; i++)
		if (fork() == 0)
			_exit(run(i, seconds, &seen[i]));
	for (unsigned i = 0; i < seconds; i++) {
		const int64_t until = start_us + (int64_t)(i + 1) * 1000000 - 20000 - now_us();

		if (until > 0)
			(void)usleep((useconds_t)until);
		looks[i + 1] = look_at(argv[2]);
	}
	while (wait(&status) > 0)
		bad |= status;
	(void)usleep(500000);
	looks[seconds + 1] = look_at(argv[2]);
	return report(seen, clients, seconds, looks) != 0 || bad != 0;
}
