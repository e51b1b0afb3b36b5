/*
 * host: the plugin, driven by libsasl2 in the way that each host program does it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static struct agent *agent;

/* One login of a host program, from sasl_client_new() to sasl_dispose(). */
struct login {
	struct person person;
	sasl_callback_t callbacks[8];
	sasl_conn_t *conn;
	const char *out;
	unsigned len;
	const char *mechanism;
};

static void
begin(struct login *login, const char *service, const char *server, const char *remote)
{
	agent_says(agent, SE_OK, "");
	log_clear();
	assert_int_equal(
		sasl_client_new(service, server, NULL, remote,
			login->callbacks[0].id != 0 ? login->callbacks : NULL, 0, &login->conn),
		SASL_OK);
}

static void
end(struct login *login)
{
	sasl_dispose(&login->conn);
	person_free(&login->person);
	sasl_done();
}

static void
set_properties(struct login *login, unsigned flags)
{
	sasl_security_properties_t properties = {0};

	properties.security_flags = flags;
	assert_int_equal(sasl_setprop(login->conn, SASL_SEC_PROPS, &properties), SASL_OK);
}

/* A step that must end the exchange with `expected`. */
static void
last_step(struct login *login, const char *in, unsigned in_len, sasl_interact_t **need,
	const char *expected)
{
	assert_int_equal(
		sasl_client_step(login->conn, in, in_len, need, &login->out, &login->len), SASL_OK);
	assert_non_null(login->out);
	assert_int_equal(login->len, strlen(expected));
	assert_memory_equal(login->out, expected, login->len);
}

/* --- Postfix: callbacks only, no prompt_need, noplaintext and noanonymous ------------------- */

static void
postfix_begin(struct login *login, bool authzid)
{
	size_t i = 0;

	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	if (authzid) {
		login->callbacks[i++] =
			(sasl_callback_t){SASL_CB_USER, PROC(user_callback), &login->person};
	}
	login->callbacks[i++] =
		(sasl_callback_t){SASL_CB_AUTHNAME, PROC(login_callback), &login->person};
	login->callbacks[i++] =
		(sasl_callback_t){SASL_CB_PASS, PROC(password_callback), &login->person};
	login->callbacks[i] = (sasl_callback_t){SASL_CB_LIST_END, NULL, NULL};
	begin(login, "smtp", SERVER, NULL);
	set_properties(login, SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS);
}

static void
test_postfix(void **state)
{
	struct login login = {.person = {.login = LOGIN, .password = "placeholder"}};

	(void)state;
	postfix_begin(&login, false);
	assert_int_equal(sasl_client_start(login.conn, "LOGIN XOAUTH2", NULL, &login.out,
				 &login.len, &login.mechanism),
		SASL_CONTINUE);
	assert_string_equal(login.mechanism, "XOAUTH2");
	assert_xoauth2(login.out, login.len, LOGIN, TOKEN);
	assert_int_equal(login.person.asked_password, 0);
	assert_int_equal(agent->asked, 1);
	assert_string_equal(agent->request.login, LOGIN);
	assert_string_equal(agent->request.service, "smtp");
	assert_string_equal(agent->request.server, SERVER);
	assert_string_equal(agent->request.rejected, "");
	assert_in_range(agent->request.time_left, 1000, SE_BUDGET_MS);
	assert_int_equal(log_count(SASL_LOG_FAIL), 0);
	end(&login);
}

/* send_cyrus_sasl_authzid = yes gives the login name again. */
static void
test_postfix_authzid(void **state)
{
	struct login login = {.person = {.login = LOGIN, .user = "shared@contoso.com"}};
	const void *value;

	(void)state;
	postfix_begin(&login, true);
	assert_int_equal(
		sasl_client_start(login.conn, "XOAUTH2", NULL, &login.out, &login.len, NULL),
		SASL_CONTINUE);
	assert_xoauth2(login.out, login.len, "shared@contoso.com", TOKEN);
	last_step(&login, "", 0, NULL, "");
	assert_int_equal(sasl_getprop(login.conn, SASL_USERNAME, &value), SASL_OK);
	assert_string_equal(value, "shared@contoso.com");
	assert_int_equal(sasl_getprop(login.conn, SASL_AUTHUSER, &value), SASL_OK);
	assert_string_equal(value, LOGIN);
	end(&login);
}

