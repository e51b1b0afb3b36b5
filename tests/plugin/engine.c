/*
 * engine: the source in the process. Which module the plugin takes, when, and for how long.
 */
#include <dlfcn.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine_fake.h"
#include "support.h"

enum { NOBODY = 65534, DETAIL = SE_ERROR_TEXT_MAX + 200 };

static char detail[DETAIL];
static void *library;
static struct engine_fake *fake;
static struct se_engine_module *module;

static int
set_up(void **state)
{
	static const char *const file = "tests/plugin/.libs/engine_fake.so";

	(void)state;
	copy_file(built("SE_TEST_ENGINE", file), SE_ENGINE_PATH);
	library = dlopen(SE_ENGINE_PATH, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(library);
	fake = dlsym(library, ENGINE_FAKE_SYMBOL);
	module = dlsym(library, SE_ENGINE_SYMBOL);
	assert_non_null(fake);
	assert_non_null(module);
	fake->token = OTHER_TOKEN;
	fake->text = "";
	fake->user = "";
	write_file(SE_CONFIGURATION_PATH, "");
	log_clear();
	return sasl_client_init(quiet_callbacks);
}

/* Every test ends with as many engines closed as were opened. */
static int
tear_down(void **state)
{
	(void)state;
	sasl_done();
	if (library != NULL) {
		assert_int_equal(fake->opened, fake->closed);
		dlclose(library);
	}
	unlink(SE_ENGINE_PATH);
	unlink(SE_CONFIGURATION_PATH);
	return 0;
}

static void
assert_logs_in(const char *token)
{
	struct person person = {.login = LOGIN};

	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
	assert_xoauth2(detail, (unsigned)strlen(detail), LOGIN, token);
}

static void
assert_fails(int result, const char *text)
{
	struct person person = {.login = LOGIN, .password = "no token"};

	log_clear();
	assert_int_equal(log_in(&person, detail, sizeof(detail)), result);
	if (strstr(detail, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, detail);
	assert_non_null(strstr(detail, LOGIN ": "));
	assert_int_equal(log_count(SASL_LOG_FAIL), 1);
}

static void
test_asked(void **state)
{
	(void)state;
	assert_logs_in(OTHER_TOKEN);
	assert_int_equal(fake->opened, 1);
	assert_string_equal(fake->configuration, SE_CONFIGURATION_PATH);
	assert_false(fake->users_own);
	assert_int_equal(fake->request.operation, SE_OPERATION_TOKEN);
	assert_string_equal(fake->request.login, LOGIN);
	assert_string_equal(fake->request.service, "smtp");
	assert_string_equal(fake->request.server, SERVER);
	assert_in_range(fake->request.time_left, 1000, SE_BUDGET_MS);

	/* kept for the next connection */
	assert_logs_in(OTHER_TOKEN);
	assert_int_equal(fake->opened, 1);
	assert_int_equal(fake->asked, 2);
	assert_int_equal(fake->closed, 0);
}

static void
test_not_loaded_early(void **state)
{
	struct person person = {.login = LOGIN};
	sasl_callback_t callbacks[4];
	sasl_conn_t *conn;

	(void)state;
	callbacks_for(&person, callbacks);
	assert_int_equal(sasl_client_new("smtp", SERVER, NULL, NULL, callbacks, 0, &conn), SASL_OK);
	sasl_dispose(&conn);
	assert_int_equal(fake->opened, 0);
}

static void
test_agent_first(void **state)
{
	struct agent *agent = agent_start(SE_SOCKET_PATH);

	(void)state;
	assert_logs_in(TOKEN);
	agent_says(agent, SE_DENIED, "not you");
	assert_fails(SASL_NOAUTHZ, "not you");
	agent_says(agent, SE_AGAIN, "later");
	assert_fails(SASL_UNAVAIL, "later");
	assert_int_equal(fake->opened, 0);
	agent_says(agent, SE_NO_ACCOUNT, "not here");
	assert_logs_in(OTHER_TOKEN);
	fake->code = SE_NO_ACCOUNT;
	fake->text = "not there";
	assert_fails(SASL_NOUSER, "not there");
	agent_stop(agent);
}

static void
test_errors(void **state)
{
	struct person person = {.login = LOGIN, .password = TOKEN};

	(void)state;
	fake->code = SE_ADMIN;
	fake->text = "the administrator must consent";
	assert_fails(SASL_BADAUTH, "the administrator must consent");
	fake->code = SE_NO_ACCOUNT;
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
	assert_xoauth2(detail, (unsigned)strlen(detail), LOGIN, TOKEN);
}

/* An answer without a token: the account says token_from = password. Only then is a password
 * sent that is not evidently a token, and only if it could be one. */
static void
test_token_from_password(void **state)
{
	struct person person = {.login = LOGIN, .password = "opaque-token.of_another~provider"};
	struct person none = {.login = LOGIN};

	(void)state;
	fake->empty = true;
	fake->user = "box@contoso.com";
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
	assert_xoauth2(detail, (unsigned)strlen(detail), "box@contoso.com", person.password);
	assert_int_equal(log_in(&none, detail, sizeof(detail)), SASL_FAIL);
	assert_non_null(strstr(detail, "token_from = password"));
	assert_fails(SASL_FAIL, "token_from = password"); /* "no token" has a blank in it */
	assert_null(strstr(detail, "no token"));
}

static void
test_no_memory(void **state)
{
	(void)state;
	fake->no_memory = true;
	assert_fails(SASL_NOMEM, "out of memory");
	fake->no_memory = false;
	assert_logs_in(OTHER_TOKEN);
}

static void
test_rejected_token(void **state)
{
	static const char challenge[] = "{\"status\":\"400\"}";
	struct person person = {.login = LOGIN};
	struct person other = {.login = "otto@contoso.com"};
	sasl_callback_t callbacks[4];
	sasl_conn_t *conn;
	const char *out;
	unsigned len;

	(void)state;
	callbacks_for(&person, callbacks);
	assert_int_equal(sasl_client_new("smtp", SERVER, NULL, NULL, callbacks, 0, &conn), SASL_OK);
	assert_int_equal(sasl_client_start(conn, "XOAUTH2", NULL, &out, &len, NULL), SASL_CONTINUE);
	assert_string_equal(fake->request.rejected, "");
	assert_int_equal(sasl_client_step(conn, challenge, sizeof(challenge) - 1, NULL, &out, &len),
		SASL_OK);
	sasl_dispose(&conn);
	assert_logs_in(OTHER_TOKEN);
	assert_string_equal(fake->request.rejected, "feedbeef");
	assert_int_equal(log_in(&other, detail, sizeof(detail)), SASL_OK);
	assert_string_equal(fake->request.rejected, "");
}

static void
test_other_builds(void **state)
{
	static const char *const wrong = "reinstall sasl-entra";

	(void)state;
	module->abi = SE_ENGINE_ABI + 1;
	module->version = (const char *)8; /* not to be looked at */
	assert_fails(SASL_FAIL, wrong);
	module->abi = SE_ENGINE_ABI;
	module->size -= 8;
	assert_fails(SASL_FAIL, wrong);
	module->size += 8;
	module->version = "0.0.1";
	assert_fails(SASL_FAIL, wrong);
	assert_non_null(strstr(detail, SE_ENGINE_PATH));
	module->version = NULL;
	assert_fails(SASL_FAIL, wrong);
	module->version = PACKAGE_VERSION;
	assert_int_equal(fake->opened, 0);
	assert_logs_in(OTHER_TOKEN);
}

static void
test_other_files(void **state)
{
	char plugin[512];

	(void)state;
	dlclose(library); /* else the plugin gets that one, by its name */
	library = NULL;
	unlink(SE_ENGINE_PATH);
	write_file(SE_ENGINE_PATH, "not a shared object");
	assert_fails(SASL_FAIL, "cannot load the engine module");
	copy_file(built("SE_TEST_ENGINE_UNBOUND", "tests/plugin/.libs/engine_unbound.so"),
		SE_ENGINE_PATH);
	assert_fails(SASL_FAIL, "se_no_library_has_this");
	snprintf(plugin, sizeof(plugin), "%s/libsasl-entra.so", plugin_directory());
	copy_file(plugin, SE_ENGINE_PATH);
	assert_fails(SASL_FAIL, "reinstall sasl-entra");
}

/* Of two causes that one line names, in their order. */
static void
test_want_of_agent(void **state)
{
	(void)state;
	fake->code = SE_CONFIG;
	fake->text = LOGIN ": /s.secret cannot be opened by uid 7; chmod";
	assert_fails(SASL_FAIL,
		"; start it: systemctl enable --now sasl-entrad.socket), and without one: "
		"/s.secret cannot be opened by uid 7; chmod");
	assert_non_null(strstr(detail, LOGIN ": no agent at " SE_SOCKET_PATH " ("));
	assert_null(strstr(strstr(detail, LOGIN) + 1, LOGIN));

	/* That is of the tenant or of the configuration, and the agent would say it as well. */
	fake->text = LOGIN ": refused (AADSTS7000215). Write it anew.";
	assert_fails(SASL_FAIL, LOGIN ": refused");
	assert_null(strstr(detail, "no agent at"));
	fake->code = SE_SIGN_IN;
	fake->text = LOGIN ": Google no longer accepts the sign-in (invalid_grant, status 400)";
	assert_fails(SASL_EXPIRED, LOGIN ": Google no longer");
	assert_null(strstr(detail, "no agent at"));
	fake->code = SE_NO_ACCOUNT;
	fake->text = LOGIN ": no account matches";
	assert_fails(SASL_NOUSER, "no account matches");
	assert_null(strstr(detail, "no agent at"));
}

/* A socket that this user may not open: to start the agent would not help. */
static int
shut_out(void)
{
	struct person person = {.login = LOGIN};

	CHECK(setresuid(NOBODY, NOBODY, NOBODY) == 0);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_FAIL);
	CHECK(strstr(detail, "(Permission denied; let the user with uid 65534 connect: ") != NULL);
	CHECK(strstr(detail, "), and without one: the secret") != NULL);
	return 0;
}

static void
test_shut_out(void **state)
{
	struct agent *agent;

	(void)state;
	if (geteuid() != 0) {
		skip_because("not root");
		return;
	}
	agent = agent_start(SE_SOCKET_PATH);
	assert_int_equal(chmod(SE_SOCKET_PATH, 0600), 0);
	fake->code = SE_CONFIG;
	fake->text = "the secret cannot be opened by uid 7";
	in_child(shut_out);
	agent_stop(agent);
}

/* A child opens its own; it neither uses nor closes its parent's. */
static int
log_in_again(void)
{
	struct person person = {.login = LOGIN};

	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_OK);
	CHECK(fake->opened == 2 && fake->closed == 0);
	sasl_done();
	CHECK(fake->closed == 1);
	return 0;
}

