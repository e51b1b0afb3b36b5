/*
 * engine_http_name: a name lookup that hangs must not make anybody late, and what it was for must
 * not be sent when it ends at last. getaddrinfo() is this program's own here; libcurl calls it.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "engine/http.h"

#include "engine_support.h"

enum {
	SHORT = 500, /* milliseconds that a request gets */
	CROWD = 60,
	SLACK = 1000, /* milliseconds that it may take longer: 300 are allowed, the rest is for a busy
	                 machine */
	RELEASE_MS = 20000
};

/* --- the lookup -------------------------------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool hangs;
static unsigned called, hanging, most;

static void
wait_for_release(void)
{
	(void)pthread_mutex_lock(&mutex);
	called++;
	hanging++;
	if (hanging > most)
		most = hanging;
	while (hangs)
		(void)pthread_cond_wait(&changed, &mutex);
	hanging--;
	(void)pthread_mutex_unlock(&mutex);
}

static void
set_hangs(bool yes)
{
	(void)pthread_mutex_lock(&mutex);
	hangs = yes;
	(void)pthread_cond_broadcast(&changed);
	(void)pthread_mutex_unlock(&mutex);
}

static unsigned
count(const unsigned *counter)
{
	unsigned value;

	(void)pthread_mutex_lock(&mutex);
	value = *counter;
	(void)pthread_mutex_unlock(&mutex);
	return value;
}

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* hang.test and hang1.test and so on are this machine, once that is known; nowhere.test does not exist. */
__attribute__((visibility("default"))) int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
	struct addrinfo **result)
{
	union {
		void *symbol;
		lookup *function;
	} real = {.symbol = dlsym(RTLD_NEXT, "getaddrinfo")};

	if (name != NULL && strncmp(name, "hang", 4) == 0) {
		wait_for_release();
		name = "127.0.0.1";
	} else if (name != NULL && strcmp(name, "nowhere.test") == 0) {
		return EAI_NONAME;
	}
	return real.function(name, service, hints, result);
}

/* --- the tests --------------------------------------------------------------------------------- */

static struct se_http *http;
static char hang_url[100];

static int
begin(void **state)
{
	(void)state;
	scratch_make();
	faults_start();
	snprintf(hang_url, sizeof(hang_url), "https://hang.test:%u/echo", faults_port("https"));
	return 0;
}

static int
end(void **state)
{
	(void)state;
	faults_stop();
	scratch_remove();
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	world_reset();
	(void)faults_say("forget");
	set_hangs(true);
	called = 0;
	most = 0;
	http = se_http_new(&world);
	return http != NULL ? 0 : -1;
}

/* Turns until no transfer is parked. */
static void
reap(void)
{
	int64_t until = real_ms() + RELEASE_MS;

	set_hangs(false);
	while (http != NULL && se_http_parked(http) > 0 && real_ms() < until)
		(void)se_http_turn(http, NULL, 0, 50);
}

static int
tear_down(void **state)
{
	(void)state;
	reap();
	se_http_free(http);
	return 0;
}

/* A turn may end at once, so that time counts, and not turns. */
static void
await_hang(void)
{
	int64_t until = real_ms() + RELEASE_MS / 4;

	while (count(&hanging) == 0 && real_ms() < until)
		assert_true(se_http_turn(http, NULL, 0, 20));
}

/* Where libcurl does not look names up by getaddrinfo() (c-ares), nothing can be hung here. */
static void
require_lookup(void)
{
	if (count(&called) == 0) {
		print_message("this libcurl does not call getaddrinfo()\n");
		skip();
	}
}

static void
expect_late(void)
{
	struct fetch one = {.url = hang_url, .time = SHORT};

	fetch(http, &one);
	require_lookup();
	assert_false(one.answered);
	assert_int_equal(one.error.code, SE_AGAIN);
	assert_says(one.error.text, "the name lookup of hang.test:");
	assert_says(one.error.text, "did not end in time");
	assert_says(one.error.text, "/etc/resolv.conf");
	assert_in_range(one.ended - one.began, SHORT, SHORT + SLACK);
}

static void
test_found(void **state)
{
	struct fetch one = {.url = hang_url};

	(void)state;
	set_hangs(false);
	fetch(http, &one);
	assert_true(one.answered);
	fetch_forget(&one);
	require_lookup();
}

