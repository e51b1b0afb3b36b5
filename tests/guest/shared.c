/*
 * shared: hosts that fork, before, between and in the middle of logins; that have threads; that have
 * several connections at a time. Each login gets its token, none uses another's connection or lock.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/guest.h"

enum { THREADS = 4, LOGINS = 25, FORKS = 10 };

static char detail[GUEST_DETAIL];
static long logins;

static bool
logs_in(const char *login)
{
	struct person person = {.login = login};
	char text[GUEST_DETAIL];

	if (log_in(&person, text, sizeof(text)) != SASL_OK) {
		fprintf(stderr, "# %s\n", text);
		return false;
	}
	__atomic_fetch_add(&logins, 1, __ATOMIC_RELAXED);
	return strstr(text, "auth=Bearer access-guest-") != NULL || strstr(text, TOKEN) != NULL;
}

static int
set_up(void **state)
{
	(void)state;
	log_clear();
	never_keep();
	(void)faults_say("forget");
	configure("localhost", "https", "/token/guest", "");
	return sasl_client_init(quiet_callbacks);
}

static int
tear_down(void **state)
{
	(void)state;
	sasl_done();
	return 0;
}

/* Begins a process whose exit status says whether `body` worked. */
static pid_t
begin(bool (*body)(void))
{
	pid_t child;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(body() ? 0 : 1);
	return child;
}

