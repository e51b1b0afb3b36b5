/*
 * sasl_load: many processes that log in by SASL again and again.
 *
 *   sasl_load PROCESSES SECONDS PAUSE_MS SERVER DOMAIN [SERIES]
 *
 * Each process goes around twenty login names of its own, so that the plugin's memory of the last ones
 * never serves, and waits PAUSE_MS between two. Prints one line: how many logins, how many failed,
 * and how long the first step took in microseconds: median, 99th percentile, most. What failed goes
 * to standard error. The file SERIES gets a line a login: when it began, in seconds since 1970, and
 * its microseconds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sasl/sasl.h>

enum { NAMES = 20, LOGINS_MAX = 100000 };

struct result {
	uint32_t count;
	uint32_t failed;
	uint32_t microseconds[LOGINS_MAX];
	double began[LOGINS_MAX]; /* seconds since 1970 */
};

static int
give_name(void *context, int id, const char **result, unsigned *len)
{
	(void)id;
	*result = context;
	if (len != NULL)
		*len = (unsigned)strlen(*result);
	return SASL_OK;
}

static int64_t
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static double
wall_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
log_in(char *login, const char *server, struct result *result)
{
	sasl_callback_t callbacks[] = {
		{SASL_CB_AUTHNAME, (int (*)(void))(void (*)(void))give_name, login},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	const char *out = NULL, *mechanism = NULL;
	sasl_conn_t *conn = NULL;
	unsigned len = 0;
	const double began = wall_s();
	int64_t from, took;
	int code = sasl_client_new("smtp", server, NULL, NULL, callbacks, 0, &conn);

	from = now_us();
	if (code == SASL_OK)
		code = sasl_client_start(conn, "XOAUTH2", NULL, &out, &len, &mechanism);
	took = now_us() - from;
	if (code != SASL_CONTINUE && code != SASL_OK) {
		result->failed++;
		(void)fprintf(
			stderr, "%s\n", conn != NULL ? sasl_errdetail(conn) : "no connection");
	}
	if (result->count < LOGINS_MAX) {
		result->began[result->count] = began;
		result->microseconds[result->count++] = (uint32_t)took;
	}
	sasl_dispose(&conn);
}

static int
run(unsigned process, int seconds, int pause_ms, const char *server, const char *domain,
	struct result *result)
{
	const struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000L};
	const int64_t until = now_us() + (int64_t)seconds * 1000000;
	char login[100];

	if (sasl_client_init(NULL) != SASL_OK)
		return 1;
	for (unsigned i = 0; now_us() < until; i = (i + 1) % NAMES) {
		(void)snprintf(login, sizeof(login), "load%u-%u@%s", process, i, domain);
		log_in(login, server, result);
		(void)nanosleep(&pause, NULL);
	}
	sasl_done();
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int
report(const struct result *results, size_t processes)
{
	uint32_t *all, failed = 0;
	size_t count = 0, i;

	for (i = 0; i < processes; i++)
		count += results[i].count;
	all = calloc(count + 1, sizeof(*all));
	if (all == NULL)
		return 1;
	count = 0;
	for (i = 0; i < processes; i++) {
		memcpy(all + count, results[i].microseconds,
			results[i].count * sizeof(results[i].microseconds[0]));
		count += results[i].count;
		failed += results[i].failed;
	}
	qsort(all, count, sizeof(*all), compare);
	(void)printf("logins %zu failed %u median %u p99 %u most %u\n", count, failed,
		count > 0 ? all[count / 2] : 0, count > 0 ? all[count * 99 / 100] : 0,
		count > 0 ? all[count - 1] : 0);
	free(all);
	return 0;
}

static int
write_series(const char *path, const struct result *results, size_t processes)
{
	FILE *file = fopen(path, "w");

	for (size_t i = 0; file != NULL && i < processes; i++)
		for (uint32_t j = 0; j < results[i].count; j++)
			(void)fprintf(
				file, "%.6f %u\n", results[i].began[j], results[i].microseconds[j]);
	return file != NULL && fclose(file) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct result *results;
	size_t processes, i;
	int status, bad = 0;

	if (argc != 6 && argc != 7)
		return 2;
	processes = (size_t)atoi(argv[1]);
	results = mmap(NULL, processes * sizeof(*results), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (results == MAP_FAILED)
		return 2;
	for (i = 0; i < processes; i++)
		if (fork() == 0)
			_exit(run((unsigned)i, atoi(argv[2]), atoi(argv[3]), argv[4], argv[5],
				&results[i]));
	while (wait(&status) > 0)
		bad |= status;
	if (argc == 7 && write_series(argv[6], results, processes) != 0)
		bad = 1;
	return report(results, processes) != 0 || bad != 0;
}