static int
only_end(void)
{
	sasl_done();
	CHECK(fake->closed == 0);
	return 0;
}

static void
test_fork(void **state)
{
	(void)state;
	assert_logs_in(OTHER_TOKEN);
	in_child(log_in_again);
	in_child(only_end);
	assert_logs_in(OTHER_TOKEN);
	assert_int_equal(fake->opened, 1);
}

/* --- a user's own configuration -------------------------------------------------------------- */

static char own_directory[512];

/* Root is never served by a user's configuration: a child becomes somebody. */
static int
become_user(void)
{
	char path[600];

	if (geteuid() == 0)
		CHECK(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
	snprintf(path, sizeof(path), "%s/config", own_directory);
	setenv("XDG_CONFIG_HOME", path, 1);
	snprintf(path, sizeof(path), "%s/run", own_directory);
	setenv("XDG_RUNTIME_DIR", path, 1);
	return 0;
}

static int
own_engine(void)
{
	struct person person = {.login = LOGIN};
	char path[600];

	CHECK(become_user() == 0);
	CHECK(sasl_client_init(quiet_callbacks) == SASL_OK);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_OK);
	snprintf(path, sizeof(path), "%s/config/sasl-entra/sasl-entra.conf", own_directory);
	CHECK(strcmp(fake->configuration, path) == 0);
	CHECK(fake->users_own);
	CHECK(strstr(detail, OTHER_TOKEN) != NULL);

	/* Without XDG_CONFIG_HOME it is ~/.config; the engine is opened anew for it. */
	unsetenv("XDG_CONFIG_HOME");
	snprintf(path, sizeof(path), "%s/home", own_directory);
	setenv("HOME", path, 1);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_OK);
	CHECK(strstr(fake->configuration, "/home/.config/sasl-entra/sasl-entra.conf") != NULL);
	CHECK(fake->opened == 2 && fake->closed == 1);

	/* A relative directory is none: the system's configuration it is. */
	setenv("XDG_CONFIG_HOME", "config", 1);
	setenv("HOME", "home", 1);
	CHECK(chdir(own_directory) == 0);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_OK);
	CHECK(strcmp(fake->configuration, SE_CONFIGURATION_PATH) == 0);
	CHECK(!fake->users_own);
	sasl_done();
	return 0;
}

