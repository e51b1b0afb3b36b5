/*
 * errors: what a host gets to hear when there is no token, and where the plugin looks for one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

enum { NOBODY = 65534, DETAIL = SE_ERROR_TEXT_MAX + 200 };

static struct agent *agent;
static char detail[DETAIL];

static int
set_up(void **state)
{
	(void)state;
	agent = agent_start(SE_SOCKET_PATH);
	log_clear();
	return sasl_client_init(quiet_callbacks);
}

static int
tear_down(void **state)
{
	(void)state;
	sasl_done();
	agent_stop(agent);
	unlink(SE_CONFIGURATION_PATH);
	return 0;
}

static void
assert_says(const char *text)
{
	if (strstr(detail, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, detail);
}

static void
test_classes(void **state)
{
	static const struct {
		enum se_code code;
		int result;
	} classes[] = {
		{SE_AGAIN, SASL_UNAVAIL},
		{SE_SIGN_IN, SASL_EXPIRED},
		{SE_ADMIN, SASL_BADAUTH},
		{SE_CONFIG, SASL_FAIL},
		{SE_NO_ACCOUNT, SASL_NOUSER},
		{SE_DENIED, SASL_NOAUTHZ},
		{SE_MEMORY, SASL_NOMEM},
		{SE_INTERNAL, SASL_FAIL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		struct person person = {.login = LOGIN, .password = "secret-of-anna"};
		bool asks = classes[i].code == SE_NO_ACCOUNT || classes[i].code == SE_DENIED;

		log_clear();
		agent_says(agent, classes[i].code, LOGIN ": 100%s, 5%d and %n happened");
		assert_int_equal(log_in(&person, detail, sizeof(detail)), classes[i].result);
		assert_says(LOGIN ": 100%s, 5%d and %n happened");
		assert_int_equal(person.asked_password, asks);
		assert_int_equal(agent->asked, 1);
		assert_int_equal(log_count(SASL_LOG_FAIL), 1);
		assert_true(log_has("and %n happened"));
		assert_false(log_has("secret-of-anna"));
	}
}

static void
test_login_is_named(void **state)
{
	struct person person = {.login = LOGIN};

	(void)state;
	agent_says(agent, SE_AGAIN, "it rains");
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_UNAVAIL);
	assert_says(LOGIN ": it rains");
}

/* A host that steps on after an error hears the same again, at once. */
static void
test_error_stays(void **state)
{
	struct person person = {.login = LOGIN};
	sasl_callback_t callbacks[4];
	sasl_conn_t *conn;
	const char *out;
	unsigned len;

	(void)state;
	agent_says(agent, SE_SIGN_IN, "sign in, " LOGIN);
	callbacks_for(&person, callbacks);
	assert_int_equal(sasl_client_new("smtp", SERVER, NULL, NULL, callbacks, 0, &conn), SASL_OK);
	assert_int_equal(sasl_client_start(conn, "XOAUTH2", NULL, &out, &len, NULL), SASL_EXPIRED);
	agent_says(agent, SE_OK, "");
	assert_int_equal(sasl_client_step(conn, "", 0, NULL, &out, &len), SASL_EXPIRED);
	assert_int_equal(agent->asked, 0);
	assert_non_null(strstr(sasl_errdetail(conn), "sign in, " LOGIN));
	assert_null(out);
	sasl_dispose(&conn);
}

static void
test_warning(void **state)
{
	struct person person = {.login = LOGIN};

	(void)state;
	se_copy(agent->note, sizeof(agent->note), "Entra is down, the token is old");
	agent->warning = true;
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
	assert_int_equal(log_count(SASL_LOG_WARN), 1);
	assert_true(log_has("Entra is down, the token is old"));
}

static void
test_agent_hangs_up(void **state)
{
	struct person person = {.login = LOGIN, .password = OTHER_TOKEN};

	(void)state;
	agent->silent = true;
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_UNAVAIL);
	assert_says(LOGIN ": ");
	assert_int_equal(person.asked_password, 0);
}

/* --- what comes as password ------------------------------------------------------------------ */

