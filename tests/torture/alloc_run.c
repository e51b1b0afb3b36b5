/* alloc_run: instead of cmocka's way to run a group of tests, each test once for each allocation
 * that fails. The group is set up once; each run is a forked child of it. */
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc.h"
#include "alloc_places.h"

enum { BAILED_OUT = 99 /* as tests do whose own needs are not met */ };

enum { TIME_MAX_S = 30, NUMBERS_MAX = 1 << 20 };

/* How a run ended. */
enum {
	ENDED_WELL = 0,
	/* By an assertion, which may be about what did not succeed: */
	ENDED_CLEAN = 40, /* nothing had been leaked by then */
	ENDED_LEAKED,
	ENDED_FALSE, /* nothing had failed yet, or the test says that its assertions hold */
	ENDED_CRASHED
};

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

/* What the environment asks for. */
static struct {
	const char *test;       /* SE_TORTURE_TEST: only the test of this name */
	unsigned long first;    /* SE_TORTURE_K: only this allocation */
	unsigned long most;     /* SE_TORTURE_MOST: runs of a test, 0: no limit */
	unsigned long all_most; /* SE_TORTURE_ALL_MOST: of all tests together, but one of each */
	bool and_after;         /* SE_TORTURE_AFTER: all later ones fail as well */
	bool every;             /* SE_TORTURE_EVERY: not only the first of each place */
	bool strict;            /* SE_TORTURE_STRICT: tests use torture_begin() */
	bool show;              /* SE_TORTURE_SHOW: what the test writes */
} wish;

#define EXPORT __attribute__((visibility("default")))

static bool
wants(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && strcmp(value, "1") == 0;
}

static unsigned long
number_of(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? strtoul(value, NULL, 10) : 0;
}

/* Programs that the tests start have nothing to do with it. */
static void __attribute__((constructor)) read_wishes(void)
{
	(void)unsetenv("LD_PRELOAD");
	(void)setenv("CMOCKA_TEST_ABORT", "1", 1);
	wish.test = getenv("SE_TORTURE_TEST");
	wish.first = number_of("SE_TORTURE_K");
	wish.most = number_of("SE_TORTURE_MOST");
	wish.all_most = number_of("SE_TORTURE_ALL_MOST");
	wish.and_after = wants("SE_TORTURE_AFTER");
	wish.every = wants("SE_TORTURE_EVERY");
	wish.strict = wants("SE_TORTURE_STRICT");
	wish.show = wants("SE_TORTURE_SHOW");
	alloc_plan.show = wish.show;
	alloc_plan.in_children = wants("SE_TORTURE_CHILDREN");
	alloc_seen = mmap(NULL, sizeof(*alloc_seen), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (alloc_seen == MAP_FAILED)
		abort();
}

/* --- what a test calls ----------------------------------------------------------------------- */

EXPORT void
torture_begin(void)
{
	if (wish.strict)
		alloc_count(true);
}

EXPORT void
torture_end(void)
{
	alloc_count(false);
}

EXPORT bool
torture_hit(void)
{
	return alloc_seen->hit;
}

/* With SE_TORTURE_KEEP, so that stacks into a plugin can be read when it has been unloaded. */
EXPORT int
dlclose(void *handle)
{
	static int (*real)(void *);

	if (wants("SE_TORTURE_KEEP"))
		return 0;
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "dlclose");
	return real(handle);
}

/* --- one run --------------------------------------------------------------------------------- */

static pid_t run; /* the process that runs a test; 0 before */

/* cmocka leaves a test by longjmp(), and what the test holds would be lost. Here, where its frames
 * are still there, what they do not reach was leaked before. */
static void __attribute__((noreturn)) assertion_failed(void)
{
	bool hit = alloc_seen->hit;

	alloc_count(false);
	if (getpid() != run)
		_exit(2); /* a child of the test's */
	if (__lsan_do_recoverable_leak_check != NULL && __lsan_do_recoverable_leak_check() != 0)
		_exit(ENDED_LEAKED);
	_exit(hit && !wish.strict ? ENDED_CLEAN : ENDED_FALSE);
}