static int
own_agent(void)
{
	struct person person = {.login = LOGIN};

	CHECK(become_user() == 0);
	CHECK(sasl_client_init(quiet_callbacks) == SASL_OK);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_OK);
	CHECK(strstr(detail, TOKEN) != NULL);
	CHECK(fake->opened == 0);
	sasl_done();
	return 0;
}

static int
own_agent_then_engine(void)
{
	struct person person = {.login = LOGIN};

	CHECK(become_user() == 0);
	CHECK(sasl_client_init(quiet_callbacks) == SASL_OK);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_OK);
	CHECK(strstr(detail, OTHER_TOKEN) != NULL);
	CHECK(fake->users_own);
	sasl_done();
	return 0;
}

static int
root_has_none(void)
{
	struct person person = {.login = LOGIN};
	char path[600];

	snprintf(path, sizeof(path), "%s/config", own_directory);
	setenv("XDG_CONFIG_HOME", path, 1);
	CHECK(sasl_client_init(quiet_callbacks) == SASL_OK);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_OK);
	CHECK(strcmp(fake->configuration, SE_CONFIGURATION_PATH) == 0);
	sasl_done();
	return 0;
}

static void
test_own_configuration(void **state)
{
	char path[600];
	struct agent *system_agent, *users_agent;

	(void)state;
	sasl_done(); /* the children load the plugin themselves */
	se_copy(own_directory, sizeof(own_directory), scratch("own"));
	snprintf(path, sizeof(path), "%s/config/sasl-entra/sasl-entra.conf", own_directory);
	write_file(path, "");
	snprintf(path, sizeof(path), "%s/home/.config/sasl-entra/sasl-entra.conf", own_directory);
	write_file(path, "");
	in_child(own_engine);
	if (geteuid() == 0)
		in_child(root_has_none);

	/* The user's agent is asked, the system's never. */
	system_agent = agent_start(SE_SOCKET_PATH);
	snprintf(path, sizeof(path), "%s/run/sasl-entra/agent.sock", own_directory);
	users_agent = agent_start(path);
	in_child(own_agent);
	assert_int_equal(system_agent->asked, 0);
	assert_int_equal(users_agent->asked, 1);
	agent_says(users_agent, SE_NO_ACCOUNT, "");
	in_child(own_agent_then_engine);
	assert_int_equal(system_agent->asked, 0);
	agent_stop(users_agent);
	agent_stop(system_agent);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_asked),
		TEST(test_not_loaded_early),
		TEST(test_agent_first),
		TEST(test_errors),
		TEST(test_token_from_password),
		TEST(test_no_memory),
		TEST(test_rejected_token),
		TEST(test_other_builds),
		TEST(test_other_files),
		TEST(test_want_of_agent),
		TEST(test_shut_out),
		TEST(test_fork),
		TEST(test_own_configuration),
	};
	int failed;

	if (!engine_is_private()) {
		printf("1..0 # SKIP %s is not below /tmp\n", SE_ENGINE_PATH);
		return 0;
	}
	world_setup();
	failed = cmocka_run_group_tests_name("plugin: engine", tests, NULL, NULL);
	world_teardown();
	return failed;
}