static void
test_password_path(void **state)
{
	struct person person = {.login = LOGIN, .password = "/etc/tokens/anna@contoso.com"};

	(void)state;
	agent_says(agent, SE_NO_ACCOUNT, LOGIN ": nothing is configured for it");
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_NOUSER);
	assert_says(LOGIN ": nothing is configured for it.");
	assert_says("placeholder");
	assert_says("sasl-entra import sasl-xoauth2");
	assert_null(strstr(detail, "/etc/tokens"));
}

static void
test_password_never_sent(void **state)
{
	static const char *const passwords[] = {"", "hunter2", "correct horse battery staple",
		"eyJ.eyJ.sig", "a.b.c",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		TOKEN " ", TOKEN "\n", " " TOKEN};

	(void)state;
	for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
		struct person person = {.login = LOGIN, .password = passwords[i]};

		agent_says(agent, SE_NO_ACCOUNT, LOGIN ": nothing");
		assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_NOUSER);
		assert_int_equal(person.asked_password, 1);
		assert_says(LOGIN ": nothing");
		assert_false(log_has(TOKEN));
	}
}

static void
test_password_token(void **state)
{
	struct person person = {.login = LOGIN, .user = "box@contoso.com", .password = OTHER_TOKEN};

	(void)state;
	agent_says(agent, SE_DENIED, "");
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
	assert_xoauth2(detail, (unsigned)strlen(detail), "box@contoso.com", OTHER_TOKEN);
	assert_false(log_has(OTHER_TOKEN));
}

/* --- names ----------------------------------------------------------------------------------- */

static void
test_names(void **state)
{
	struct person none = {.login = NULL};
	struct person empty = {.login = ""};
	struct person evil = {.login = LOGIN, .user = "x\001auth=Bearer y"};
	struct person longest = {.login = LOGIN};
	char name[SE_NAME_MAX + 2];

	(void)state;
	assert_int_equal(log_in(&none, detail, sizeof(detail)), SASL_FAIL);
	assert_says("no login name");
	assert_int_equal(log_in(&empty, detail, sizeof(detail)), SASL_FAIL);
	assert_int_equal(agent->asked, 0);
	assert_int_equal(log_in(&evil, detail, sizeof(detail)), SASL_FAIL);
	assert_null(strchr(detail, '\001'));

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	longest.user = name;
	assert_int_equal(log_in(&longest, detail, sizeof(detail)), SASL_FAIL);
	assert_says("longer than 320 bytes");
	name[SE_NAME_MAX] = '\0';
	longest.login = name;
	assert_int_equal(log_in(&longest, detail, sizeof(detail)), SASL_OK);
	assert_string_equal(agent->request.login, name);
}

/* Who does not say where the token goes gets none; a token of his own he may use. */
static void
test_no_server(void **state)
{
	struct person person = {.login = LOGIN, .password = "no token"};
	sasl_callback_t callbacks[4];
	sasl_conn_t *conn;
	const char *out;
	unsigned len;

	(void)state;
	callbacks_for(&person, callbacks);
	assert_int_equal(sasl_client_new("smtp", NULL, NULL, NULL, callbacks, 0, &conn), SASL_OK);
	assert_int_equal(sasl_client_start(conn, "XOAUTH2", NULL, &out, &len, NULL), SASL_NOAUTHZ);
	assert_int_equal(agent->asked, 0);
	sasl_dispose(&conn);
	person_free(&person);
}

/* --- no agent ------------------------------------------------------------------------------- */

static void
test_unconfigured(void **state)
{
	struct person person = {.login = LOGIN, .password = "no token"};

	(void)state;
	agent_stop(agent);
	agent = NULL;
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_NOUSER);
	assert_says(LOGIN ": ");
	assert_says(SE_SOCKET_PATH);
	assert_says(SE_CONFIGURATION_PATH);
	assert_says("sasl-entra.conf(5)");
	person.password = TOKEN;
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
}