/* With CMOCKA_TEST_ABORT cmocka says what failed, and calls this. */
EXPORT void
abort(void)
{
	Dl_info caller;

	if (run != 0 && dladdr(__builtin_return_address(0), &caller) != 0 &&
		strstr(caller.dli_fname, "libcmocka") != NULL)
		assertion_failed();
	(void)signal(SIGABRT, SIG_DFL);
	(void)raise(SIGABRT);
	_exit(134);
}

/* A test that leaves itself out has found nothing to test. */
EXPORT void
_skip(const char *file, int line)
{
	(void)file;
	(void)line;
	_exit(ENDED_CLEAN);
}

static void
run_body(const struct CMUnitTest *test, void *state)
{
	void *own = test->initial_state != NULL ? test->initial_state : state;

	if (test->setup_func != NULL && test->setup_func(&own) != 0)
		_exit(ENDED_FALSE);
	alloc_count(!wish.strict);
	test->test_func(&own);
	alloc_count(false);
	if (test->teardown_func != NULL && test->teardown_func(&own) != 0)
		_exit(alloc_seen->hit && !wish.strict ? ENDED_CLEAN : ENDED_FALSE);
}

static void
run_in_child(const struct CMUnitTest *test, void *state)
{
	run = getpid();
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)alarm(TIME_MAX_S);
	if (!wish.show) {
		int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)dup2(nowhere, STDOUT_FILENO);
		(void)dup2(nowhere, STDERR_FILENO);
	}
	run_body(test, state);
	if (__lsan_do_recoverable_leak_check != NULL && __lsan_do_recoverable_leak_check() != 0)
		_exit(ENDED_LEAKED);
	_exit(ENDED_WELL);
}

/* Returns how it ended, and puts everything back as it was before. */
static int
run_once(const struct CMUnitTest *test, void *state, unsigned long fail, pid_t *process)
{
	int status = -1;
	pid_t child;

	alloc_plan.fail = fail;
	alloc_plan.and_after = wish.and_after;
	alloc_plan.note_stacks = fail == 0 && !wish.every;
	alloc_seen->count = 0;
	alloc_seen->hit = false;
	fflush(NULL);
	child = fork();
	if (child == 0)
		run_in_child(test, state);
	*process = child;
	while (waitpid(child, &status, 0) < 0)
		continue;
	(void)kill(-child, SIGKILL); /* what it started */
	alloc_places_clean();
	if (wish.show)
		printf("torture: status %x\n", (unsigned)status);
	if (WIFEXITED(status) && WEXITSTATUS(status) == BAILED_OUT && alloc_seen->hit)
		return wish.strict ? ENDED_FALSE : ENDED_CLEAN;
	if (!WIFEXITED(status) ||
		(WEXITSTATUS(status) != ENDED_WELL &&
			(WEXITSTATUS(status) < ENDED_CLEAN || WEXITSTATUS(status) > ENDED_FALSE)))
		return ENDED_CRASHED;
	return WEXITSTATUS(status);
}

/* --- what a library sets up once in a process ------------------------------------------------- */

void *TLS_client_method(void) __attribute__((weak));
void *SSL_CTX_new(void *method) __attribute__((weak));
void SSL_CTX_free(void *context) __attribute__((weak));
void *SSL_new(void *context) __attribute__((weak));
void SSL_free(void *connection) __attribute__((weak));

/* OpenSSL's own tables are ten thousand allocations, which no test needs to see again. */
static void
warm_up(void)
{
	void *context, *connection;
	struct addrinfo *addresses = NULL;

	/* glibc's own, of which it does not recover: an assert(), or a lock that stays locked. */
	if (getaddrinfo("localhost", "25", NULL, &addresses) == 0)
		freeaddrinfo(addresses);
	if (TLS_client_method == NULL || SSL_CTX_new == NULL || SSL_new == NULL)
		return;
	context = SSL_CTX_new(TLS_client_method());
	connection = context != NULL ? SSL_new(context) : NULL;
	SSL_free(connection);
	SSL_CTX_free(context);
}

/* --- a test ---------------------------------------------------------------------------------- */

