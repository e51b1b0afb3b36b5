/*
 * scale: what many token keys and many login names cost the agent's engine: time to start, memory,
 * time for one answer from memory, and the refreshes of a simulated day. Prints figures; asserts
 * nothing about time.
 *
 *   scale KEYS LOGINS HOURS
 *
 * KEYS app-only accounts with a token key each, and one more account that serves LOGINS login names
 * of one domain. The clock is put forward in steps of ten seconds for HOURS hours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "core/buffer.h"

#include "engine_asking.h"

enum { STEP_S = 10, ASKS = 200000 };

static unsigned keys, logins, hours;
static struct se_engine *engine;

static int64_t
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t
cpu_us(void)
{
	struct rusage used;

	(void)getrusage(RUSAGE_SELF, &used);
	return (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
	       used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static long
resident_kb(void)
{
	char line[200];
	long kb = 0;
	FILE *status = fopen("/proc/self/status", "r");

	while (status != NULL && fgets(line, sizeof(line), status) != NULL)
		(void)sscanf(line, "VmRSS: %ld", &kb);
	if (status != NULL)
		(void)fclose(status);
	return kb;
}

/* --- a world whose day is short, with chance of its own -------------------------------------- */

static bool
random_bytes(void *context, void *data, size_t len)
{
	return se_world_system.random(context, data, len);
}

static struct se_world fast;

static void
say(void *context, bool warning, const char *text)
{
	(void)context;
	if (warning)
		(void)fprintf(stderr, "%s\n", text);
}

static void
write_configuration(void)
{
	struct se_buffer text;
	unsigned i;

	se_buffer_init(&text, SE_CONFIG_SIZE_MAX);
	se_buffer_addf(&text, "[defaults]\nca_file = %s\nstate_dir = %s\n", faults_ca(),
		state_directory());
	for (i = 0; i <= keys; i++)
		se_buffer_addf(&text,
			"[account a%u]\nmatch = %s%u@%s\ntenant = contoso.com\n"
			"client_id = " APP "\ncredential = secret\nclient_secret_file = %s\n"
			"servers = *\nscope = https://r%u.example/.default\n"
			"token_endpoint = %s\n",
			i, i < keys ? "key" : "never", i,
			i < keys ? "keys.example\n" : "x.example, *@logins.example",
			scratch("secret"), i, faults_url("https", "/token/scale"));
	assert_false(text.failed);
	write_file(configuration(), text.data, text.len, 0600);
	se_buffer_free(&text);
}

static void
start(void)
{
	const struct se_engine_options options = {.role = SE_ROLE_AGENT,
		.configuration = configuration(),
		.world = &fast,
		.log = say};
	struct se_error error;

	engine = se_engine_new(&options);
	assert_non_null(engine);
	if (se_engine_load(engine, &error) != SE_OK)
		fail_msg("%s", error.text);
}

/* --- asking ---------------------------------------------------------------------------------- */

static unsigned answers, failures, late;

static void
count(void *context, enum se_code code, struct se_answer *answer, const struct se_error *error)
{
	(void)context;
	(void)answer;
	answers++;
	if (code != SE_OK && failures++ == 0)
		(void)fprintf(stderr, "%s\n", error->text);
}

static void
ask_for(const char *kind, unsigned number, const char *domain)
{
	struct se_request request = {.operation = SE_OPERATION_TOKEN, .time_left = SE_BUDGET_MS};

	(void)snprintf(request.login, sizeof(request.login), "%s%u@%s", kind, number, domain);
	(void)se_copy(request.server, sizeof(request.server), "smtp.test");
	(void)se_copy(request.service, sizeof(request.service), "smtp");
	if (se_engine_ask(engine, &request, NULL, count, NULL) != NULL)
		late++;
}

static void
fetch_all(void)
{
	unsigned i;

	answers = 0;
	for (i = 0; i < keys; i++) {
		ask_for("key", i, "keys.example");
		while (answers + 64 < i)
			assert_true(se_engine_turn(engine, NULL, 0, 10));
	}
	ask_for("login", 0, "logins.example");
	while (answers < keys + 1)
		assert_true(se_engine_turn(engine, NULL, 0, 10));
}

static double
answer_us(const char *kind, unsigned names, const char *domain)
{
	int64_t from = now_us();
	unsigned i;

	late = 0;
	for (i = 0; i < ASKS; i++)
		ask_for(kind, i % names, domain);
	assert_int_equal(late, 0);
	return (double)(now_us() - from) / ASKS;
}

/* --- a day ----------------------------------------------------------------------------------- */

static void
simulate(void)
{
	int64_t from = now_us(), cpu = cpu_us();
	long before = faults_hits("scale"), refreshed = 0, most = 0, now;
	unsigned i, steps = hours * 3600 / STEP_S;

	for (i = 0; i < steps; i++) {
		world_wait(STEP_S);
		do
			assert_true(se_engine_turn(engine, NULL, 0, 0));
		while (se_engine_is_busy(engine));
		if (i % 60 == 59) {
			now = faults_hits("scale");
			most = now - before - refreshed > most ? now - before - refreshed : most;
			refreshed = now - before;
			ask_for("login", i % logins, "logins.example");
		}
	}
	refreshed = faults_hits("scale") - before;
	printf("day: %u hours, %ld refreshes, %.2f a second of the simulated time, at most %ld in "
	       "ten "
	       "minutes; %.2f ms of processor time each; %.1f s in all\n",
		hours, refreshed, (double)refreshed / (hours * 3600.0), most,
		refreshed > 0 ? (double)(cpu_us() - cpu) / 1000 / (double)refreshed : 0,
		(double)(now_us() - from) / 1e6);
}

static void
measure(void **state)
{
	int64_t from;
	long kb;

	(void)state;
	asking_set_up();
	fast = world;
	fast.random = random_bytes;
	write_configuration();
	kb = resident_kb();
	from = now_us();
	start();
	printf("keys %u, login names %u\nstart: %.1f ms, %ld kB\n", keys, logins,
		(double)(now_us() - from) / 1000, resident_kb() - kb);
	kb = resident_kb();
	from = now_us();
	fetch_all();
	printf("first fetch of all: %.2f s; memory: %ld kB, %.2f kB a key\n",
		(double)(now_us() - from) / 1e6, resident_kb() - kb,
		(double)(resident_kb() - kb) / (keys + 1));
	printf("answer: %.2f us with %u login names of one key, %.2f us with %u keys\n",
		answer_us("login", logins, "logins.example"), logins,
		answer_us("key", keys, "keys.example"), keys);
	se_engine_free(engine);
	from = now_us();
	start();
	printf("start with all states kept: %.1f ms\n", (double)(now_us() - from) / 1000);
	if (hours > 0)
		simulate();
	assert_int_equal(failures, 0);
	se_engine_free(engine);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(measure)};
	int failed;

	if (argc != 4)
		return 2;
	keys = (unsigned)atoi(argv[1]);
	logins = (unsigned)atoi(argv[2]);
	hours = (unsigned)atoi(argv[3]);
	scratch_make();
	faults_start();
	failed = cmocka_run_group_tests_name("scale", tests, NULL, NULL);
	faults_stop();
	scratch_remove();
	return failed;
}