static void
test_no_engine(void **state)
{
	struct person person = {.login = LOGIN, .password = TOKEN};

	(void)state;
	if (access(SE_ENGINE_PATH, F_OK) == 0) {
		skip_because("an engine is installed");
		return;
	}
	agent_stop(agent);
	agent = NULL;
	write_file(SE_CONFIGURATION_PATH, "");
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_FAIL);
	assert_says(LOGIN ": ");
	assert_says(SE_ENGINE_PATH);
	assert_says("install");
	assert_int_equal(person.asked_password, 0);
}

/* Where only an agent is installed, its "no account" is the last word. */
static void
test_agent_without_engine(void **state)
{
	struct person person = {.login = LOGIN, .password = TOKEN};

	(void)state;
	if (access(SE_ENGINE_PATH, F_OK) == 0) {
		skip_because("an engine is installed");
		return;
	}
	write_file(SE_CONFIGURATION_PATH, "");
	agent_says(agent, SE_NO_ACCOUNT, "not here");
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
	person.password = "no token";
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_NOUSER);
	assert_says(LOGIN ": not here");
}

/* --- jails ----------------------------------------------------------------------------------- */

static char jail[256];

static bool
have_root(void)
{
	if (geteuid() != 0) {
		skip_because("not root");
		return false;
	}
	se_copy(jail, sizeof(jail), scratch("jail"));
	make_directories(scratch("jail/private/"));
	sasl_done(); /* the child loads the plugin itself */
	return true;
}

static int
enter_jail(bool named)
{
	CHECK(chdir(named ? jail : "/tmp") == 0);
	CHECK(sasl_client_init(quiet_callbacks) == SASL_OK);
	CHECK(chroot(jail) == 0 && chdir("/") == 0);
	return 0;
}

static int
jail_without_agent(void)
{
	struct person person = {.login = LOGIN, .password = TOKEN};
	char socket[512];

	CHECK(enter_jail(true) == 0);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_UNAVAIL);
	CHECK(strstr(detail, LOGIN ": no agent at " SE_SOCKET_PATH " inside the chroot ") != NULL);
	CHECK(strstr(detail, jail) != NULL);
	CHECK(strstr(detail, "sasl-entrad --user sasl-entra --socket " SE_SOCKET_PATH ",") != NULL);
	snprintf(socket, sizeof(socket), " --socket %s%s,postfix", jail, SE_SOCKET_PATH);
	CHECK(strstr(detail, socket) != NULL);
	CHECK(person.asked_password == 0);
	sasl_done();
	return 0;
}

static int
jail_without_name(void)
{
	struct person person = {.login = LOGIN};

	CHECK(enter_jail(false) == 0);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_UNAVAIL);
	CHECK(strstr(detail, "inside the chroot") != NULL);
	CHECK(strstr(detail, jail) == NULL);
	CHECK(strstr(detail, "/tmp inside") == NULL);
	sasl_done();
	return 0;
}

static int
jail_with_agent(void)
{
	struct person person = {.login = LOGIN};

	CHECK(enter_jail(true) == 0);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_OK);
	sasl_done();
	return 0;
}

static int
jail_with_strange_login(void)
{
	struct person person = {.login = LOGIN};

	CHECK(enter_jail(true) == 0);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_NOUSER);
	CHECK(strstr(detail, "jail does not know") != NULL);
	sasl_done();
	return 0;
}

/* Its rights were put aside while the plugin was loaded. */
static int
jail_entered_by_other(void)
{
	struct person person = {.login = LOGIN};

	CHECK(setresuid(NOBODY, NOBODY, 0) == 0);
	CHECK(sasl_client_init(quiet_callbacks) == SASL_OK);
	CHECK(seteuid(0) == 0 && chroot(jail) == 0 && chdir("/") == 0);
	CHECK(setresuid(NOBODY, NOBODY, NOBODY) == 0);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_UNAVAIL);
	CHECK(strstr(detail, "inside the chroot") != NULL);
	sasl_done();
	return 0;
}

static void
test_jail(void **state)
{
	char path[512];

	(void)state;
	if (!have_root())
		return;
	in_child(jail_without_agent);
	in_child(jail_without_name);
	snprintf(path, sizeof(path), "%s%s", jail, SE_CONFIGURATION_PATH);
	write_file(path, "");
	in_child(jail_entered_by_other);
	unlink(path);
	assert_int_equal(agent->asked, 0);
}

