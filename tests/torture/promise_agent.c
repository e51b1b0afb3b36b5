/* What the agent promises a client when an allocation fails: one whole answer, a token or why there
 * is none, or the end of the connection; and the next client gets what it asks for. */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/wire.h"

#include "agent/connection.h"

#include "alloc.h"
#include "engine_asking.h"

enum { PAUSE_S = 301 /* the longest for which a failure is remembered */ };

static struct se_service service;

static void
fail_from_here(void)
{
	if (torture_begin != NULL)
		torture_begin();
}

static void
fail_no_more(void)
{
	if (torture_end != NULL)
		torture_end();
}

static int
set_up(void **state)
{
	(void)state;
	asking_set_up();
	configure("agent", true, "", "");
	memset(&service, 0, sizeof(service));
	service.world = &world;
	service.engine = engine_start(SE_ROLE_AGENT);
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

/* --- a client --------------------------------------------------------------------------------- */

static void
fill(struct se_request *request, enum se_operation operation)
{
	memset(request, 0, sizeof(*request));
	request->operation = operation;
	request->time_left = SE_BUDGET_MS;
	if (operation == SE_OPERATION_TOKEN)
		(void)se_copy(request->login, sizeof(request->login), LOGIN);
	(void)se_copy(request->server, sizeof(request->server), SERVER);
	(void)se_copy(request->service, sizeof(request->service), "smtp");
}

/* As the agent's loop does with one connection, until it is over. */
static void
serve(int fd)
{
	const struct se_peer peer = {.uid = 0};
	struct se_connection *connection = se_connection_new(fd, &peer, &service);
	struct pollfd wanted;

	if (connection == NULL)
		return;
	do {
		wanted = se_connection_poll(connection);
		if (!se_engine_turn(service.engine, &wanted, 1, 100))
			break;
	} while (se_connection_serve(connection, wanted.revents));
	se_connection_free(connection);
}

/* Asks, and reads what comes: SE_ABSENT when nothing does. */
static enum se_code
ask_agent(
	enum se_operation operation, bool failing, struct se_answer *answer, struct se_error *error)
{
	static char data[SE_WIRE_ANSWER_MAX + 1];
	struct se_request request;
	struct se_buffer out;
	ssize_t got;
	int ends[2];

	memset(answer, 0, sizeof(*answer));
	memset(error, 0, sizeof(*error));
	fill(&request, operation);
	se_buffer_init(&out, SE_WIRE_REQUEST_MAX);
	assert_true(se_wire_put_request(&out, &request));
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(send(ends[1], out.data, out.len, MSG_NOSIGNAL), out.len);
	se_buffer_free(&out);
	if (failing)
		fail_from_here();
	serve(ends[0]);
	fail_no_more();
	got = recv(ends[1], data, sizeof(data), MSG_DONTWAIT);
	(void)close(ends[1]);
	if (got <= 0)
		return SE_ABSENT;
	assert_int_equal(se_wire_frame_len(data, (size_t)got, SE_WIRE_ANSWER_MAX), got);
	return se_wire_get_answer(data, (size_t)got, answer, error);
}

/* Memory, or what libcurl and OpenSSL make of it, or nothing at all. */
static void
check_refusal(enum se_code code, const struct se_error *error)
{
	bool certificate = code == SE_CONFIG && strstr(error->text, "certificate") != NULL;

	assert_true(torture_hit != NULL && torture_hit());
	if (code == SE_ABSENT)
		return;
	if (code != SE_MEMORY && code != SE_AGAIN && !certificate)
		fail_msg("error class %d: %s", code, error->text);
	assert_true(strlen(error->text) > 10);
}

static void
check_token(const struct se_answer *answer)
{
	assert_non_null(answer->token);
	assert_memory_equal(se_secret_reveal(answer->token), "access-agent-", 13);
}

static void
test_token(void **state)
{
	struct se_answer answer;
	struct se_error error;
	enum se_code code = ask_agent(SE_OPERATION_TOKEN, true, &answer, &error);

	(void)state;
	if (code == SE_OK)
		check_token(&answer);
	else
		check_refusal(code, &error);
	se_answer_free(&answer);
	world_wait(PAUSE_S);
	code = ask_agent(SE_OPERATION_TOKEN, false, &answer, &error);
	if (code != SE_OK)
		fail_msg("afterwards: %s", error.text);
	check_token(&answer);
	se_answer_free(&answer);
}

/* A token that is there already, for which nobody outside is asked. */
static void
test_kept_token(void **state)
{
	assert_true(ask_number(service.engine) > 0);
	test_token(state);
}

static void
test_status(void **state)
{
	struct se_answer answer;
	struct se_error error;
	enum se_code code = ask_agent(SE_OPERATION_STATUS, true, &answer, &error);

	(void)state;
	if (code != SE_OK)
		check_refusal(code, &error);
	assert_null(answer.token);
	se_answer_free(&answer);
	assert_int_equal(ask_agent(SE_OPERATION_STATUS, false, &answer, &error), SE_OK);
	se_answer_free(&answer);
}

/* What libraries set up at their first use is there already. */
static int
begin(void **state)
{
	if (faults_begin(state) != 0 || set_up(state) != 0)
		return 1;
	assert_true(ask_number(service.engine) > 0);
	return tear_down(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_token, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kept_token, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_status, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("promise_agent", tests, begin, faults_end);
}
