/* What the tool promises when an allocation fails while it keeps a person's sign-in: the one before
 * stays, or the new one is there whole; nobody else's is taken; and the lock is given back. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/sign_in_token.h"

#include "tool/exit_code.h"
#include "tool/import.h"
#include "tool/login.h"
#include "tool/verb.h"

#include "alloc.h"
#include "engine_asking.h"

#define OLD "0.the-old-one"
#define NEW "0.the-new-one"

/* JWTs whose preferred_username is anna@fabrikam.com, and carol's. */
#define ANNAS "e30.eyJwcmVmZXJyZWRfdXNlcm5hbWUiOiJhbm5hQGZhYnJpa2FtLmNvbSJ9.x"
#define CAROLS "e30.eyJwcmVmZXJyZWRfdXNlcm5hbWUiOiJjYXJvbEBmYWJyaWthbS5jb20ifQ.x"

/* Other imports that the verb has; nothing here is about them. */
int
se_import_sasl_xoauth2(const struct se_identity *identity, const struct se_import_options *options)
{
	(void)identity;
	(void)options;
	return SE_EXIT_FAILED;
}

int
se_import_mutt(const struct se_identity *identity, const char *name, const char *file,
	const struct se_import_options *options)
{
	(void)identity;
	(void)name;
	(void)file;
	(void)options;
	return SE_EXIT_FAILED;
}

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
	configure("tool", true, "", "");
	sign_in(PERSON, OLD);
	return 0;
}

static void
check_memory(enum se_code code, const struct se_error *error)
{
	if (code != SE_MEMORY)
		fail_msg("error class %d: %s", code, error->text);
	assert_int_equal(error->code, code);
	assert_true(strlen(error->text) > 10);
}

static void
check_kept(bool worked)
{
	char *kept = kept_refresh_token(PERSON);

	assert_non_null(kept);
	assert_string_equal(kept, worked ? NEW : OLD);
	free(kept);
	assert_int_equal(count_hidden(state_directory()), 0);
}

/* --- import ----------------------------------------------------------------------------------- */

extern const struct se_verb se_verb_import;

static int
import_new(bool failing)
{
	char import[] = "import", token[] = "token", name[] = PERSON;
	char *argv[] = {import, token, name, NULL};
	struct se_command command = {.verb = NULL};
	int file, result;

	(void)snprintf(command.identity.configuration, sizeof(command.identity.configuration), "%s",
		configuration());
	write_text(scratch("stdin"), NEW "\n");
	file = open(scratch("stdin"), O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0 && dup2(file, STDIN_FILENO) == STDIN_FILENO);
	(void)close(file);
	se_verb_begin(&command, &se_verb_import);
	if (failing)
		fail_from_here();
	result = se_verb_import.run(&command, 3, argv);
	fail_no_more();
	return result;
}

static void
test_import(void **state)
{
	int result = import_new(true);

	(void)state;
	assert_true(result == SE_EXIT_OK || result == se_exit_code(SE_MEMORY));
	check_kept(result == SE_EXIT_OK);
	assert_int_equal(import_new(false), SE_EXIT_OK);
	check_kept(true);
}

/* --- login ------------------------------------------------------------------------------------ */

static void
fill_reply(struct se_post_reply *reply, const char *id_token)
{
	memset(reply, 0, sizeof(*reply));
	reply->status = 200;
	se_buffer_init(&reply->body, 4096);
	se_buffer_addf(&reply->body,
		"{\"token_type\":\"Bearer\",\"access_token\":\"EwAaccess\",\"expires_in\":3599,"
		"\"refresh_token\":\"" NEW "\",\"id_token\":\"%s\"}",
		id_token);
}

/* From the account to what is kept, with the answer of the token endpoint in hand. */
static enum se_code
log_in(const struct se_post_reply *reply, struct se_login *login, struct se_error *error)
{
	static const struct se_login_options options = {.way = SE_LOGIN_PASTE};
	struct se_identity identity = {.users_own = false};
	enum se_code code;

	(void)snprintf(
		identity.configuration, sizeof(identity.configuration), "%s", configuration());
	code = se_login_begin(login, &identity, PERSON, &options, error);
	if (code == SE_OK)
		code = se_sign_in_accept(&login->sign_in, reply, &login->signed_in, error);
	if (code == SE_OK)
		code = se_login_keep(login, error);
	se_login_end(login);
	return code;
}

static void
test_login(void **state)
{
	struct se_error error = {0};
	struct se_login login;
	struct se_post_reply reply;
	enum se_code code;

	(void)state;
	fill_reply(&reply, ANNAS);
	fail_from_here();
	code = log_in(&reply, &login, &error);
	fail_no_more();
	if (code != SE_OK)
		check_memory(code, &error);
	check_kept(code == SE_OK);
	assert_int_equal(log_in(&reply, &login, &error), SE_OK);
	check_kept(true);
	se_buffer_free(&reply.body);
}

/* Whose sign-in it is cannot be read for lack of memory: that is not "nobody's in particular". */
static void
test_somebody_else(void **state)
{
	struct se_error error = {0};
	struct se_login login;
	struct se_post_reply reply;
	enum se_code code;

	(void)state;
	fill_reply(&reply, CAROLS);
	fail_from_here();
	code = log_in(&reply, &login, &error);
	fail_no_more();
	if (code == SE_CONFIG)
		assert_says(error.text, "carol@fabrikam.com signed in");
	else
		check_memory(code, &error);
	check_kept(false);
	se_buffer_free(&reply.body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_import, set_up),
		cmocka_unit_test_setup(test_login, set_up),
		cmocka_unit_test_setup(test_somebody_else, set_up),
	};

	return cmocka_run_group_tests_name("promise_tool", tests, faults_begin, faults_end);
}