static void
test_postfix_challenge(void **state)
{
	static const char challenge[] =
		"{\"status\":\"400\",\"schemes\":\"Bearer\",\"scope\":\"https://mail.example/\"}";
	struct login login = {.person = {.login = LOGIN}};

	(void)state;
	postfix_begin(&login, false);
	assert_int_equal(
		sasl_client_start(login.conn, "XOAUTH2", NULL, &login.out, &login.len, NULL),
		SASL_CONTINUE);
	last_step(&login, challenge, sizeof(challenge) - 1, NULL, "");
	assert_int_equal(log_count(SASL_LOG_FAIL), 1);
	assert_true(log_has(FINGERPRINT));
	assert_true(log_has("status \"400\""));
	assert_true(log_has("scope \"https://mail.example/\""));
	assert_false(log_has("Bearer"));
	assert_false(log_has(TOKEN));

	/* a server that goes on and on does not keep us busy */
	assert_int_equal(
		sasl_client_step(login.conn, "", 0, NULL, &login.out, &login.len), SASL_BADPROT);
	assert_int_equal(log_count(SASL_LOG_FAIL), 2);
	sasl_dispose(&login.conn);

	/* and the next login asks for another token */
	begin(&login, "smtp", SERVER, NULL);
	assert_int_equal(
		sasl_client_start(login.conn, "XOAUTH2", NULL, &login.out, &login.len, NULL),
		SASL_CONTINUE);
	assert_string_equal(agent->request.rejected, FINGERPRINT);
	end(&login);
}

static void
test_postfix_account_user(void **state)
{
	struct login login = {.person = {.login = LOGIN, .user = "ignored@contoso.com"}};

	(void)state;
	postfix_begin(&login, true);
	se_copy(agent->user, sizeof(agent->user), "box@contoso.com");
	se_copy(agent->note, sizeof(agent->note), "a new token, 100%s sure");
	assert_int_equal(
		sasl_client_start(login.conn, "XOAUTH2", NULL, &login.out, &login.len, NULL),
		SASL_CONTINUE);
	assert_xoauth2(login.out, login.len, "box@contoso.com", TOKEN);
	assert_true(log_has("a new token, 100%s sure"));
	assert_int_equal(log_count(SASL_LOG_NOTE), 1);
	end(&login);
}

/* --- mbsync: everything by SASL_INTERACT ---------------------------------------------------- */

static const sasl_callback_t mbsync_callbacks[] = {
	{SASL_CB_GETPATH, PROC(getpath_callback), NULL},
	{SASL_CB_LOG, PROC(log_callback), NULL},
	{SASL_CB_USER, NULL, NULL},
	{SASL_CB_AUTHNAME, NULL, NULL},
	{SASL_CB_PASS, NULL, NULL},
	{SASL_CB_LIST_END, NULL, NULL},
};

/* Fills in a list of prompts. `nul`: the length counts the NUL. */
static void
interact(struct login *login, sasl_interact_t *list, bool nul)
{
	const char *text;

	assert_non_null(list);
	for (; list->id != SASL_CB_LIST_END; list++) {
		assert_non_null(list->prompt);
		switch (list->id) {
		case SASL_CB_AUTHNAME:
			login->person.asked_login++;
			text = login->person.login;
			break;
		case SASL_CB_PASS:
			login->person.asked_password++;
			text = login->person.password;
			break;
		default:
			fail_msg("asked for %lu", list->id);
			return;
		}
		list->result = text;
		list->len = text != NULL ? (unsigned)strlen(text) + nul : 0;
	}
}