/* Keeps the numbers of all allocations in `numbers`. */
static size_t
choose_all(unsigned long *numbers)
{
	size_t count = alloc_seen->count < NUMBERS_MAX ? alloc_seen->count : NUMBERS_MAX;

	for (size_t i = 0; i < count; i++)
		numbers[i] = i + 1;
	return count;
}

/* Of the first allocation of each place. */
static size_t
choose_places(unsigned long *numbers)
{
	unsigned long count = alloc_seen->count < STACKS_MAX ? alloc_seen->count : STACKS_MAX;
	size_t size = 4 * STACKS_MAX, chosen = 0;
	unsigned long *table = calloc(size, sizeof(*table));

	if (table == NULL)
		abort();
	for (unsigned long i = 0; i < count; i++) {
		unsigned long hash = alloc_seen->stacks[i] | 1;
		size_t at = hash % size;

		while (table[at] != 0 && table[at] != hash)
			at = (at + 1) % size;
		if (table[at] == 0)
			numbers[chosen++] = i + 1;
		table[at] = hash;
	}
	free(table);
	return chosen;
}

/* Leaves `most` of them, evenly spaced; of each test of a group others, since groups have many that
 * go the same way. */
static size_t
thin_out(unsigned long *numbers, size_t count, unsigned long most, size_t of_test)
{
	enum { PARTS = 101 };
	const size_t shift = of_test * 37 % PARTS;
	size_t left = 0;

	if (most == 0 || count <= most)
		return count;
	for (size_t i = 0; i < most; i++)
		numbers[left++] = numbers[(i * PARTS + shift) * count / (most * PARTS)];
	return left;
}

/* Runs it as it is, and keeps the numbers of those that are to fail. */
static size_t
choose(const struct CMUnitTest *test, size_t of_test, void *state, unsigned long *numbers)
{
	pid_t process;
	int end;

	if (wish.first != 0) {
		numbers[0] = wish.first;
		return 1;
	}
	end = run_once(test, state, 0, &process);
	if (end == ENDED_CLEAN)
		return 0;
	if (end != ENDED_WELL) {
		printf("torture: bad test=%s k=0 end=%d process=%d\n", test->name, end,
			(int)process);
		return 0;
	}
	return thin_out(numbers, wish.every ? choose_all(numbers) : choose_places(numbers),
		wish.most, of_test);
}

static void
torture(const struct CMUnitTest *test, size_t of_test, void *state)
{
	unsigned long *numbers = calloc(NUMBERS_MAX, sizeof(*numbers));
	unsigned long allocations, injected = 0, survived = 0;
	size_t places;
	pid_t process;
	int end;

	if (numbers == NULL)
		abort();
	places = choose(test, of_test, state, numbers);
	allocations = alloc_seen->count;
	for (size_t i = 0; i < places; i++) {
		end = run_once(test, state, numbers[i], &process);
		injected += alloc_seen->hit;
		if (end == ENDED_WELL || end == ENDED_CLEAN)
			survived += alloc_seen->hit;
		else
			printf("torture: bad test=%s k=%lu end=%d process=%d\n", test->name,
				numbers[i], end, (int)process);
	}
	printf("torture: test=%s allocations=%lu injected=%lu survived=%lu\n", test->name,
		allocations, injected, survived);
	free(numbers);
}

/* --- the group ------------------------------------------------------------------------------- */

EXPORT int
_cmocka_run_group_tests(const char *name, const struct CMUnitTest *const tests, const size_t count,
	CMFixtureFunction set_up, CMFixtureFunction tear_down)
{
	void *state = NULL;

	(void)name;
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	if (set_up != NULL && set_up(&state) != 0)
		return 1;
	warm_up();
	alloc_places_note();
	if (wish.all_most != 0 && wish.most > wish.all_most / count)
		wish.most = wish.all_most > count ? wish.all_most / count : 1;
	for (size_t i = 0; i < count; i++)
		if (wish.test == NULL || strcmp(tests[i].name, wish.test) == 0)
			torture(&tests[i], i, state);
	if (tear_down != NULL)
		(void)tear_down(&state);
	printf("torture: done\n");
	return 0;
}