static void
assert_worked(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* --- processes ---------------------------------------------------------------------------------- */

static bool
one_login(void)
{
	return logs_in(LOGIN);
}

static bool
two_logins_and_an_end(void)
{
	bool ok = logs_in(LOGIN) && logs_in("otto@contoso.com");

	sasl_done();
	return ok;
}

/* Parent and children go on at the same time, each with a connection of its own: one of them in
 * another's TLS would break both. */
static void
between_two_logins(void **state)
{
	pid_t children[FORKS];
	long requests;

	(void)state;
	assert_true(logs_in(LOGIN));
	assert_string_equal(faults_say("connections https"), "1");
	for (int i = 0; i < FORKS; i++) {
		children[i] = begin(i % 2 == 0 ? one_login : two_logins_and_an_end);
		assert_true(logs_in(LOGIN));
	}
	for (int i = 0; i < FORKS; i++)
		assert_worked(children[i]);
	assert_true(logs_in(LOGIN));
	/* a connection for each request: no two processes ever share one */
	requests = strtol(faults_say("hits https"), NULL, 10);
	assert_true(requests >= 1 + FORKS);
	assert_int_equal(strtol(faults_say("connections https"), NULL, 10), requests);
}

static pid_t forked;

static int
login_callback_that_forks(void *context, int id, const char **result, unsigned *len)
{
	forked = fork();
	return login_callback(context, id, result, len);
}

static void
in_a_callback(void **state)
{
	struct person person = {.login = LOGIN};
	const sasl_callback_t callbacks[] = {
		{SASL_CB_AUTHNAME, PROC(login_callback_that_forks), &person},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	const char *out;
	unsigned len;
	sasl_conn_t *conn;
	int result;

	(void)state;
	assert_true(logs_in(LOGIN));
	fflush(NULL);
	forked = -1;
	assert_int_equal(sasl_client_new("smtp", SERVER, NULL, NULL, callbacks, 0, &conn), SASL_OK);
	result = sasl_client_start(conn, "XOAUTH2", NULL, &out, &len, NULL);
	if (result == SASL_CONTINUE)
		result = sasl_client_step(conn, NULL, 0, NULL, &out, &len);
	sasl_dispose(&conn);
	if (forked == 0) {
		sasl_done();
		_exit(result == SASL_OK ? 0 : 1);
	}
	assert_int_equal(result, SASL_OK);
	assert_true(forked > 0);
	assert_worked(forked);
}

/* Begun in a program that then becomes a daemon, as sendmail does. */
static bool
become_a_daemon_and_log_in(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		child = fork();
		if (child == 0)
			_exit(setsid() > 0 && chdir("/") == 0 && two_logins_and_an_end() ? 0 : 1);
		_exit(waitpid(child, &status, 0) == child ? status != 0 : 1);
	}
	return waitpid(child, &status, 0) == child && status == 0;
}

static void
a_daemon(void **state)
{
	struct agent *agent;

	(void)state;
	assert_worked(begin(become_a_daemon_and_log_in)); /* loaded here, first used there */
	assert_true(logs_in(LOGIN));
	assert_worked(begin(become_a_daemon_and_log_in)); /* used here already */
	agent = agent_start(SE_SOCKET_PATH);
	assert_worked(begin(become_a_daemon_and_log_in));
	agent_stop(agent);
}

/* --- a fork in the middle of another thread's request -------------------------------------------- */

static void *
log_in_slowly(void *unused)
{
	(void)unused;
	return logs_in(LOGIN) ? detail : NULL;
}

static void
wait_for_requests(long count)
{
	for (int i = 0; i < 500 && strtol(faults_say("hits guest"), NULL, 10) < count; i++)
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	assert_true(strtol(faults_say("hits guest"), NULL, 10) >= count);
}

static int told[2];

/* A child that lives on with what it inherited, and logs in when it is told. */
static bool
one_login_when_told(void)
{
	char c;

	close(told[1]);
	return read(told[0], &c, 1) == 0 && logs_in(LOGIN);
}

/* The child inherits the descriptor of the lock that the thread holds. When the thread lets it go
 * the lock is free for everybody, although the child still has the descriptor. */
static void
in_the_middle_of_a_request(void **state)
{
	char more[600];
	pthread_t thread;
	void *worked = NULL;
	pid_t child;

	(void)state;
	assert_int_equal(mkdir(scratch("state"), 0700), 0);
	snprintf(more, sizeof(more), "[defaults]\nstate_dir = %s\n", scratch("state"));
	configure("localhost", "https", "/token/guest", more);
	(void)faults_say("answer guest {\"delay\": 2, \"members\": {\"expires_in\": 1}}");
	assert_int_equal(pthread_create(&thread, NULL, log_in_slowly, NULL), 0);
	wait_for_requests(1);
	assert_int_equal(pipe(told), 0);
	child = begin(one_login_when_told);
	close(told[0]);
	assert_int_equal(pthread_join(thread, &worked), 0);
	assert_non_null(worked);
	never_keep();
	nanosleep(&(struct timespec){1, 100000000}, NULL); /* the token's life is over */
	assert_true(logs_in(LOGIN));
	assert_string_equal(faults_say("hits guest"), "2");
	close(told[1]);
	assert_worked(child);
}

/* --- threads ------------------------------------------------------------------------------------- */

static void *
log_in_often(void *login)
{
	size_t worked = 0;

	for (int i = 0; i < LOGINS; i++)
		worked += logs_in(login);
	return (void *)worked;
}

static void
run_threads(void)
{
	static char names[THREADS][40];
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		snprintf(names[i], sizeof(names[i]), "thread%d@contoso.com", i);
		assert_int_equal(pthread_create(&threads[i], NULL, log_in_often, names[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		void *worked = NULL;

		assert_int_equal(pthread_join(threads[i], &worked), 0);
		assert_int_equal((size_t)worked, LOGINS);
	}
}

static int
quiet(void *context, int level, const char *message)
{
	(void)context;
	(void)level;
	(void)message;
	return SASL_OK;
}

static void
threads(void **state)
{
	static const sasl_callback_t callbacks[] = {
		{SASL_CB_GETPATH, PROC(getpath_callback), NULL},
		{SASL_CB_LOG, PROC(quiet), NULL},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	struct agent *agent;

	(void)state;
	sasl_done();
	assert_int_equal(sasl_client_init(callbacks), SASL_OK);
	run_threads();
	(void)faults_say("answer guest {}"); /* a token that may be kept */
	run_threads();
	agent = agent_start(SE_SOCKET_PATH);
	agent->keep = 60;
	run_threads();
	agent_stop(agent);
}

/* --- several connections ------------------------------------------------------------------------- */

enum { CONNECTIONS = 4 };

static void
start(sasl_conn_t *conn, const char *mechanism)
{
	const char *out;
	unsigned len;

	assert_int_equal(sasl_client_start(conn, mechanism, NULL, &out, &len, NULL), SASL_CONTINUE);
	assert_true(len > 0);
}

/* mbsync has two stores; KSMTP never disposes; a host that was refused begins again on the same
 * connection. All in each other's way, disposed of in another order. */
static void
interleaved(void **state)
{
	static const char *const names[CONNECTIONS] = {
		LOGIN, "otto@contoso.com", "olga@contoso.com", LOGIN};
	static const int order[CONNECTIONS] = {2, 0, 3, 1};
	struct person people[CONNECTIONS] = {{.login = NULL}};
	sasl_callback_t callbacks[CONNECTIONS][4];
	sasl_conn_t *conn[CONNECTIONS];
	const char *out;
	unsigned len;

	(void)state;
	for (int i = 0; i < CONNECTIONS; i++) {
		people[i].login = names[i];
		callbacks_for(&people[i], callbacks[i]);
		assert_int_equal(
			sasl_client_new("smtp", SERVER, NULL, NULL, callbacks[i], 0, &conn[i]),
			SASL_OK);
	}
	for (int i = 0; i < CONNECTIONS; i++)
		start(conn[i], i % 2 == 0 ? "XOAUTH2" : "OAUTHBEARER");
	/* Once more; libsasl2 2.1.28 then loses what a mechanism keeps for the first time. */
	for (int i = CONNECTIONS - 1; i >= 0 && !memory_is_checked(); i--)
		start(conn[i], i % 2 == 0 ? "OAUTHBEARER" : "XOAUTH2");
	for (int i = 0; i < CONNECTIONS; i++)
		assert_int_equal(
			sasl_client_step(conn[order[i]], NULL, 0, NULL, &out, &len), SASL_OK);
	for (int i = 0; i < CONNECTIONS; i++) {
		sasl_dispose(&conn[order[i]]);
		assert_true(logs_in(LOGIN));
	}
}

static int
end(void **state)
{
	(void)state;
	guest_end();
	figure("hosts that fork, have threads or several connections", "tests/guest/shared", "load",
		logins);
	return 0;
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(between_two_logins),
		TEST(in_a_callback),
		TEST(a_daemon),
		TEST(in_the_middle_of_a_request),
		TEST(threads),
		TEST(interleaved),
	};

	guest_begin();
	return cmocka_run_group_tests_name("guest: shared", tests, NULL, end);
}
