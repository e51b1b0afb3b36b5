#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/client.h"
#include "core/directory.h"
#include "core/wire.h"
#include "core_support.h"

enum {
	SOON = 300,    /* milliseconds given to an agent that will not answer in them */
	PLENTY = 20000 /* and to one that will */
};

static char place[SE_TEST_PATH];
static struct se_answer answer;
static struct se_error error;
static size_t descriptors;
static pid_t agent;

#define NEED_ROOT() \
	do { \
		if (geteuid() != 0) { \
			print_message("# needs root, to be several users\n"); \
			skip(); \
		} \
	} while (0)

static int
set_up(void **state)
{
	(void)state;
	agent = -1;
	descriptors = se_test_open_descriptors();
	memset(&answer, 0, sizeof(answer));
	memset(&error, 0, sizeof(error));
	return se_test_place(place) ? 0 : -1;
}

/* No test may leave a descriptor open. */
static int
tear_down(void **state)
{
	(void)state;
	se_answer_free(&answer);
	if (agent > 0) {
		(void)kill(agent, SIGKILL);
		(void)waitpid(agent, NULL, 0);
	}
	se_test_remove(place);
	return se_test_open_descriptors() == descriptors ? 0 : -1;
}

static enum se_code
ask(const char *path, uint32_t time_left)
{
	const struct se_request request = {.operation = SE_OPERATION_TOKEN,
		.time_left = time_left,
		.login = "anna@contoso.com",
		.service = "smtp",
		.server = "smtp.office365.com"};

	se_answer_free(&answer);
	error.text[0] = '\0';
	return se_client_ask(path, false, &request, &se_world_system, &answer, &error);
}

/* Refused, and the sentence names the path and has these words. */
static void
assert_fails(const char *path, uint32_t time_left, enum se_code code, const char *words)
{
	assert_int_equal(ask(path, time_left), code);
	assert_int_equal(error.code, code);
	assert_null(answer.token);
	if (strstr(error.text, path) == NULL || strstr(error.text, words) == NULL)
		fail_msg("no \"%s\" in: %s", words, error.text);
}

/* --- agents ---------------------------------------------------------------------------------- */

/* Reads the request and returns it, as far as it came. */
static void
take_request(int fd, struct se_request *request)
{
	char frame[SE_WIRE_REQUEST_MAX];
	size_t len = 0;

	memset(request, 0, sizeof(*request));
	while (len < sizeof(frame)) {
		ssize_t got = read(fd, frame + len, sizeof(frame) - len);

		if (got <= 0)
			return;
		len += (size_t)got;
		if (se_wire_get_request(frame, len, request))
			return;
	}
}

static void
say(int fd, const void *data, size_t len)
{
	const char *bytes = data;

	while (len > 0) {
		ssize_t put = send(fd, bytes, len, MSG_NOSIGNAL);

		if (put <= 0)
			return;
		bytes += put;
		len -= (size_t)put;
	}
}

/* The right answer, which shows what was asked. */
static void
make_answer(const struct se_request *request, size_t token_len, struct se_buffer *out)
{
	struct se_answer made = {.seconds_left = request->time_left, .keep = 60};
	char *token = malloc(token_len);

	memset(token, 't', token_len);
	made.token = se_secret_new(token, token_len);
	(void)snprintf(made.user, sizeof(made.user), "%s", request->login);
	(void)snprintf(made.note, sizeof(made.note), "%s %s", request->service, request->server);
	se_buffer_init(out, SE_WIRE_ANSWER_MAX + 1);
	(void)se_wire_put_answer(out, &made);
	se_answer_free(&made);
	free(token);
}

static void
answer_well(int fd)
{
	struct se_request request;
	struct se_buffer out;

	take_request(fd, &request);
	make_answer(&request, SE_TOKEN_MAX, &out);
	say(fd, out.data, out.len);
	se_buffer_free(&out);
}

