/*
 * hung: a name server that does not answer, in a program that ends SASL and begins it anew again and
 * again. getaddrinfo() is this program's own, and libcurl's thread calls it: it may go on long after
 * libsasl2 has unloaded the plugin, and come back when nobody is there any more.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/guest.h"

enum { CYCLES = 200, LOGINS = 1000, PARKED_MAX = 4, EARLY = 20, PAGES = 64 };

/* --- the lookup --------------------------------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool hangs, fails;
static int hanging;

static void
set_hangs(bool yes)
{
	(void)pthread_mutex_lock(&mutex);
	hangs = yes;
	(void)pthread_cond_broadcast(&changed);
	(void)pthread_mutex_unlock(&mutex);
}

static int
lookups_that_hang(void)
{
	int count;

	(void)pthread_mutex_lock(&mutex);
	count = hanging;
	(void)pthread_mutex_unlock(&mutex);
	return count;
}

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* hang.test is this machine, once that is known. */
__attribute__((visibility("default"))) int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
	struct addrinfo **result)
{
	union {
		void *symbol;
		lookup *function;
	} real = {.symbol = dlsym(RTLD_NEXT, "getaddrinfo")};
	bool failed;

	if (name != NULL && strcmp(name, "hang.test") == 0) {
		(void)pthread_mutex_lock(&mutex);
		hanging++;
		while (hangs)
			(void)pthread_cond_wait(&changed, &mutex);
		hanging--;
		failed = fails;
		(void)pthread_mutex_unlock(&mutex);
		if (failed)
			return EAI_AGAIN;
		name = "127.0.0.1";
	}
	return real.function(name, service, hints, result);
}

/* --- the tests ---------------------------------------------------------------------------------- */

static long logins, cycles, hung;

static void
pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static bool
log_in_once(int result)
{
	struct person person = {.login = LOGIN};
	char detail[GUEST_DETAIL];
	int got;

	log_clear();
	got = log_in(&person, detail, sizeof(detail));
	logins += got == SASL_OK;
	if (got != result)
		print_error("%d: %s\n", got, detail);
	return got == result;
}

static void
assert_no_growth(const char *what, struct size early, bool of_threads)
{
	const struct size now = size_now();

	/* A checked build's allocator keeps what was freed, in mappings of its own. */
	if (now.descriptors > early.descriptors ||
		(!memory_is_checked() && now.mappings > early.mappings + 8) ||
		(of_threads && now.threads > early.threads))
		fail_msg("%s: descriptors %ld, was %ld; threads %ld, was %ld; mappings %ld, was "
			 "%ld",
			what, now.descriptors, early.descriptors, now.threads, early.threads,
			now.mappings, early.mappings);
	if (!memory_is_checked() && now.pages > early.pages + PAGES)
		fail_msg("%s: %ld pages, was %ld", what, now.pages, early.pages);
}

/* sasl_done() and sasl_client_init() again, with the agent. */
static void
cycles_with_the_agent(void **state)
{
	struct agent *agent = agent_start(SE_SOCKET_PATH);
	struct size early = {0};

	(void)state;
	for (int i = 0; i < CYCLES; i++, cycles++) {
		assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
		assert_true(log_in_once(SASL_OK));
		sasl_done();
		if (i == EARLY)
			early = size_now();
	}
	assert_no_growth("agent", early, true);
	agent_stop(agent);
}

/* The engine in the process, a request each time. */
static void
cycles_with_the_engine(void **state)
{
	struct size early = {0};

	(void)state;
	never_keep();
	configure("localhost", "https", "/token/guest", "");
	for (int i = 0; i < CYCLES; i++, cycles++) {
		assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
		assert_true(log_in_once(SASL_OK));
		sasl_done();
		if (i == EARLY)
			early = size_now();
	}
	assert_no_growth("engine", early, false);
}

/* The lookups of the first few go on hanging while a cycle after the other comes and goes: each is
 * told at once, and no more threads are gathered. */
static void
cycles_with_a_hung_lookup(void **state)
{
	struct size early = {0};

	(void)state;
	set_hangs(true);
	configure("hang.test", "https", "/token/guest", "timeout = 1\n");
	for (int i = 0; i < CYCLES; i++, cycles++) {
		assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
		assert_true(log_in_once(SASL_UNAVAIL));
		hung++;
		sasl_done();
		assert_in_range(lookups_that_hang(), 1, PARKED_MAX);
		if (i == PARKED_MAX)
			early = size_now();
	}
	assert_no_growth("hung lookup", early, true);
}

/* A signal of the program's is its own: no thread of libcurl's takes what the program blocks. */
static volatile sig_atomic_t handled;

static void
on_signal(int number)
{
	(void)number;
	handled++;
}

