/*
 * agent_again: clients that ask what the one before has asked, of connections and an engine as the agent
 * has them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/wire.h"

#include "agent/connection.h"

#include "engine_asking.h"

static struct se_service service;

/* --- a kernel that takes little at a time -------------------------------------------------------- */

static size_t send_left = SIZE_MAX; /* bytes until nothing goes */

ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);

ssize_t
__wrap_send(int fd, const void *data, size_t len, int flags)
{
	const size_t most = len < send_left ? len : send_left;

	if (most == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (send_left != SIZE_MAX)
		send_left -= most;
	return __real_send(fd, data, most, flags);
}

/* --- life --------------------------------------------------------------------------------------- */

static int
set_up(void **state)
{
	(void)state;
	asking_set_up();
	send_left = SIZE_MAX;
	memset(&service, 0, sizeof(service));
	service.world = &world;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	se_again_free(&service.again);
	se_engine_free(service.engine);
	service.engine = NULL;
	return 0;
}

/* --- an agent ----------------------------------------------------------------------------------- */

static void
turn(struct pollfd *fds, size_t count)
{
	struct pollfd all[2];

	assert_true(count <= 1);
	if (count > 0)
		all[0] = fds[0];
	all[count] = se_engine_watch(service.engine);
	assert_true(se_engine_turn(service.engine, all, count + 1, 100));
	se_engine_watched(service.engine, all[count].revents);
	if (count > 0)
		fds[0] = all[0];
}

/* One turn with that client alone; false: it is over. */
static bool
serve(struct se_connection *connection)
{
	struct pollfd wanted = se_connection_poll(connection);
	bool open;

	turn(&wanted, 1);
	open = se_connection_serve(connection, wanted.revents);
	if (!open)
		se_connection_free(connection);
	se_again_tidy(&service.again, service.engine);
	return open;
}

/* --- its clients -------------------------------------------------------------------------------- */

struct client {
	int end; /* the client's */
	struct se_connection *connection;
};

static struct client
connect_as(uid_t uid, const struct se_request *request)
{
	const struct se_peer peer = {.uid = uid};
	struct client client;
	struct se_buffer out;
	int ends[2];

	se_buffer_init(&out, SE_WIRE_REQUEST_MAX);
	assert_true(se_wire_put_request(&out, request));
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(send(ends[1], out.data, out.len, MSG_NOSIGNAL), out.len);
	se_buffer_free(&out);
	client.end = ends[1];
	client.connection = se_connection_new(ends[0], &peer, &service);
	assert_non_null(client.connection);
	return client;
}

struct answer {
	char bytes[SE_WIRE_ANSWER_MAX];
	size_t len;
	enum se_code code;
	struct se_answer answer;
	struct se_error error;
};

static void
take(struct answer *came, const char *bytes, size_t len)
{
	memcpy(came->bytes, bytes, len);
	came->len = len;
	assert_int_equal(se_wire_frame_len(bytes, len, SE_WIRE_ANSWER_MAX), len);
	came->code = se_wire_get_answer(bytes, len, &came->answer, &came->error);
}

static void
ask_as(uid_t uid, const struct se_request *request, struct answer *came)
{
	static char bytes[SE_WIRE_ANSWER_MAX + 1];
	struct client client = connect_as(uid, request);
	ssize_t got;

	while (serve(client.connection))
		;
	got = recv(client.end, bytes, sizeof(bytes), 0);
	assert_true(got > 0);
	(void)close(client.end);
	take(came, bytes, (size_t)got);
}

static struct se_request
usual(void)
{
	struct se_request request;

	memset(&request, 0, sizeof(request));
	request.operation = SE_OPERATION_TOKEN;
	request.time_left = SE_BUDGET_MS;
	(void)se_copy(request.login, sizeof(request.login), LOGIN);
	(void)se_copy(request.server, sizeof(request.server), SERVER);
	(void)se_copy(request.service, sizeof(request.service), "smtp");
	return request;
}

/* As whom the token of another service than SMTP is to be used. */
#define USERS "sasl_user_smtp = smtp@contoso.com\nsasl_user = other@contoso.com\n"

/* With an answer that is kept, which is the second one: the first has to be fetched. */
static void
start_configured(struct answer *came)
{
	const struct se_request request = usual();

	world_stop_wall();
	service.engine = engine_start(SE_ROLE_AGENT);
	ask_as(NOBODY, &request, came);
	assert_int_equal(service.again.number, 0);
	se_answer_free(&came->answer);
	turn(NULL, 0);
	ask_as(NOBODY, &request, came);
	assert_int_equal(came->code, SE_OK);
}

static void
start(const char *name, struct answer *came)
{
	configure(name, false, NO_STATE, USERS);
	start_configured(came);
	assert_int_not_equal(service.again.number, 0);
}

/* --- what they get ------------------------------------------------------------------------------ */

static void
test_same(void **state)
{
	static struct answer first, second;
	struct se_request request = usual();
	uint32_t left;
	uint64_t number;

	(void)state;
	start("same", &first);
	number = service.again.number;
	left = first.answer.seconds_left;
	assert_int_not_equal(number, 0);
	request.time_left = 1234; /* which is another's business */
	ask_as(0, &request, &second);
	assert_int_equal(second.len, first.len);
	assert_memory_equal(second.bytes, first.bytes, first.len);
	assert_int_equal(se_engine_answered(service.engine), number); /* nobody asked it */
	se_answer_free(&first.answer);
	se_answer_free(&second.answer);
	/* A second later it has one second less, and the engine says so. */
	world_wait(1);
	ask_as(NOBODY, &request, &second);
	assert_int_equal(second.answer.seconds_left, left - 1);
	assert_int_not_equal(service.again.number, number);
	assert_int_not_equal(service.again.number, 0);
	se_answer_free(&second.answer);
}

static void
test_others(void **state)
{
	static struct answer first, second;
	struct se_request other[5];

	(void)state;
	start("others", &first);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		other[i] = usual();
	(void)se_copy(other[0].login, sizeof(other[0].login), "nobody@elsewhere.test");
	(void)se_copy(other[1].server, sizeof(other[1].server), "smtp.evil.test");
	(void)se_copy(other[2].rejected, sizeof(other[2].rejected), first.answer.fingerprint);
	other[3].operation = SE_OPERATION_REFRESH;
	other[4].service[0] = '\0';
	se_answer_free(&first.answer);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		const struct se_request request = usual();

		ask_as(0, &request, &first);
		assert_int_not_equal(service.again.number, 0);
		ask_as(0, &other[i], &second);
		assert_int_equal(second.code, i == 0 ? SE_NO_ACCOUNT : i == 1 ? SE_DENIED : SE_OK);
		/* The fourth is the administrator's, who gets none; the third got another one. */
		assert_true((second.answer.token != NULL) == (i == 2 || i == 4));
		if (i == 4) {
			assert_string_equal(first.answer.user, "smtp@contoso.com");
			assert_string_equal(second.answer.user, "other@contoso.com");
		}
		if (i == 2)
			assert_string_not_equal(
				second.answer.fingerprint, first.answer.fingerprint);
		se_answer_free(&first.answer);
		se_answer_free(&second.answer);
		turn(NULL, 0);
	}
}