static void
answer_in_bits(int fd)
{
	struct se_request request;
	struct se_buffer out;

	take_request(fd, &request);
	make_answer(&request, 100, &out);
	for (size_t i = 0; i < out.len; i++) {
		say(fd, out.data + i, 1);
		(void)poll(NULL, 0, 1);
	}
	se_buffer_free(&out);
}

static void
answer_too_slowly(int fd)
{
	struct se_request request;
	struct se_buffer out;

	take_request(fd, &request);
	make_answer(&request, 100, &out);
	for (size_t i = 0; i < out.len; i++) {
		say(fd, out.data + i, 1);
		(void)poll(NULL, 0, SOON / 4);
	}
	se_buffer_free(&out);
}

static void
answer_too_much(int fd)
{
	struct se_request request;
	struct se_buffer out;

	take_request(fd, &request);
	make_answer(&request, 100, &out);
	se_buffer_add(&out, "x", 1);
	say(fd, out.data, out.len);
	se_buffer_free(&out);
}

static void
answer_half(int fd)
{
	struct se_request request;
	struct se_buffer out;

	take_request(fd, &request);
	make_answer(&request, 100, &out);
	say(fd, out.data, out.len / 2);
	se_buffer_free(&out);
}

static void
answer_error(int fd)
{
	struct se_request request;
	struct se_error failed;
	struct se_buffer out;

	take_request(fd, &request);
	se_error_set(&failed, SE_NO_ACCOUNT, "no account for %s", request.login);
	failed.retry_after = 7;
	se_buffer_init(&out, SE_WIRE_ANSWER_MAX);
	(void)se_wire_put_error(&out, &failed);
	say(fd, out.data, out.len);
	se_buffer_free(&out);
}

/* Answers before it was asked, and hangs up with the request unread. */
static void
answer_at_once(int fd)
{
	struct se_error failed;
	struct se_buffer out;

	se_error_set(&failed, SE_AGAIN, "too many callers");
	se_buffer_init(&out, SE_WIRE_ANSWER_MAX);
	(void)se_wire_put_error(&out, &failed);
	say(fd, out.data, out.len);
	(void)shutdown(fd, SHUT_RDWR);
	se_buffer_free(&out);
}

static void
answer_internal_error(int fd)
{
	struct se_request request;
	static const char frame[] = "SE\001\003\000\000\000\011"
				    "\040\000\001\010"
				    "\042\000\002ah";

	take_request(fd, &request);
	say(fd, frame, sizeof(frame) - 1);
}

static void
say_nothing(int fd)
{
	(void)fd;
	(void)poll(NULL, 0, PLENTY);
}

static void
hang_up(int fd)
{
	struct se_request request;

	take_request(fd, &request);
}

static void
say_garbage(int fd)
{
	say(fd, "220 mail.contoso.com ESMTP\r\n", 28);
	(void)poll(NULL, 0, PLENTY);
}

static void
say_empty_frame(int fd)
{
	say(fd, "SE\001\003\000\000\000\000", 8);
	(void)poll(NULL, 0, PLENTY);
}

static void
say_endless_frame(int fd)
{
	say(fd, "SE\001\002\177\377\377\377", 8);
	(void)poll(NULL, 0, PLENTY);
}

static void
say_request(int fd)
{
	say(fd, "SE\001\001\000\000\000\000", 8);
	(void)poll(NULL, 0, PLENTY);
}

static void
say_bad_field(int fd)
{
	say(fd, "SE\001\002\000\000\000\003\021\000\001", 11);
	(void)poll(NULL, 0, PLENTY);
}

/* A socket bound at the path, in the state that a test wants it in. */
static int
bound_socket(const char *path, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(chmod(path, 0666), 0);
	return fd;
}

static _Noreturn void
serve(int listener, uid_t user, void (*behave)(int fd), int ready)
{
	if (user != 0 && setresuid(user, user, user) != 0)
		_exit(1);
	/* Nobody waits for an agent whose test has died. */
	(void)alarm(60);
	/* Whoever listens is whom the client sees. */
	if (listen(listener, 5) != 0 || write(ready, "", 1) != 1)
		_exit(1);
	(void)close(ready);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0) {
			behave(fd);
			(void)close(fd);
		}
	}
}