static int
mbsync_start(struct login *login, sasl_interact_t **need, bool initial_response)
{
	int result;

	assert_int_equal(sasl_client_init(mbsync_callbacks), SASL_OK);
	begin(login, "imap", "outlook.office365.com", NULL);
	result = sasl_client_start(login->conn, "XOAUTH2 PLAIN", need,
		initial_response ? &login->out : NULL, initial_response ? &login->len : NULL,
		&login->mechanism);
	while (result == SASL_INTERACT) {
		interact(login, *need, false);
		result = sasl_client_step(login->conn, NULL, 0, need, &login->out, &login->len);
	}
	return result;
}

static void
test_mbsync(void **state)
{
	struct login login = {.person = {.login = LOGIN, .password = "unused"}};
	sasl_interact_t *need = NULL;

	(void)state;
	assert_int_equal(mbsync_start(&login, &need, true), SASL_CONTINUE);
	assert_string_equal(login.mechanism, "XOAUTH2");
	assert_null(need);
	assert_xoauth2(login.out, login.len, LOGIN, TOKEN);
	assert_int_equal(login.person.asked_login, 1);
	assert_int_equal(login.person.asked_password, 0);
	assert_string_equal(agent->request.service, "imap");
	last_step(&login, NULL, 0, &need, "");
	end(&login);
}

/* Without SASL-IR there is no first step in sasl_client_start(): it comes after the "+". */
static void
test_mbsync_no_initial_response(void **state)
{
	struct login login = {.person = {.login = LOGIN}};
	sasl_interact_t *need = NULL;
	int result;

	(void)state;
	assert_int_equal(mbsync_start(&login, &need, false), SASL_CONTINUE);
	assert_int_equal(agent->asked, 0);
	result = sasl_client_step(login.conn, "", 0, &need, &login.out, &login.len);
	assert_int_equal(result, SASL_INTERACT);
	interact(&login, need, false);
	result = sasl_client_step(login.conn, "", 0, &need, &login.out, &login.len);
	assert_int_equal(result, SASL_CONTINUE);
	assert_xoauth2(login.out, login.len, LOGIN, TOKEN);
	last_step(&login, NULL, 0, &need, "");
	end(&login);
}

static void
test_mbsync_password_is_token(void **state)
{
	struct login login = {.person = {.login = LOGIN, .password = OTHER_TOKEN}};
	sasl_interact_t *need = NULL;
	int result;

	(void)state;
	assert_int_equal(sasl_client_init(mbsync_callbacks), SASL_OK);
	begin(&login, "imap", "outlook.office365.com", NULL);
	agent_says(agent, SE_NO_ACCOUNT, "nothing for " LOGIN);
	result = sasl_client_start(
		login.conn, "XOAUTH2", &need, &login.out, &login.len, &login.mechanism);
	assert_int_equal(result, SASL_INTERACT);
	assert_int_equal(need[0].id, SASL_CB_AUTHNAME);
	assert_int_equal(need[1].id, SASL_CB_LIST_END);
	interact(&login, need, true);
	result = sasl_client_step(login.conn, NULL, 0, &need, &login.out, &login.len);
	assert_int_equal(result, SASL_INTERACT);
	assert_int_equal(need[0].id, SASL_CB_PASS);
	assert_int_equal(need[1].id, SASL_CB_LIST_END);
	interact(&login, need, true);
	result = sasl_client_step(login.conn, NULL, 0, &need, &login.out, &login.len);
	assert_int_equal(result, SASL_CONTINUE);
	assert_null(need);
	assert_xoauth2(login.out, login.len, LOGIN, OTHER_TOKEN);
	assert_int_equal(agent->asked, 1); /* the answer was kept between the calls */
	assert_int_equal(log_count(SASL_LOG_FAIL), 0);
	end(&login);
}