/* Nobody gets what he may not have because somebody else just got it. */
static void
test_allow(void **state)
{
	static struct answer came;
	const struct se_request request = usual();

	(void)state;
	configure("allow", true, "", "allow = root\n");
	service.engine = engine_start(SE_ROLE_AGENT);
	for (int i = 0; i < 3; i++) {
		ask_as(0, &request, &came);
		assert_int_equal(came.code, SE_OK);
		assert_int_equal(service.again.number, 0);
		se_answer_free(&came.answer);
		ask_as(NOBODY, &request, &came);
		assert_int_equal(came.code, SE_DENIED);
		turn(NULL, 0);
	}
}

static void
test_unusable(void **state)
{
	static struct answer came;
	static const struct se_error broken = {.code = SE_CONFIG, .text = "a broken file"};
	const struct se_request request = usual();

	(void)state;
	start("unusable", &came);
	se_answer_free(&came.answer);
	service.unusable = &broken;
	ask_as(NOBODY, &request, &came);
	assert_int_equal(came.code, SE_CONFIG);
}

/* The frame goes where it is not given again: at the end of the turn. */
static void
test_tidy(void **state)
{
	static struct answer came;
	char path[512];

	(void)state;
	configure("tidy", true, "", "");
	start_configured(&came);
	se_answer_free(&came.answer);
	if (se_engine_watch(service.engine).fd < 0) {
		print_message("%s is on a file system that nobody watches\n", state_directory());
		skip();
	}
	assert_int_not_equal(service.again.frame.len, 0);
	se_again_tidy(&service.again, service.engine);
	assert_int_not_equal(service.again.frame.len, 0);
	(void)snprintf(path, sizeof(path), "%s/anything", state_directory());
	write_text(path, "");
	turn(NULL, 0);
	se_again_tidy(&service.again, service.engine);
	assert_int_equal(service.again.number, 0);
	assert_null(service.again.frame.data);
}

