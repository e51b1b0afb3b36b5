/*
 * agent_notice: when the program of on_problem is run. The clock and the programs are the test's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/notice.h"
#include "agent/notice_run.h"
#include "agent/spawn.h"

#include "engine_support.h"

#define KEY "00112233445566778899aabbccddeeff"
#define PROGRAM "/usr/lib/tell"

/* --- programs that are none ------------------------------------------------------------------- */

static struct {
	pid_t last;          /* ids are given out from 1 on */
	pid_t ended, killed; /* all up to this one have ended; the last that was killed */
	int status;
	bool refused;
	char environment[SE_VARIABLES_MAX][SE_ERROR_TEXT_MAX + 64]; /* of the last one */
} spawned;

pid_t
se_spawn(const char *program, const char *const *environment, struct se_error *error)
{
	assert_string_equal(program, PROGRAM);
	if (spawned.refused) {
		se_error_set(error, SE_CONFIG, "%s is not run", program);
		return -1;
	}
	memset(spawned.environment, 0, sizeof(spawned.environment));
	for (size_t i = 0; environment[i] != NULL; i++)
		snprintf(spawned.environment[i], sizeof(spawned.environment[i]), "%s",
			environment[i]);
	return ++spawned.last;
}

bool
se_spawn_ended(pid_t pid, int *status)
{
	*status = spawned.status;
	return pid <= spawned.ended;
}

void
se_spawn_kill(pid_t pid)
{
	spawned.killed = pid;
}

/* --- outcomes --------------------------------------------------------------------------------- */

static struct se_account account = {.label = "relay"};
static struct se_notice *notice;

static int
set_up(void **state)
{
	(void)state;
	memset(&spawned, 0, sizeof(spawned));
	world_reset();
	account.value[SE_KEY_ON_PROBLEM].text = PROGRAM;
	notice = se_notice_new(&world);
	return notice == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	se_notice_free(notice);
	return 0;
}

static void
take_for(const char *key, enum se_code code)
{
	const struct se_outcome outcome = {.token_key = key,
		.account = &account,
		.login = "anna@contoso.com",
		.code = code,
		.text = code != SE_OK ? "words" : ""};

	se_notice_take(notice, &outcome);
	se_notice_step(notice);
}

static void
take(enum se_code code)
{
	take_for(KEY, code);
}

static void
end_all(void)
{
	spawned.ended = spawned.last;
	se_notice_step(notice);
}