/* Starts an agent that behaves like this, as `user` (0: as we are); returns the socket's path. */
static const char *
start(void (*behave)(int fd), uid_t user)
{
	const char *path = se_test_path(place, "agent.sock");
	int listener = bound_socket(path, SOCK_STREAM);
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	agent = fork();
	assert_true(agent >= 0);
	if (agent == 0)
		serve(listener, user, behave, ready[1]);
	(void)close(ready[1]);
	(void)close(listener);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	return path;
}

static int64_t
now(void)
{
	return se_world_system.monotonic(se_world_system.context);
}

/* --- answers --------------------------------------------------------------------------------- */

static void
gets_a_token(void **state)
{
	const char *path = start(answer_well, 0);

	(void)state;
	assert_int_equal(ask(path, PLENTY), SE_OK);
	assert_int_equal(se_secret_len(answer.token), SE_TOKEN_MAX);
	assert_string_equal(answer.user, "anna@contoso.com");
	assert_string_equal(answer.note, "smtp smtp.office365.com");
	assert_int_equal(answer.keep, 60);
	/* The agent was told what time is left. */
	assert_true(answer.seconds_left <= PLENTY && answer.seconds_left > PLENTY / 2);
	assert_int_equal(ask(path, PLENTY), SE_OK);
}

static void
puts_bits_together(void **state)
{
	(void)state;
	assert_int_equal(ask(start(answer_in_bits, 0), PLENTY), SE_OK);
	assert_int_equal(se_secret_len(answer.token), 100);
}

static void
passes_errors_on(void **state)
{
	(void)state;
	assert_int_equal(ask(start(answer_error, 0), PLENTY), SE_NO_ACCOUNT);
	assert_int_equal(error.code, SE_NO_ACCOUNT);
	assert_int_equal(error.retry_after, 7);
	assert_string_equal(error.text, "no account for anna@contoso.com");
}

static void
hears_an_agent_that_does_not_listen(void **state)
{
	(void)state;
	assert_int_equal(ask(start(answer_at_once, 0), PLENTY), SE_AGAIN);
	if (strcmp(error.text, "too many callers") != 0) {
		/* The answer was lost because the request came after the end. */
		assert_non_null(strstr(error.text, "closed the connection"));
	}
}

static void
tells_the_agents_bug_from_garbage(void **state)
{
	(void)state;
	assert_int_equal(ask(start(answer_internal_error, 0), PLENTY), SE_INTERNAL);
	assert_string_equal(error.text, "ah");
}

static void
fails_fast_on(void (*behave)(int fd), const char *words)
{
	int64_t begin = now();

	assert_fails(start(behave, 0), PLENTY, SE_AGAIN, words);
	assert_true(now() - begin < PLENTY / 2);
}

static void
refuses_garbage(void **state)
{
	(void)state;
	fails_fast_on(say_garbage, "does not answer as the agent does");
}

static void
refuses_an_empty_frame(void **state)
{
	(void)state;
	fails_fast_on(say_empty_frame, "does not answer as the agent does");
}

static void
refuses_an_endless_frame(void **state)
{
	(void)state;
	fails_fast_on(say_endless_frame, "does not answer as the agent does");
}

static void
refuses_a_request_for_an_answer(void **state)
{
	(void)state;
	fails_fast_on(say_request, "does not answer as the agent does");
}

static void
refuses_a_bad_field(void **state)
{
	(void)state;
	fails_fast_on(say_bad_field, "does not answer as the agent does");
}

static void
refuses_too_much(void **state)
{
	(void)state;
	fails_fast_on(answer_too_much, "does not answer as the agent does");
}

static void
notices_a_closed_connection(void **state)
{
	(void)state;
	fails_fast_on(hang_up, "closed the connection before it had answered");
}

static void
notices_half_an_answer(void **state)
{
	(void)state;
	fails_fast_on(answer_half, "closed the connection before it had answered");
}

/* --- deadlines ------------------------------------------------------------------------------- */