/* One who does not read at once gets all of it all the same, and his own. */
static void
test_slow(void **state)
{
	static struct answer first, second;
	static char filler[4096], bytes[SE_WIRE_ANSWER_MAX + 1];
	const struct se_request request = usual();
	struct client client;
	size_t filled = 0, len = 0;
	ssize_t got;
	int end;

	(void)state;
	start("slow", &first);
	client = connect_as(NOBODY, &request);
	end = se_connection_poll(client.connection).fd;
	while ((got = send(end, filler, sizeof(filler), MSG_NOSIGNAL)) > 0)
		filled += (size_t)got;
	assert_true(serve(client.connection));
	assert_int_equal(se_connection_poll(client.connection).events, POLLOUT);
	/* Meanwhile another token comes. */
	world_wait(1);
	ask_as(NOBODY, &request, &second);
	se_answer_free(&second.answer);
	while (filled > 0) {
		got = recv(client.end, bytes, filled < sizeof(bytes) ? filled : sizeof(bytes), 0);
		assert_true(got > 0);
		filled -= (size_t)got;
	}
	while (serve(client.connection))
		;
	while ((got = recv(client.end, bytes + len, sizeof(bytes) - len, 0)) > 0)
		len += (size_t)got;
	(void)close(client.end);
	assert_int_equal(len, first.len);
	assert_memory_equal(bytes, first.bytes, len);
	se_answer_free(&first.answer);
}

/* The rest of what a client gets whose kernel takes 10 bytes and then nothing for a while. */
static void
ask_haltingly(const struct se_request *request, struct answer *came)
{
	static char bytes[SE_WIRE_ANSWER_MAX + 1];
	struct client client = connect_as(NOBODY, request);
	ssize_t got;

	send_left = 10;
	assert_true(serve(client.connection));
	assert_int_equal(se_connection_poll(client.connection).events, POLLOUT);
	send_left = SIZE_MAX;
	while (serve(client.connection))
		;
	got = recv(client.end, bytes, sizeof(bytes), 0);
	assert_true(got > 10);
	(void)close(client.end);
	take(came, bytes, (size_t)got);
}

static void
test_halting(void **state)
{
	static struct answer first, second;
	const struct se_request request = usual();
	const uint64_t *number = &service.again.number;
	uint64_t before;

	(void)state;
	start("halting", &first);
	before = *number;
	ask_haltingly(&request, &second); /* what was kept */
	assert_int_equal(*number, before);
	assert_int_equal(second.len, first.len);
	assert_memory_equal(second.bytes, first.bytes, first.len);
	se_answer_free(&first.answer);
	se_answer_free(&second.answer);
	world_wait(1);
	ask_haltingly(&request, &second); /* what the engine says: it is not kept, but all there */
	assert_int_equal(*number, 0);
	assert_int_equal(second.code, SE_OK);
	assert_int_equal(second.len, first.len);
	se_answer_free(&second.answer);
}

static void
test_gone(void **state)
{
	static struct answer first;
	const struct se_request request = usual();
	struct client client;

	(void)state;
	start("gone", &first);
	client = connect_as(NOBODY, &request);
	(void)close(client.end);
	while (serve(client.connection))
		;
	se_answer_free(&first.answer);
	ask_as(NOBODY, &request, &first);
	assert_int_equal(first.code, SE_OK);
	se_answer_free(&first.answer);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same),
		TEST(test_others),
		TEST(test_allow),
		TEST(test_unusable),
		TEST(test_tidy),
		TEST(test_slow),
		TEST(test_halting),
		TEST(test_gone),
	};

	return cmocka_run_group_tests_name("agent_again", tests, faults_begin, faults_end);
}