static void
told(pid_t count, const char *variable)
{
	bool found = variable == NULL;

	assert_int_equal(spawned.last, count);
	for (size_t i = 0; i < SE_VARIABLES_MAX && !found; i++)
		found = strcmp(spawned.environment[i], variable) == 0;
	if (!found)
		fail_msg("%s was not told", variable);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void
tells_once_a_change(void **state)
{
	(void)state;
	take(SE_OK);
	told(0, NULL);
	take(SE_ADMIN);
	told(1, "SASL_ENTRA_STATE=admin");
	told(1, "SASL_ENTRA_ACCOUNT=relay");
	told(1, "SASL_ENTRA_LOGIN=anna@contoso.com");
	told(1, "SASL_ENTRA_TEXT=words");
	end_all();
	take(SE_ADMIN);
	take(SE_ADMIN);
	told(1, NULL);
	take(SE_SIGN_IN);
	told(2, "SASL_ENTRA_STATE=sign in");
	end_all();
	take(SE_OK);
	told(3, "SASL_ENTRA_STATE=ok");
	told(3, "SASL_ENTRA_TEXT=");
	end_all();
	take(SE_OK);
	told(3, NULL);
	take(SE_CONFIG);
	told(4, "SASL_ENTRA_STATE=config");
}

static void
waits_with_again(void **state)
{
	(void)state;
	take(SE_AGAIN);
	world_wait(SE_NOTICE_AGAIN_MS / 1000 - 1);
	take(SE_AGAIN);
	told(0, NULL);
	/* Well in between: the time begins anew. */
	take(SE_OK);
	world_wait(10);
	take(SE_AGAIN);
	told(0, NULL);
	world_wait(SE_NOTICE_AGAIN_MS / 1000 + 1);
	told(0, NULL);
	take(SE_AGAIN);
	told(1, "SASL_ENTRA_STATE=again");
	end_all();
	/* It was worse, and the network fails now: that has to last as well. */
	take(SE_ADMIN);
	told(2, "SASL_ENTRA_STATE=admin");
	end_all();
	take(SE_AGAIN);
	told(2, NULL);
	take(SE_ADMIN);
	told(2, NULL);
	take(SE_OK);
	told(3, "SASL_ENTRA_STATE=ok");
}

static void
one_at_a_time_for_one_key(void **state)
{
	(void)state;
	take(SE_ADMIN);
	take(SE_SIGN_IN);
	take(SE_CONFIG);
	told(1, "SASL_ENTRA_STATE=admin");
	end_all();
	told(2, "SASL_ENTRA_STATE=config");
	/* What is over before its turn is not told. */
	take(SE_OK);
	take(SE_CONFIG);
	end_all();
	told(2, NULL);
}

static void
a_few_at_once(void **state)
{
	char key[33];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		snprintf(key, sizeof(key), "%032x", i);
		take_for(key, SE_ADMIN);
	}
	told(SE_NOTICE_AT_ONCE, NULL);
	assert_true(se_notice_due(notice) > 0);
	spawned.ended = 1;
	assert_int_equal(spawned.last, SE_NOTICE_AT_ONCE);
	se_notice_step(notice);
	told(SE_NOTICE_AT_ONCE + 1, NULL);
	for (unsigned i = 0; i < 20; i++)
		end_all();
	told(20, NULL);
	assert_true(se_notice_due(notice) == INT64_MAX);
}

static void
kills_after_a_while(void **state)
{
	(void)state;
	take(SE_ADMIN);
	world_wait(SE_NOTICE_RUN_MS / 1000 - 1);
	se_notice_step(notice);
	assert_int_equal(spawned.killed, 0);
	world_wait(2);
	assert_true(se_notice_due(notice) <= world.monotonic(world.context));
	se_notice_step(notice);
	assert_int_equal(spawned.killed, 1);
	assert_true(se_notice_due(notice) == INT64_MAX);
	spawned.status = 9;
	end_all();
	take(SE_OK);
	told(2, "SASL_ENTRA_STATE=ok");
}

static void
a_program_that_cannot_run_is_not_tried_again(void **state)
{
	(void)state;
	spawned.refused = true;
	take(SE_ADMIN);
	take(SE_ADMIN);
	spawned.refused = false;
	take(SE_ADMIN);
	told(0, NULL);
	take(SE_OK);
	told(1, "SASL_ENTRA_STATE=ok");
}

static void
nobody_wants_to_know(void **state)
{
	(void)state;
	account.value[SE_KEY_ON_PROBLEM].text = NULL;
	take(SE_ADMIN);
	take(SE_OK);
	told(0, NULL);
	/* The key came and went with a new configuration. */
	account.value[SE_KEY_ON_PROBLEM].text = PROGRAM;
	take(SE_ADMIN);
	told(1, NULL);
	account.value[SE_KEY_ON_PROBLEM].text = NULL;
	end_all();
	take(SE_OK);
	told(1, NULL);
	take(SE_OK);
	take(SE_ADMIN);
	told(1, NULL);
}

static void
our_own_troubles_are_not_the_accounts(void **state)
{
	(void)state;
	take(SE_MEMORY);
	take(SE_INTERNAL);
	take(SE_DENIED);
	take(SE_NO_ACCOUNT);
	told(0, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_once_a_change),
		TEST(waits_with_again),
		TEST(one_at_a_time_for_one_key),
		TEST(a_few_at_once),
		TEST(kills_after_a_while),
		TEST(a_program_that_cannot_run_is_not_tried_again),
		TEST(nobody_wants_to_know),
		TEST(our_own_troubles_are_not_the_accounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