static void
fails_in_time(const char *path, const char *words)
{
	int64_t begin = now();
	int64_t passed;

	assert_fails(path, SOON, SE_AGAIN, words);
	passed = now() - begin;
	assert_true(passed >= SOON - 1 && passed < PLENTY / 4);
}

static void
does_not_wait_for_the_silent(void **state)
{
	(void)state;
	fails_in_time(start(say_nothing, 0), "did not answer within 1 second");
}

static void
does_not_wait_for_the_slow(void **state)
{
	(void)state;
	fails_in_time(start(answer_too_slowly, 0), "did not answer within 1 second");
}

static void
does_not_wait_in_a_full_queue(void **state)
{
	const char *path = se_test_path(place, "agent.sock");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = bound_socket(path, SOCK_STREAM);
	int waiting[8];
	size_t count = 0;

	(void)state;
	strcpy(address.sun_path, path);
	assert_int_equal(listen(listener, 0), 0);
	do {
		waiting[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	} while (connect(waiting[count++], (struct sockaddr *)&address, sizeof(address)) == 0 &&
		 count < 8);
	fails_in_time(path, "did not answer within 1 second");
	while (count > 0)
		(void)close(waiting[--count]);
	(void)close(listener);
}

static void
does_nothing_without_time(void **state)
{
	(void)state;
	assert_fails(start(answer_well, 0), 0, SE_AGAIN, "did not answer within 0 seconds");
}

/* --- absent ---------------------------------------------------------------------------------- */

static void
finds_no_socket(void **state)
{
	(void)state;
	assert_fails(se_test_path(place, "none"), PLENTY, SE_ABSENT, "no agent at ");
	assert_fails(se_test_path(place, "none/agent.sock"), PLENTY, SE_ABSENT, "no agent at ");
}

static void
finds_nobody_listening(void **state)
{
	const char *path = se_test_path(place, "agent.sock");

	(void)state;
	(void)close(bound_socket(path, SOCK_STREAM));
	assert_fails(path, PLENTY, SE_ABSENT, strerror(ECONNREFUSED));
}

static int
ask_where_forbidden(void *path)
{
	return ask(path, PLENTY) == SE_ABSENT && strstr(error.text, "no agent at ") != NULL &&
			       strstr(error.text, strerror(EACCES)) != NULL
		       ? 0
		       : 1;
}

static void
may_not_connect(void **state)
{
	char path[2 * SE_TEST_PATH];

	(void)state;
	NEED_ROOT();
	(void)snprintf(path, sizeof(path), "%s", start(answer_well, 0));
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(se_test_as(SE_TEST_USER, ask_where_forbidden, path), 0);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(chmod(place, 0700), 0);
	assert_int_equal(se_test_as(SE_TEST_USER, ask_where_forbidden, path), 0);
	assert_int_equal(ask(path, PLENTY), SE_OK);
}

/* --- trust ----------------------------------------------------------------------------------- */

static int
ask_well(void *path)
{
	int result = ask(path, PLENTY) == SE_OK ? 0 : 1;

	se_answer_free(&answer);
	return result;
}

static int
ask_in_vain(void *path)
{
	return ask(path, PLENTY) == SE_CONFIG && strstr(error.text, "not safe") != NULL ? 0 : 1;
}

static void
trusts_root(void **state)
{
	char path[2 * SE_TEST_PATH];

	(void)state;
	NEED_ROOT();
	(void)snprintf(path, sizeof(path), "%s", start(answer_well, 0));
	assert_int_equal(se_test_as(SE_TEST_USER, ask_well, path), 0);
}

static void
trusts_the_sockets_owner(void **state)
{
	char path[2 * SE_TEST_PATH];

	(void)state;
	NEED_ROOT();
	(void)snprintf(path, sizeof(path), "%s", start(answer_well, SE_TEST_STRANGER));
	assert_int_equal(chown(path, SE_TEST_STRANGER, 0), 0);
	assert_int_equal(ask(path, PLENTY), SE_OK);
	assert_int_equal(se_test_as(SE_TEST_USER, ask_well, path), 0);
}

static void
refuses_another_peer(void **state)
{
	char path[2 * SE_TEST_PATH];

	(void)state;
	NEED_ROOT();
	(void)snprintf(path, sizeof(path), "%s", start(answer_well, SE_TEST_STRANGER));
	assert_fails(path, PLENTY, SE_CONFIG, "uid 23456 listens there");
	assert_int_equal(se_test_as(SE_TEST_USER, ask_in_vain, path), 0);
	/* The same agent is right for the user whose it is. */
	assert_int_equal(se_test_as(SE_TEST_STRANGER, ask_well, path), 0);
}

static void
refuses_a_link(void **state)
{
	const char *link = se_test_path(place, "link");

	(void)state;
	(void)start(answer_well, 0);
	assert_int_equal(symlink("agent.sock", link), 0);
	assert_fails(link, PLENTY, SE_CONFIG, "is a symbolic link");
	assert_int_equal(symlink("gone", se_test_path(place, "dangling")), 0);
	assert_fails(se_test_path(place, "dangling"), PLENTY, SE_CONFIG, "is a symbolic link");
}

static void
judges_links_to_directories(void **state)
{
	const char *path = se_test_path(place, "run/agent.sock");

	(void)state;
	(void)start(answer_well, 0);
	assert_int_equal(symlink(".", se_test_path(place, "run")), 0);
	/* The last directory is named as it is: it may be no link itself. */
	assert_fails(path, PLENTY, SE_CONFIG, "is a symbolic link");
	path = se_test_path(place, "run/in/agent.sock");
	assert_int_equal(mkdir(se_test_path(place, "in"), 0755), 0);
	assert_int_equal(
		rename(se_test_path(place, "agent.sock"), se_test_path(place, "in/agent.sock")), 0);
	assert_int_equal(ask(path, PLENTY), SE_OK);
	if (geteuid() == 0) {
		assert_int_equal(lchown(se_test_path(place, "run"), SE_TEST_USER, 0), 0);
		assert_fails(path, PLENTY, SE_CONFIG, "is a symbolic link");
	}
}

static void
refuses_a_writable_directory(void **state)
{
	const char *path = start(answer_well, 0);

	(void)state;
	assert_int_equal(chmod(place, 0777), 0);
	assert_fails(path, PLENTY, SE_CONFIG, "everyone can write to the directory");
	assert_int_equal(chmod(place, 01777), 0);
	assert_int_equal(ask(path, PLENTY), SE_OK);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, SE_TEST_STRANGER, 0), 0);
		assert_fails(path, PLENTY, SE_CONFIG, "it belongs to uid 23456");
	}
}

