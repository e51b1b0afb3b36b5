/*
 * memory: a second login in the same process asks nobody, as long as the source allows and not for
 * anybody else.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "plugin/memory.h"

#include "support.h"

enum { DETAIL = SE_ERROR_TEXT_MAX + 200, THREADS = 4, LOGINS = 50 };

static char detail[DETAIL];
static struct agent *agent;

static int
set_up(void **state)
{
	(void)state;
	agent = agent_start(SE_SOCKET_PATH);
	agent->keep = 60;
	log_clear();
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sasl_done();
	agent_stop(agent);
	return 0;
}

static void
log_in_as(const char *login)
{
	struct person person = {.login = login};

	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
}

static void
the_second_asks_nobody(void **state)
{
	char first[DETAIL];

	(void)state;
	log_in_as(LOGIN);
	memcpy(first, detail, sizeof(first));
	log_in_as(LOGIN);
	log_in_as(LOGIN);
	assert_int_equal(agent->asked, 1);
	assert_memory_equal(first, detail, sizeof(first));
	assert_non_null(strstr(detail, TOKEN));
}

static void
only_as_long_as_the_source_says(void **state)
{
	const struct timespec second = {1, 100000000};

	(void)state;
	agent->keep = 0;
	log_in_as(LOGIN);
	log_in_as(LOGIN);
	assert_int_equal(agent->asked, 2);
	agent->keep = 1;
	log_in_as(LOGIN);
	log_in_as(LOGIN);
	assert_int_equal(agent->asked, 3);
	agent->keep = 60;
	log_in_as("somebody@contoso.com");
	assert_int_equal(agent->asked, 4);
	nanosleep(&second, NULL);
	log_in_as(LOGIN); /* the token is there, but not for this one any more */
	assert_int_equal(agent->asked, 5);
}

static void
nobody_else_gets_it(void **state)
{
	struct person person = {.login = LOGIN};
	sasl_callback_t callbacks[4];
	sasl_conn_t *conn = NULL;
	const char *out, *mechanism;
	unsigned len;

	(void)state;
	log_in_as(LOGIN);
	log_in_as("somebody@contoso.com");
	assert_int_equal(agent->asked, 2);
	log_in_as(LOGIN);
	assert_int_equal(agent->asked, 2);
	callbacks_for(&person, callbacks);
	assert_int_equal(sasl_client_new("imap", SERVER, NULL, NULL, callbacks, 0, &conn), SASL_OK);
	assert_int_equal(
		sasl_client_start(conn, "XOAUTH2", NULL, &out, &len, &mechanism), SASL_CONTINUE);
	sasl_dispose(&conn);
	assert_int_equal(agent->asked, 3);
	assert_string_equal(agent->request.service, "imap");
	assert_int_equal(
		sasl_client_new("imap", "other.example", NULL, NULL, callbacks, 0, &conn), SASL_OK);
	assert_int_equal(
		sasl_client_start(conn, "XOAUTH2", NULL, &out, &len, &mechanism), SASL_CONTINUE);
	sasl_dispose(&conn);
	assert_int_equal(agent->asked, 4);
	person_free(&person);
}

/* Each has its own user; the token is one. */
static void
many_names_share_one(void **state)
{
	const struct timespec moment = {0, 5000000};
	char login[32];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < SE_MEMORY_NAMES; i++) {
			(void)snprintf(login, sizeof(login), "sender%d@contoso.com", i);
			(void)snprintf(
				agent->user, sizeof(agent->user), "mailbox%d@contoso.com", i);
			log_in_as(login);
			assert_xoauth2(detail, (unsigned)strlen(detail), agent->user, TOKEN);
		}
		assert_int_equal(agent->asked, SE_MEMORY_NAMES);
	}
	nanosleep(&moment, NULL);
	log_in_as("one-more@contoso.com");
	log_in_as("sender0@contoso.com"); /* the oldest made room */
	assert_int_equal(agent->asked, SE_MEMORY_NAMES + 2);
	log_in_as("sender5@contoso.com");
	log_in_as("one-more@contoso.com");
	assert_int_equal(agent->asked, SE_MEMORY_NAMES + 2);
}