/* The source's own error comes back, not a new question. */
static void
test_mbsync_real_password(void **state)
{
	struct login login = {.person = {.login = LOGIN, .password = "correct horse battery"}};
	sasl_interact_t *need = NULL;
	int result;

	(void)state;
	assert_int_equal(sasl_client_init(mbsync_callbacks), SASL_OK);
	begin(&login, "imap", "outlook.office365.com", NULL);
	agent_says(agent, SE_DENIED, LOGIN ": not for you");
	result = sasl_client_start(login.conn, "XOAUTH2", &need, &login.out, &login.len, NULL);
	while (result == SASL_INTERACT) {
		interact(&login, need, false);
		result = sasl_client_step(login.conn, NULL, 0, &need, &login.out, &login.len);
	}
	assert_int_equal(result, SASL_NOAUTHZ);
	assert_null(login.out);
	assert_int_equal(login.person.asked_password, 1);
	assert_int_equal(agent->asked, 1);
	assert_non_null(strstr(sasl_errdetail(login.conn), LOGIN ": not for you"));
	assert_null(strstr(sasl_errdetail(login.conn), "correct"));
	assert_int_equal(log_count(SASL_LOG_FAIL), 1);
	end(&login);
}

/* The user cancels: the list comes back as it went. */
static void
test_mbsync_nothing_filled_in(void **state)
{
	struct login login = {.person = {.login = LOGIN}};
	sasl_interact_t *need = NULL;
	int result;

	(void)state;
	assert_int_equal(sasl_client_init(mbsync_callbacks), SASL_OK);
	begin(&login, "imap", "outlook.office365.com", NULL);
	result = sasl_client_start(login.conn, "XOAUTH2", &need, &login.out, &login.len, NULL);
	assert_int_equal(result, SASL_INTERACT);
	result = sasl_client_step(login.conn, NULL, 0, &need, &login.out, &login.len);
	assert_int_equal(result, SASL_FAIL);
	assert_null(need);
	assert_int_equal(agent->asked, 0);
	assert_non_null(strstr(sasl_errdetail(login.conn), "no login name"));
	end(&login);
}

/* A host may drop the connection while we wait for its answers. */
static void
test_mbsync_gives_up(void **state)
{
	struct login login = {.person = {.login = LOGIN}};
	sasl_interact_t *need = NULL;

	(void)state;
	assert_int_equal(sasl_client_init(mbsync_callbacks), SASL_OK);
	begin(&login, "imap", "outlook.office365.com", NULL);
	assert_int_equal(
		sasl_client_start(login.conn, "XOAUTH2", &need, &login.out, &login.len, NULL),
		SASL_INTERACT);
	end(&login);
}

/* --- Mutt with Cyrus SASL: callbacks, and a stale buffer after success ---------------------- */

static void
mutt_begin(struct login *login, const char *mechanism)
{
	sasl_ssf_t ssf = 256;

	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	login->callbacks[0] = (sasl_callback_t){SASL_CB_USER, PROC(user_callback), &login->person};
	login->callbacks[1] =
		(sasl_callback_t){SASL_CB_AUTHNAME, PROC(login_callback), &login->person};
	login->callbacks[2] =
		(sasl_callback_t){SASL_CB_PASS, PROC(password_callback), &login->person};
	login->callbacks[3] = (sasl_callback_t){SASL_CB_GETREALM, NULL, NULL};
	login->callbacks[4] = (sasl_callback_t){SASL_CB_LIST_END, NULL, NULL};
	begin(login, "imap", "outlook.office365.com", "52.98.0.1;993");
	assert_int_equal(sasl_setprop(login->conn, SASL_SSF_EXTERNAL, &ssf), SASL_OK);
	set_properties(login, 0);
	login->mechanism = mechanism;
}

static void
test_mutt(void **state)
{
	struct login login = {.person = {.login = LOGIN, .user = LOGIN}};
	sasl_interact_t *need = NULL;

	(void)state;
	mutt_begin(&login, "XOAUTH2");
	assert_int_equal(sasl_client_start(login.conn, "XOAUTH2", &need, &login.out, &login.len,
				 &login.mechanism),
		SASL_CONTINUE);
	assert_xoauth2(login.out, login.len, LOGIN, TOKEN);
	last_step(&login, "AUTHENTICATE XOAUTH2 ", 21, &need, "");
	assert_int_equal(log_count(SASL_LOG_FAIL), 0);
	end(&login);
}