static bool
is_plain(const char *path)
{
	return se_way_is_plain(path, strlen(path), false);
}

/* The short way says yes to nothing that the long one would refuse, and no to all that it leaves to
 * the long one. */
static void
knows_a_plain_way(void **state)
{
	char *outer, *inner, *link;

	(void)state;
	outer = strdup(se_test_path(place, "outer"));
	inner = strdup(se_test_path(place, "outer/inner"));
	link = strdup(se_test_path(place, "link"));
	assert_int_equal(mkdir(outer, 0755) | mkdir(inner, 0755) | symlink("outer", link), 0);
	assert_true(is_plain(inner));

	assert_int_equal(chmod(outer, 01777), 0);
	assert_true(is_plain(inner)); /* nobody else can put another one there */
	assert_false(is_plain(outer));
	assert_int_equal(chmod(outer, 0777), 0);
	assert_false(is_plain(inner));
	assert_int_equal(chmod(outer, 0775), 0);
	assert_false(is_plain(inner));
	assert_int_equal(chmod(outer, 0755), 0);
	assert_true(is_plain(outer));
	if (geteuid() == 0) {
		assert_int_equal(chown(outer, SE_TEST_USER, 0), 0);
		assert_false(is_plain(inner));
		assert_int_equal(chown(outer, 0, 0), 0);
		assert_int_equal(chown(inner, SE_TEST_USER, 0), 0);
		assert_false(is_plain(inner));
	}

	assert_false(is_plain(link));
	assert_false(is_plain(se_test_path(place, "link/inner")));
	assert_false(is_plain(se_test_path(place, "outer/")));
	assert_false(is_plain(se_test_path(place, "outer//inner")));
	assert_false(is_plain(se_test_path(place, "link/../outer")));
	assert_false(is_plain(se_test_path(place, "outer/./inner")));
	assert_false(is_plain(se_test_path(place, "missing")));
	assert_false(is_plain(se_test_file(place, "file", "x", 0600)));
	assert_false(is_plain("tmp"));
	assert_false(is_plain(""));
	free(outer);
	free(inner);
	free(link);
}