static void
another_token_takes_its_place(void **state)
{
	(void)state;
	log_in_as(LOGIN);
	(void)snprintf(agent->token, sizeof(agent->token), "%s", OTHER_TOKEN);
	(void)snprintf(agent->fingerprint, sizeof(agent->fingerprint), "%s", "5e6f7a8b");
	log_in_as("somebody@contoso.com");
	assert_non_null(strstr(detail, OTHER_TOKEN));
	log_in_as(LOGIN);
	assert_non_null(strstr(detail, OTHER_TOKEN));
	assert_int_equal(agent->asked, 3);
}

static void
a_refused_one_is_dropped(void **state)
{
	static const char challenge[] = "{\"status\":\"400\"}";
	struct person person = {.login = LOGIN};
	sasl_callback_t callbacks[4];
	sasl_conn_t *conn = NULL;
	const char *out, *mechanism;
	unsigned len;

	(void)state;
	log_in_as(LOGIN);
	callbacks_for(&person, callbacks);
	assert_int_equal(sasl_client_new("smtp", SERVER, NULL, NULL, callbacks, 0, &conn), SASL_OK);
	assert_int_equal(
		sasl_client_start(conn, "XOAUTH2", NULL, &out, &len, &mechanism), SASL_CONTINUE);
	assert_int_equal(agent->asked, 1);
	assert_int_equal(sasl_client_step(conn, challenge, sizeof(challenge) - 1, NULL, &out, &len),
		SASL_OK);
	sasl_dispose(&conn);
	log_in_as(LOGIN);
	assert_int_equal(agent->asked, 2);
	assert_string_equal(agent->request.rejected, FINGERPRINT);
	person_free(&person);
}

static int
log_in_here(void)
{
	struct person person = {.login = LOGIN};

	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_OK);
	return 0;
}

static void
a_child_asks_for_itself(void **state)
{
	(void)state;
	log_in_as(LOGIN);
	in_child(log_in_here);
	assert_int_equal(agent->asked, 2);
	log_in_as(LOGIN);
	assert_int_equal(agent->asked, 2);
}

static void
errors_are_not_kept(void **state)
{
	struct person person = {.login = LOGIN};

	(void)state;
	agent_says(agent, SE_AGAIN, "Entra is busy");
	assert_int_not_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
	assert_int_not_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
	assert_int_equal(agent->asked, 2);
}

static void *
log_in_often(void *unused)
{
	size_t worked = 0;

	(void)unused;
	for (int i = 0; i < LOGINS; i++) {
		struct person person = {.login = LOGIN};
		char text[DETAIL];

		worked += log_in(&person, text, sizeof(text)) == SASL_OK &&
			  strstr(text, TOKEN) != NULL;
	}
	return (void *)worked;
}

/* Whoever finds the memory in another thread's hands asks. */
static void
threads_share_it(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_in_often, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		void *worked = NULL;

		assert_int_equal(pthread_join(threads[i], &worked), 0);
		assert_int_equal((size_t)worked, LOGINS);
	}
	assert_in_range(agent->asked, 1, THREADS * LOGINS / 2);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_second_asks_nobody),
		TEST(only_as_long_as_the_source_says),
		TEST(nobody_else_gets_it),
		TEST(many_names_share_one),
		TEST(another_token_takes_its_place),
		TEST(a_refused_one_is_dropped),
		TEST(a_child_asks_for_itself),
		TEST(errors_are_not_kept),
		TEST(threads_share_it),
	};
	int failed;

	world_setup();
	failed = cmocka_run_group_tests_name("plugin: memory", tests, NULL, NULL);
	world_teardown();
	return failed;
}
