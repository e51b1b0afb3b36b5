/*
 * engine_signed_in: the engine and the refresh tokens of those who have signed in, or have not: the
 * one that is kept, sent, replaced and gone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine_one.h"

enum { ASKS = 1000 };

static void
test_no_sign_in(void **state)
{
	char login[64];
	struct asked one = {.login = login};
	int i;

	(void)state;
	engine_one_start("invented", SE_ROLE_AGENT);
	for (i = 0; i < ASKS; i++) {
		snprintf(login, sizeof(login), "invented%d@fabrikam.com", i);
		ask(engine, &one);
		assert_true(one.at_once);
		assert_int_equal(one.code, SE_SIGN_IN);
	}
	assert_says(one.error.text, "invented999@fabrikam.com: nobody has signed in");
	assert_says(one.error.text, "sasl-entra login invented999@fabrikam.com");
	assert_int_equal(faults_hits("invented"), 0);
	assert_int_equal(count_files(state_directory(), ""), 0);

	/* Without a place for sign-ins it is the configuration that must change. */
	se_engine_free(engine);
	configure("invented", false, "", "");
	engine = engine_start(SE_ROLE_HOST);
	assert_null(se_engine_state_dir(engine));
	ask(engine, &one);
	assert_int_equal(one.code, SE_CONFIG);
	assert_says(one.error.text, "\"state_dir\"");
}

/* The refresh token that the endpoint saw last. */
static void
expect_sent(const char *name, const char *refresh_token)
{
	char words[300];
	const char *last = faults_say("last %s", name);

	snprintf(words, sizeof(words), "&grant_type=refresh_token&refresh_token=%s\"",
		refresh_token);
	assert_says(last, words);
}

/* To look at the certificate again may take long, or never end. */
static char *kept_at_warning;
bool __wrap_se_credential_certificate_warning(
	const struct se_account *account, const struct se_world *seen, char *text, size_t size);

bool
__wrap_se_credential_certificate_warning(
	const struct se_account *account, const struct se_world *seen, char *text, size_t size)
{
	(void)account;
	(void)seen;
	(void)text;
	(void)size;
	free(kept_at_warning);
	kept_at_warning = kept_refresh_token(PERSON);
	return false;
}

static void
test_kept_first(void **state)
{
	struct asked one = {.login = PERSON};

	(void)state;
	configure("first", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_HOST);
	(void)faults_say("answer first {\"refresh\": true}");
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	assert_non_null(kept_at_warning);
	assert_memory_equal(kept_at_warning, "refresh-first-1-", 16);
	free(kept_at_warning);
	kept_at_warning = NULL;

	/* Once a day: that it was looked at is kept, too. */
	world_wait(4000);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 2);
	assert_null(kept_at_warning);
}

static void
test_rotation(void **state)
{
	struct asked one = {.login = PERSON};

	(void)state;
	configure("rotation", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_HOST);
	(void)faults_say("answer rotation {\"refresh\": true}");
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	expect_sent("rotation", "0.imported");
	assert_true(is_kept("refresh-rotation-1-"));
	assert_says(engine_log, "new access token for identity " PERSON);

	/* An answer without one leaves the old one in force, and a bad one is none. */
	(void)faults_say("answer rotation [{}, {\"members\": {\"refresh_token\": \"\"}}, "
			 "{\"members\": {\"refresh_token\": \"with blanks\"}}]");
	world_wait(1805);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 2);
	assert_true(is_kept("refresh-rotation-1-"));
	world_wait(1805);
	ask(engine, &one);
	world_wait(1805);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 4);
	assert_true(is_kept("refresh-rotation-1-"));

	/* Nor does an error take it away. */
	(void)faults_say(
		"answer rotation {\"status\": 400, \"body\": "
		"\"{\\\"error\\\": \\\"invalid_grant\\\", \\\"error_codes\\\": [700082]}\"}");
	world_wait(7200);
	ask(engine, &one);
	assert_int_equal(one.code, SE_SIGN_IN);
	assert_says(one.error.text, PERSON ": Entra says that the sign-in has expired");
	assert_true(is_kept("refresh-rotation-1-"));
	assert_int_equal(faults_hits("rotation"), 5);
	ask(engine, &one);
	assert_says(one.error.text, "[remembered");

	/* A new sign-in ends the memory of that. */
	sign_in(PERSON, "0.again");
	(void)faults_say("answer rotation {}");
	ask(engine, &one);
	assert_int_equal(token_number(&one), 6);
	expect_sent("rotation", "0.again");
}

/* A state file that is gone means that somebody signed out. */
static void
sign_out(const char *login)
{
	char name[100];
	struct se_token_key key;

	key_of(login, &key);
	snprintf(name, sizeof(name), "state/%s.json", key.name);
	se_token_key_free(&key);
	assert_int_equal(unlink(scratch(name)), 0);
}