static void
test_unknown(void **state)
{
	struct fetch one = {.url = "https://nowhere.test:1/"};

	(void)state;
	fetch(http, &one);
	assert_false(one.answered);
	assert_int_equal(one.error.code, SE_AGAIN);
	assert_says(one.error.text, "no address was found for nowhere.test:1");
	assert_says(one.error.text, "/etc/resolv.conf");
	assert_int_equal(se_http_parked(http), 0);
}

/* By a limit of its own libcurl would end a parked transfer, and wait for its lookup to do so: minutes
 * after the host's deadline. */
static long connect_timeout;

CURLcode __real_curl_easy_setopt(CURL *easy, CURLoption option, ...);
CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...);

/* Each option has one argument, which is as large as a pointer. */
CURLcode
__wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
	va_list arguments;
	void *value;

	va_start(arguments, option);
	value = va_arg(arguments, void *);
	va_end(arguments);
	if (option == CURLOPT_CONNECTTIMEOUT)
		connect_timeout = (long)(intptr_t)value;
	return __real_curl_easy_setopt(easy, option, value);
}

static void
test_limit_of_libcurl(void **state)
{
	struct fetch one = {.url = hang_url};

	(void)state;
	set_hangs(false);
	connect_timeout = 0;
	fetch(http, &one);
	fetch_forget(&one);
	assert_true(connect_timeout >= 3600);
}

static void
test_deadline(void **state)
{
	struct fetch other = {.url = faults_url("https", "/json")};

	(void)state;
	expect_late();
	assert_int_equal(se_http_parked(http), 1);
	/* It holds nobody else up. */
	fetch(http, &other);
	assert_true(other.answered);
	assert_true(other.ended - other.began < RELEASE_MS);
	fetch_forget(&other);
}

static void
test_too_many(void **state)
{
	struct fetch one = {.url = hang_url}, other = {.url = faults_url("https", "/json")};
	size_t i;

	(void)state;
	for (i = 1; i <= SE_HTTP_PARKED_MAX; i++) {
		expect_late();
		assert_int_equal(se_http_parked(http), i);
	}
	assert_false(fetch_start(http, &one));
	assert_int_equal(one.error.code, SE_AGAIN);
	assert_says(one.error.text, "4 name lookups still hang");
	assert_says(one.error.text, "hang.test:");
	assert_says(one.error.text, "/etc/resolv.conf");
	assert_int_equal(one.calls, 0);
	/* That name is dead, not the others. */
	fetch(http, &other);
	assert_true(other.answered);
	fetch_forget(&other);
	(void)faults_say("forget");

	/* What was given up is not sent after all; afterwards all is as before. */
	reap();
	assert_int_equal(se_http_parked(http), 0);
	assert_string_equal(faults_say("connections https"), "0");
	assert_int_equal(faults_hits("https"), 0);
	memset(&one.error, 0, sizeof(one.error));
	fetch(http, &one);
	assert_true(one.answered);
	assert_string_equal(faults_say("connections https"), "1");
	fetch_forget(&one);
}

/* A machine's own endpoint is asked all the same. */
static void
expect_machine(void)
{
	struct fetch machine = {.url = "http://127.0.0.1:1/token", .machine = true};

	fetch(http, &machine);
	assert_says(machine.error.text, "127.0.0.1:1 cannot be reached");
}

/* Many at once, of the same name or of several: as many lookups as are allowed, the rest waits and
 * ends in time as well. `names` is how many hang. */