static void
refuses_what_is_no_socket(void **state)
{
	const char *datagram = se_test_path(place, "datagram");

	(void)state;
	assert_fails(se_test_file(place, "file", "x", 0600), PLENTY, SE_CONFIG, "not the agent's");
	(void)close(bound_socket(datagram, SOCK_DGRAM));
	assert_fails(datagram, PLENTY, SE_ABSENT, "no agent at ");
	assert_fails("relative/agent.sock", PLENTY, SE_CONFIG, "not the absolute path");
	assert_fails("agent.sock", PLENTY, SE_CONFIG, "not the absolute path");
	assert_fails("", PLENTY, SE_CONFIG, "not the absolute path");
	assert_fails("/", PLENTY, SE_CONFIG, "not the absolute path");
	assert_fails("/tmp/", PLENTY, SE_CONFIG, "not the absolute path");
}

static void
refuses_a_datagram_socket(void **state)
{
	const char *path = se_test_path(place, "datagram");
	int fd = bound_socket(path, SOCK_DGRAM);

	(void)state;
	assert_fails(path, PLENTY, SE_CONFIG, "a socket of another kind");
	(void)close(fd);
}

/* --- long paths ------------------------------------------------------------------------------ */

static void
reaches_a_long_path(void **state)
{
	char name[120];
	const char *directory;
	char path[2 * SE_TEST_PATH];

	(void)state;
	if (access("/proc/self/fd", F_OK) != 0) {
		print_message("# needs /proc\n");
		skip();
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	directory = se_test_path(place, name);
	assert_int_equal(mkdir(directory, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/agent.sock", directory);
	assert_int_equal(rename(start(answer_well, 0), path), 0);
	assert_int_equal(ask(path, PLENTY), SE_OK);
	/* A name that is long by itself does not fit there either. */
	(void)snprintf(path + strlen(path), sizeof(path) - strlen(path), "-%s", name);
	assert_int_equal(rename(se_test_path(directory, "agent.sock"), path), 0);
	assert_fails(path, PLENTY, SE_CONFIG, "too long for a socket's path");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gets_a_token),
		TEST(puts_bits_together),
		TEST(passes_errors_on),
		TEST(hears_an_agent_that_does_not_listen),
		TEST(tells_the_agents_bug_from_garbage),
		TEST(refuses_garbage),
		TEST(refuses_an_empty_frame),
		TEST(refuses_an_endless_frame),
		TEST(refuses_a_request_for_an_answer),
		TEST(refuses_a_bad_field),
		TEST(refuses_too_much),
		TEST(notices_a_closed_connection),
		TEST(notices_half_an_answer),
		TEST(does_not_wait_for_the_silent),
		TEST(does_not_wait_for_the_slow),
		TEST(does_not_wait_in_a_full_queue),
		TEST(does_nothing_without_time),
		TEST(finds_no_socket),
		TEST(finds_nobody_listening),
		TEST(may_not_connect),
		TEST(trusts_root),
		TEST(trusts_the_sockets_owner),
		TEST(refuses_another_peer),
		TEST(refuses_a_link),
		TEST(judges_links_to_directories),
		TEST(refuses_a_writable_directory),
		TEST(knows_a_plain_way),
		TEST(refuses_what_is_no_socket),
		TEST(refuses_a_datagram_socket),
		TEST(reaches_a_long_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