static void
test_mutt_unterminated_password(void **state)
{
	struct login login = {.person = {.login = LOGIN, .user = LOGIN, .password = OTHER_TOKEN}};
	sasl_interact_t *need = NULL;

	(void)state;
	mutt_begin(&login, "XOAUTH2");
	agent_says(agent, SE_NO_ACCOUNT, "");
	assert_int_equal(sasl_client_start(login.conn, "XOAUTH2", &need, &login.out, &login.len,
				 &login.mechanism),
		SASL_CONTINUE);
	assert_xoauth2(login.out, login.len, LOGIN, OTHER_TOKEN);
	end(&login);
}

static void
test_mutt_oauthbearer(void **state)
{
	static const char expected[] =
		"n,a=" LOGIN ",\001host=outlook.office365.com\001port=993\001"
		"auth=Bearer " TOKEN "\001\001";
	static const char challenge[] = "{\"status\":\"invalid_token\",\"scope\":\"a b\"}";
	struct login login = {.person = {.login = LOGIN, .user = ""}};
	sasl_interact_t *need = NULL;

	(void)state;
	mutt_begin(&login, "OAUTHBEARER");
	assert_int_equal(sasl_client_start(login.conn, "OAUTHBEARER", &need, &login.out, &login.len,
				 &login.mechanism),
		SASL_CONTINUE);
	assert_int_equal(login.len, sizeof(expected) - 1);
	assert_memory_equal(login.out, expected, login.len);
	last_step(&login, challenge, sizeof(challenge) - 1, &need, "\001");
	assert_true(log_has("status \"invalid_token\""));
	sasl_dispose(&login.conn);

	/* stale text is no challenge and gets no dummy message, which Mutt would send */
	begin(&login, "imap", "outlook.office365.com", NULL);
	assert_int_equal(sasl_client_start(login.conn, "OAUTHBEARER", &need, &login.out, &login.len,
				 &login.mechanism),
		SASL_CONTINUE);
	last_step(&login, "AUTHENTICATE OAUTHBEARER ", 25, &need, "");
	end(&login);
}

/* --- KDE: lists with holes, and start again -------------------------------------------------- */

static void
kde_begin(struct login *login)
{
	static const unsigned long ids[] = {SASL_CB_ECHOPROMPT, SASL_CB_NOECHOPROMPT,
		SASL_CB_GETREALM, SASL_CB_USER, SASL_CB_AUTHNAME, SASL_CB_PASS, SASL_CB_CANON_USER,
		SASL_CB_LIST_END};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		login->callbacks[i] = (sasl_callback_t){ids[i], NULL, NULL};
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	begin(login, "smtp", SERVER, NULL);
}

static void
test_kde(void **state)
{
	struct login login = {.person = {.login = LOGIN, .password = OTHER_TOKEN}};
	sasl_interact_t *need = NULL;
	int result;

	(void)state;
	kde_begin(&login);
	agent_says(agent, SE_NO_ACCOUNT, "");
	do {
		result = sasl_client_start(
			login.conn, "XOAUTH2", &need, &login.out, &login.len, &login.mechanism);
		if (result == SASL_INTERACT)
			interact(&login, need, false);
	} while (result == SASL_INTERACT);
	assert_int_equal(result, SASL_CONTINUE);
	assert_xoauth2(login.out, login.len, LOGIN, OTHER_TOKEN);
	assert_int_equal(login.person.asked_login, 1);
	assert_int_equal(login.person.asked_password, 1);
	assert_int_equal(agent->asked, 1);
	end(&login);
}

static void
test_kde_null_results(void **state)
{
	struct login login = {.person = {.login = LOGIN, .password = NULL}};
	sasl_interact_t *need = NULL;
	int result;

	(void)state;
	kde_begin(&login);
	agent_says(agent, SE_NO_ACCOUNT, "nothing for " LOGIN);
	do {
		result = sasl_client_start(
			login.conn, "XOAUTH2", &need, &login.out, &login.len, &login.mechanism);
		if (result == SASL_INTERACT)
			interact(&login, need, false);
	} while (result == SASL_INTERACT);
	assert_int_equal(result, SASL_NOUSER);
	assert_non_null(strstr(sasl_errdetail(login.conn), "nothing for " LOGIN));
	end(&login);
}