static void
expect_bounded(unsigned names, unsigned lookups)
{
	static char urls[CROWD][100];
	struct fetch crowd[CROWD] = {{0}}, other = {.url = faults_url("https", "/json")};
	unsigned i;

	for (i = 0; i < CROWD; i++) {
		snprintf(urls[i], sizeof(urls[i]), "https://hang%u.test:%u/echo", i % names,
			faults_port("https"));
		crowd[i].url = urls[i];
		crowd[i].time = SHORT;
		assert_true(fetch_start(http, &crowd[i]));
	}
	assert_true(fetch_start(http, &other));
	for (i = 0; i < CROWD; i++) {
		fetch_wait(http, &crowd[i]);
		require_lookup();
		assert_false(crowd[i].answered);
		assert_int_equal(crowd[i].error.code, SE_AGAIN);
		assert_says(crowd[i].error.text, "/etc/resolv.conf");
		assert_in_range(crowd[i].ended - crowd[i].began, SHORT, SHORT + 2 * SLACK);
	}
	assert_in_range(count(&most), 1, lookups); /* a thread may still be on its way there */
	assert_int_equal(se_http_parked(http), lookups);
	if (lookups < SE_HTTP_LOOKUPS_MAX) {
		fetch_wait(http, &other);
		assert_true(other.answered);
		fetch_forget(&other);
	} else {
		se_http_cancel(http, other.transfer);
		memset(&other.error, 0, sizeof(other.error));
		assert_false(fetch_start(http, &other));
		assert_int_equal(other.error.code, SE_AGAIN);
		assert_says(other.error.text, "16 name lookups still hang");
		expect_machine();
	}
	(void)faults_say("forget");
	reap();
	assert_int_equal(se_http_parked(http), 0);
	assert_string_equal(faults_say("connections https"), "0");
}

static void
test_many_of_one(void **state)
{
	(void)state;
	expect_bounded(1, SE_HTTP_PARKED_MAX);
}

static void
test_many_of_several(void **state)
{
	(void)state;
	expect_bounded(3, 3 * SE_HTTP_PARKED_MAX);
}

static void
test_many_of_many(void **state)
{
	(void)state;
	expect_bounded(30, SE_HTTP_LOOKUPS_MAX);
}

/* Those that had to wait go on when there is room. */
static void
test_waiting(void **state)
{
	struct fetch crowd[CROWD] = {{0}};
	int64_t until = real_ms() + RELEASE_MS;
	unsigned i;

	(void)state;
	for (i = 0; i < CROWD; i++) {
		crowd[i].url = hang_url;
		assert_true(fetch_start(http, &crowd[i]));
	}
	while (count(&hanging) < SE_HTTP_PARKED_MAX && real_ms() < until)
		assert_true(se_http_turn(http, NULL, 0, 20));
	require_lookup();
	set_hangs(false);
	for (i = 0; i < CROWD; i++) {
		fetch_wait(http, &crowd[i]);
		assert_true(crowd[i].answered);
		fetch_forget(&crowd[i]);
	}
	assert_int_equal(count(&most), SE_HTTP_PARKED_MAX);
}

static void
test_cancel(void **state)
{
	struct fetch one = {.url = hang_url};

	(void)state;
	assert_true(fetch_start(http, &one));
	await_hang();
	require_lookup();
	se_http_cancel(http, one.transfer);
	assert_int_equal(se_http_parked(http), 1);
	reap();
	assert_int_equal(se_http_parked(http), 0);
	assert_int_equal(one.calls, 0);
	assert_string_equal(faults_say("connections https"), "0");
}

/* Names that come in time are another thing: the time to connect begins then. */
static void
test_slow_lookup(void **state)
{
	struct fetch one = {.url = hang_url};

	(void)state;
	assert_true(fetch_start(http, &one));
	await_hang();
	require_lookup();
	world_later_ms += SE_HTTP_CONNECT_MS + 1000;
	assert_true(se_http_turn(http, NULL, 0, 20));
	assert_int_equal(one.calls, 0);
	set_hangs(false);
	fetch_wait(http, &one);
	assert_true(one.answered);
	fetch_forget(&one);
}

/* What is left behind must not be touched by whoever is free of it: it leaks, and is small. */
static void
test_left_behind(void **state)
{
	struct se_http *left = http;
	int64_t began;

	(void)state;
	expect_late();
	began = real_ms();
	http = NULL;
	se_http_free(left);
	assert_true(real_ms() - began < RELEASE_MS / 2); /* it did not wait for the name */
	assert_int_equal(count(&hanging), 1);
	/* It is still whole; for the memory checkers it ends here. */
	http = left;
	reap();
	assert_int_equal(se_http_parked(http), 0);
	assert_string_equal(faults_say("connections https"), "0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_found),
		TEST(test_unknown),
		TEST(test_limit_of_libcurl),
		TEST(test_deadline),
		TEST(test_too_many),
		TEST(test_many_of_one),
		TEST(test_many_of_several),
		TEST(test_many_of_many),
		TEST(test_waiting),
		TEST(test_cancel),
		TEST(test_slow_lookup),
		TEST(test_left_behind),
	};

	return cmocka_run_group_tests_name("engine_http_name", tests, begin, end);
}
