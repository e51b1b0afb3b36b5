/* What the plugin promises when an allocation fails: libsasl2 and the host hear of it by a code and
 * a sentence, and the next connection works. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "support.h"

static struct agent *agent;

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
	log_clear();
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	agent_says(agent, SE_OK, "");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sasl_client_done();
	return 0;
}

/* A whole login works now. */
static void
check_next(struct person *person)
{
	char detail[4096];

	assert_int_equal(log_in(person, detail, sizeof(detail)), SASL_OK);
	assert_non_null(strstr(detail, agent->token));
}

static void
login_with(const char *mechanism, enum se_code answer, const char *text)
{
	struct person person = {.login = "anna@contoso.com"};
	sasl_callback_t callbacks[4];
	const char *out = NULL;
	unsigned len = 0;
	sasl_conn_t *conn;
	int result;

	agent_says(agent, answer, text);
	callbacks_for(&person, callbacks);
	assert_int_equal(sasl_client_new("smtp", SERVER, NULL, NULL, callbacks, 0, &conn), SASL_OK);
	fail_from_here();
	result = sasl_client_start(conn, mechanism, NULL, &out, &len, NULL);
	if (result == SASL_CONTINUE)
		result = sasl_client_step(conn, "{\"status\":\"401\"}", 16, NULL, &out, &len);
	fail_no_more();
	if (torture_hit != NULL && torture_hit() && result != SASL_OK) {
		/* The agent may not have been asked for lack of memory. */
		assert_true(result != SASL_CONTINUE && result != SASL_INTERACT);
		assert_true(strlen(sasl_errdetail(conn)) > 10);
	} else if (answer == SE_OK) {
		assert_int_equal(result, SASL_OK);
	}
	sasl_dispose(&conn);
	agent_says(agent, SE_OK, "");
	check_next(&person);
	person_free(&person);
}

static void
test_xoauth2(void **state)
{
	(void)state;
	login_with("XOAUTH2", SE_OK, "");
}

static void
test_oauthbearer(void **state)
{
	(void)state;
	login_with("OAUTHBEARER", SE_OK, "");
}

static void
test_refusal(void **state)
{
	(void)state;
	login_with("XOAUTH2", SE_SIGN_IN, "anna@contoso.com: sign in again");
}

static void
test_init(void **state)
{
	int result;

	(void)state;
	sasl_client_done();
	fail_from_here();
	result = sasl_client_init(quiet_callbacks);
	fail_no_more();
	if (result == SASL_OK)
		sasl_client_done();
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_xoauth2, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_oauthbearer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refusal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_init, set_up, tear_down),
	};
	int failed;

	world_setup();
	write_file(SE_CONFIGURATION_PATH, "");
	agent = agent_start(SE_SOCKET_PATH);
	failed = cmocka_run_group_tests_name("promise_plugin", tests, NULL, NULL);
	agent_stop(agent);
	world_teardown();
	return failed;
}