static void
test_jail_agent(void **state)
{
	char path[512];
	struct agent *other;

	(void)state;
	if (!have_root())
		return;
	snprintf(path, sizeof(path), "%s%s", jail, SE_SOCKET_PATH);
	other = agent_start(path);
	in_child(jail_with_agent);
	assert_int_equal(other->asked, 1);
	agent_says(other, SE_NO_ACCOUNT, "the jail does not know " LOGIN);
	in_child(jail_with_strange_login);
	agent_stop(other);
	assert_int_equal(agent->asked, 0);
}

static void
test_jail_postfix_service(void **state)
{
	char path[512];
	struct agent *other;

	(void)state;
	if (!have_root())
		return;
	snprintf(path, sizeof(path), "%s/private/sasl-entra", jail);
	other = agent_start(path);
	in_child(jail_with_agent);
	assert_int_equal(other->asked, 1);
	agent_stop(other);
}

/* --- rights that the caller does not have ---------------------------------------------------- */

static int
other_effective_user(void)
{
	struct person person = {.login = LOGIN, .password = TOKEN};

	CHECK(sasl_client_init(quiet_callbacks) == SASL_OK);
	CHECK(seteuid(NOBODY) == 0);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_UNAVAIL);
	CHECK(strstr(detail, LOGIN ": no agent at " SE_SOCKET_PATH) != NULL);
	CHECK(strstr(detail, "another user's rights") != NULL);
	CHECK(person.asked_password == 0);
	sasl_done();
	return 0;
}

/* What runs in a setuid copy of this program: real and effective user are made equal, so that
 * only AT_SECURE is left to tell. */
static int
secure_main(const char *directory)
{
	char path[512];
	const sasl_callback_t callbacks[] = {
		{SASL_CB_GETPATH, PROC(getpath_callback), path},
		{SASL_CB_LOG, PROC(log_callback), NULL},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	struct person person = {.login = LOGIN};

	CHECK(se_copy(path, sizeof(path), directory));
	CHECK(geteuid() == NOBODY && setresuid(NOBODY, NOBODY, NOBODY) == 0);
	CHECK(sasl_client_init(callbacks) == SASL_OK);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_UNAVAIL);
	CHECK(strstr(detail, "another user's rights") != NULL);
	sasl_done();
	return 0;
}

static char setuid_copy[256];

static int
run_setuid_copy(void)
{
	execl(setuid_copy, "errors", "--secure", plugin_directory(), (char *)NULL);
	return __LINE__;
}

static void
test_other_rights(void **state)
{
	(void)state;
	if (!have_root())
		return;
	agent_stop(agent);
	agent = NULL;
	write_file(SE_CONFIGURATION_PATH, "");
	in_child(other_effective_user);

	se_copy(setuid_copy, sizeof(setuid_copy), scratch("setuid"));
	copy_file("/proc/self/exe", setuid_copy);
	assert_int_equal(chown(setuid_copy, NOBODY, (gid_t)-1), 0);
	assert_int_equal(chmod(setuid_copy, 04755), 0);
	in_child(run_setuid_copy);
}

int
main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_classes),
		TEST(test_login_is_named),
		TEST(test_error_stays),
		TEST(test_warning),
		TEST(test_agent_hangs_up),
		TEST(test_password_path),
		TEST(test_password_never_sent),
		TEST(test_password_token),
		TEST(test_names),
		TEST(test_no_server),
		TEST(test_unconfigured),
		TEST(test_no_engine),
		TEST(test_agent_without_engine),
		TEST(test_jail),
		TEST(test_jail_agent),
		TEST(test_jail_postfix_service),
		TEST(test_other_rights),
	};
	int failed;

	if (argc == 3 && strcmp(argv[1], "--secure") == 0) {
		int line = secure_main(argv[2]);

		if (line != 0)
			fprintf(stderr, "# line %d: %s\n", line, detail);
		return line != 0;
	}
	world_setup();
	failed = cmocka_run_group_tests_name("plugin: errors", tests, NULL, NULL);
	world_teardown();
	return failed;
}