/* --- imtest: prompts from the terminal, steps only on input --------------------------------- */

static void
test_imtest(void **state)
{
	static const char challenge[] = "{ \"status\" : 401 }";
	struct login login = {.person = {.login = LOGIN}};
	sasl_interact_t *need = NULL;
	int result;

	(void)state;
	kde_begin(&login);
	sasl_dispose(&login.conn);
	begin(&login, "pop3", "outlook.office365.com", "52.98.0.1;995");
	set_properties(&login, 0);
	while ((result = sasl_client_start(login.conn, "XOAUTH2", &need, &login.out, &login.len,
			&login.mechanism)) == SASL_INTERACT)
		interact(&login, need, false);
	assert_int_equal(result, SASL_CONTINUE);
	assert_xoauth2(login.out, login.len, LOGIN, TOKEN);
	assert_string_equal(agent->request.service, "pop");
	last_step(&login, challenge, sizeof(challenge) - 1, &need, "");
	assert_true(log_has("status \"401\""));
	end(&login);
}

/* --- what a hostile server says in its challenge --------------------------------------------- */

static void
test_hostile_challenges(void **state)
{
	static const char *const challenges[] = {
		"{",
		"{\"",
		"{\"status",
		"{\"status\"",
		"{\"status\":",
		"{\"status\":\"",
		"{\"status\":\"\\",
		"{\"status\":\"a\\\"b\\u0041\"}",
		"{\"a\":{\"status\":\"inner\"},\"status\":\"outer\"}",
		"{\"status\":\"line\nbreak\x1b[31m\"}",
		"{\"status\"\"status\":1}",
		"{}}}}}}{\"status\":1",
	};
	struct login login = {.person = {.login = LOGIN}};
	char longest[70000];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "{\"scope\":\"", 10);
	postfix_begin(&login, false);
	for (size_t i = 0; i <= sizeof(challenges) / sizeof(challenges[0]); i++) {
		bool last = i == sizeof(challenges) / sizeof(challenges[0]);
		const char *text = last ? longest : challenges[i];
		size_t len = last ? sizeof(longest) : strlen(text);
		char *copy = malloc(len);

		assert_non_null(copy);
		memcpy(copy, text, len);
		sasl_dispose(&login.conn);
		begin(&login, "smtp", SERVER, NULL);
		assert_int_equal(sasl_client_start(
					 login.conn, "XOAUTH2", NULL, &login.out, &login.len, NULL),
			SASL_CONTINUE);
		last_step(&login, copy, (unsigned)len, NULL, "");
		assert_int_equal(log_count(SASL_LOG_FAIL), 1);
		assert_false(log_has("inner"));
		assert_false(log_has("\n"));
		assert_false(log_has("\x1b"));
		assert_false(log_has("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
		free(copy);
	}
	end(&login);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_postfix),
		cmocka_unit_test(test_postfix_authzid),
		cmocka_unit_test(test_postfix_challenge),
		cmocka_unit_test(test_postfix_account_user),
		cmocka_unit_test(test_mbsync),
		cmocka_unit_test(test_mbsync_no_initial_response),
		cmocka_unit_test(test_mbsync_password_is_token),
		cmocka_unit_test(test_mbsync_real_password),
		cmocka_unit_test(test_mbsync_nothing_filled_in),
		cmocka_unit_test(test_mbsync_gives_up),
		cmocka_unit_test(test_mutt),
		cmocka_unit_test(test_mutt_unterminated_password),
		cmocka_unit_test(test_mutt_oauthbearer),
		cmocka_unit_test(test_kde),
		cmocka_unit_test(test_kde_null_results),
		cmocka_unit_test(test_imtest),
		cmocka_unit_test(test_hostile_challenges),
	};
	int failed;

	world_setup();
	write_file(SE_CONFIGURATION_PATH, ""); /* so that XOAUTH2 passes for no plain text */
	agent = agent_start(SE_SOCKET_PATH);
	failed = cmocka_run_group_tests_name("plugin: hosts", tests, NULL, NULL);
	agent_stop(agent);
	world_teardown();
	return failed;
}