/* The one before may be worthless by then: the answer says nothing of it. */
static void
test_useless_access_token(void **state)
{
	struct asked one = {.login = PERSON};

	(void)state;
	configure("useless", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_HOST);
	(void)faults_say(
		"answer useless {\"status\": 200, \"body\": \"{\\\"token_type\\\": \\\"Bearer\\\", "
		"\\\"refresh_token\\\": \\\"0.second\\\"}\"}");
	ask(engine, &one);
	assert_int_equal(one.code, SE_AGAIN);
	assert_says(one.error.text, "sent no access_token");
	assert_int_equal(faults_hits("useless"), 2);
	expect_sent("useless", "0.second");
	assert_true(is_kept("0.second"));
}

static void
test_sign_out(void **state)
{
	struct asked one = {.login = PERSON};

	(void)state;
	configure("out", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_AGENT);
	ask(engine, &one);
	assert_int_equal(one.code, SE_OK);
	sign_out(PERSON);
	ask(engine, &one);
	assert_int_equal(one.code, SE_SIGN_IN);
	assert_int_equal(faults_hits("out"), 1);
}

/* Whoever has just seen that nothing changed need not look again, until the next turn. */
static void
test_watched(void **state)
{
	struct asked one = {.login = PERSON};
	struct pollfd watch;

	(void)state;
	configure("watched", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_AGENT);
	ask(engine, &one);
	assert_int_equal(one.code, SE_OK);
	watch = se_engine_watch(engine);
	assert_true(se_engine_turn(engine, &watch, 1, 0));
	ask(engine, &one); /* sees what the fetch has written */
	assert_true(se_engine_turn(engine, &watch, 1, 0));
	assert_int_equal(watch.revents, 0);
	se_engine_watched(engine, watch.revents);
	sign_out(PERSON);
	ask(engine, &one);
	/* Not every file system has somebody who tells. */
	assert_int_equal(one.code, watch.fd >= 0 ? SE_OK : SE_SIGN_IN);
	assert_true(se_engine_turn(engine, &watch, 1, 0));
	assert_int_equal(watch.revents, watch.fd >= 0 ? POLLIN : 0);
	se_engine_watched(engine, watch.revents);
	/* What it has told does not end the next wait, whether or not somebody asks. */
	assert_true(se_engine_turn(engine, &watch, 1, 0));
	assert_int_equal(watch.revents, 0);
	ask(engine, &one);
	assert_int_equal(one.code, SE_SIGN_IN);
	assert_int_equal(faults_hits("watched"), 1);
}

/* A sign-in that goes between the look and the lock, when the token is to be renewed: no answer without a
 * token may be one. */
static void
test_gone_while_renewed(void **state)
{
	struct asked one = {.login = PERSON};

	(void)state;
	configure("gone", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_AGENT);
	ask(engine, &one);
	assert_int_equal(one.code, SE_OK);
	world_wait(1805);
	se_engine_watched(engine, POLLIN);
	sign_out(PERSON);
	ask(engine, &one);
	assert_int_not_equal(one.code, SE_OK);
	assert_says(one.error.text, PERSON ": ");
	assert_int_equal(faults_hits("gone"), 1);
}

static void
spoil(const char *login)
{
	char name[100];
	struct se_token_key key;

	key_of(login, &key);
	snprintf(name, sizeof(name), "state/%s.json", key.name);
	write_text(scratch(name), "garbage");
	se_token_key_free(&key);
}

/* An app can do without its state file; a sign-in is in there, and must not be written over. */
static void
test_damaged_state(void **state)
{
	struct asked one = {0};

	(void)state;
	configure("damaged", true, "", "");
	spoil(LOGIN);
	spoil(PERSON);
	engine = engine_start(SE_ROLE_HOST);
	ask(engine, &one);
	assert_int_equal(token_number(&one), 1);
	assert_int_equal(engine_warnings, 1);
	assert_says(engine_log, "is damaged");
	assert_int_equal(ask_number(engine), 1);
	assert_int_equal(engine_warnings, 1);
	one.login = PERSON;
	ask(engine, &one);
	assert_int_equal(one.code, SE_CONFIG);
	assert_says(one.error.text, PERSON ": ");
	assert_says(one.error.text, "is damaged");
	assert_says(one.error.text, "left as it is");
	assert_int_equal(faults_hits("damaged"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_no_sign_in),
		ENGINE_TEST(test_kept_first),
		ENGINE_TEST(test_rotation),
		ENGINE_TEST(test_useless_access_token),
		ENGINE_TEST(test_sign_out),
		ENGINE_TEST(test_watched),
		ENGINE_TEST(test_gone_while_renewed),
		ENGINE_TEST(test_damaged_state),
	};

	return cmocka_run_group_tests_name("engine_signed_in", tests, faults_begin, faults_end);
}