static void
signals_stay_the_programs(void **state)
{
	sigset_t set, pending;

	(void)state;
	assert_true(lookups_that_hang() > 0);
	(void)signal(SIGUSR1, on_signal);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	pause_ms(50);
	assert_int_equal(handled, 0);
	assert_int_equal(sigpending(&pending), 0);
	assert_int_equal(sigismember(&pending, SIGUSR1), 1);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	assert_int_equal(handled, 1);
	(void)signal(SIGUSR1, SIG_DFL);
}

/* A forked child has none of those threads, and is not held up by them. */
static int
log_in_as_a_child(void)
{
	CHECK(sasl_client_init(quiet_callbacks) == SASL_OK);
	CHECK(log_in_once(SASL_OK));
	sasl_done();
	return 0;
}

static void
a_child_begins_anew(void **state)
{
	(void)state;
	assert_true(lookups_that_hang() > 0);
	configure("localhost", "https", "/token/guest", "");
	in_child(log_in_as_a_child);
}

/* The whole way out of a program, past everybody's atexit(), while libcurl's thread still looks a name
 * up. */
static void
leave(bool end_sasl)
{
	configure("hang.test", "https", "/token/guest", "timeout = 1\n");
	if (sasl_client_init(quiet_callbacks) != SASL_OK || !log_in_once(SASL_UNAVAIL) ||
		lookups_that_hang() == 0)
		_exit(1);
	if (end_sasl)
		sasl_done();
	exit(0);
}

static void
the_program_ends(void **state)
{
	int status;
	pid_t child;

	(void)state;
	for (int i = 0; i < 2; i++) {
		fflush(NULL);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			leave(i == 1);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		hung++;
	}
}

static void
wait_for_the_lookups(void)
{
	for (int i = 0; i < 500 && size_now().threads > 1; i++)
		pause_ms(10);
	assert_int_equal(size_now().threads, 1);
}

/* The lookups end when the plugin is unloaded and nobody waits; then all is as before. */
static void
the_lookup_comes_back(void **state)
{
	(void)state;
	assert_true(lookups_that_hang() > 0);
	(void)faults_say("forget");
	set_hangs(false);
	wait_for_the_lookups();
	assert_string_equal(faults_say("connections https"), "0");

	configure("hang.test", "https", "/token/guest", "");
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	assert_true(log_in_once(SASL_OK));
	sasl_done();
	assert_string_equal(faults_say("hits guest"), "1"); /* what was given up was not sent */
}

/* In one life of SASL, and the lookups come back with nothing. */
static void
the_lookup_fails_at_last(void **state)
{
	(void)state;
	set_hangs(true);
	configure("hang.test", "https", "/token/guest", "timeout = 1\n");
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	for (int i = 0; i < 2 * PARKED_MAX; i++) {
		assert_true(log_in_once(SASL_UNAVAIL));
		unlink(SE_CONFIGURATION_PATH); /* else it would be remembered */
		configure("hang.test", "https", "/token/guest",
			i % 2 ? "timeout = 1\n" : "timeout = 2\n");
	}
	assert_int_equal(lookups_that_hang(), PARKED_MAX);
	fails = true;
	set_hangs(false);
	wait_for_the_lookups();
	fails = false;
	configure("localhost", "https", "/token/guest", "");
	assert_true(log_in_once(SASL_OK));
	sasl_done();
}

/* Many logins of one process, without an end of SASL between them. */
static void
many_logins(void **state)
{
	struct agent *agent = agent_start(SE_SOCKET_PATH);
	struct size early = {0};

	(void)state;
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	for (int i = 0; i < LOGINS; i++) {
		assert_true(log_in_once(SASL_OK));
		if (i == LOGINS / 10)
			early = size_now();
	}
	assert_no_growth("logins by the agent", early, true);
	sasl_done();
	agent_stop(agent);

	configure("localhost", "https", "/token/guest", "");
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	for (int i = 0; i < LOGINS; i++) {
		assert_true(log_in_once(SASL_OK));
		if (i == LOGINS / 10)
			early = size_now();
	}
	assert_no_growth("logins by the engine", early, false);
	sasl_done();
}

static int
end(void **state)
{
	(void)state;
	guest_end();
	figure("a program ends SASL and begins it anew", "tests/guest/hung", "load", cycles);
	figure("a name lookup hangs while SASL ends and begins anew", "tests/guest/hung",
		"injected", hung);
	figure("a name lookup hangs while SASL ends and begins anew", "tests/guest/hung",
		"survived", hung);
	figure("a program logs in again and again", "tests/guest/hung", "load", logins);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cycles_with_the_agent),
		cmocka_unit_test(cycles_with_the_engine),
		cmocka_unit_test(cycles_with_a_hung_lookup),
		cmocka_unit_test(signals_stay_the_programs),
		cmocka_unit_test(a_child_begins_anew),
		cmocka_unit_test(the_program_ends),
		cmocka_unit_test(the_lookup_comes_back),
		cmocka_unit_test(the_lookup_fails_at_last),
		cmocka_unit_test(many_logins),
	};

	guest_begin();
	return cmocka_run_group_tests_name("guest: hung", tests, NULL, end);
}
