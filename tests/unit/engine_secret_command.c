/*
 * engine_secret_command: programs that print a secret and cannot be killed when their time is over. Nobody
 * waits for them, and there are never many.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/secret_command.h"

#include "engine_support.h"

enum {
	TOO_LONG = 30, /* seconds: then the test ends by a signal */
	FEW_MS = 5,
	TRIES = 2000
};

static const char sleeper[] = "/bin/sleep 60";

/* --- a kernel that says no ------------------------------------------------------------------------ */

static bool no_group, no_process; /* may be killed */
static bool some_of_group;        /* are killed, but not its first */
static unsigned kills;
static pid_t last; /* that was to be killed */

int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);

int
__wrap_kill(pid_t pid, int number)
{
	kills++;
	last = pid < 0 ? -pid : pid;
	if (pid < 0 && some_of_group)
		return 0;
	if (pid < 0 ? no_group : no_process) {
		errno = EPERM;
		return -1;
	}
	return __real_kill(pid, number);
}

static int
set_up(void **state)
{
	(void)state;
	no_group = no_process = some_of_group = false;
	kills = 0;
	last = 0;
	(void)alarm(TOO_LONG);
	return 0;
}

/* --- programs ------------------------------------------------------------------------------------- */

static struct se_secret_command *
start(void)
{
	struct se_error error = {0};
	struct se_secret_command *command = se_secret_command_start(sleeper, &world, &error);

	if (command == NULL)
		fail_msg("%s", error.text);
	return command;
}

/* Whether it is a child of ours, running or not waited for. */
static bool
is_child(pid_t pid)
{
	siginfo_t found;

	return waitid(P_PID, (id_t)pid, &found, WEXITED | WNOWAIT | WNOHANG) == 0;
}

static void
expect_reaped(pid_t pid)
{
	for (int i = 0; is_child(pid) && i < TRIES; i++) {
		se_secret_command_reap();
		(void)usleep(FEW_MS * 1000);
	}
	assert_false(is_child(pid));
}

static void
end(pid_t pid)
{
	siginfo_t found;

	assert_int_equal(__real_kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &found, WEXITED | WNOWAIT), 0);
}

static void
expect_over(struct se_secret_command *command, const char *sentence)
{
	struct se_secret *secret = NULL;
	struct se_error error = {0};
	enum se_code code;

	assert_false(se_secret_command_step(command, &code, &secret, &error));
	world_later_ms += SE_SECRET_COMMAND_MS;
	assert_true(se_secret_command_step(command, &code, &secret, &error));
	assert_int_equal(code, SE_AGAIN);
	assert_null(secret);
	assert_non_null(strstr(error.text, sentence));
}

/* --- tests ---------------------------------------------------------------------------------------- */

static void
test_killed(void **state)
{
	struct se_secret_command *command = start();

	(void)state;
	expect_over(command, "did not end within 10 seconds and was killed; it must not ask");
	se_secret_command_free(command);
	assert_true(last > 0);
	expect_reaped(last);
	assert_int_equal(kills, 2);
}

/* It has left its group, or has none yet. */
static void
test_no_group(void **state)
{
	(void)state;
	no_group = true;
	se_secret_command_free(start());
	expect_reaped(last);
}

static void
test_not_killed(void **state)
{
	struct se_secret_command *command = start();
	pid_t pid;

	(void)state;
	no_group = no_process = true;
	expect_over(command, "did not end within 10 seconds and could not be killed (Operation not "
			     "permitted), so that it runs on as process ");
	se_secret_command_free(command);
	pid = last;
	assert_int_equal(kills, 2);
	se_secret_command_reap();
	assert_true(is_child(pid));
	end(pid);
	assert_true(is_child(pid));
	se_secret_command_reap();
	assert_false(is_child(pid));
	assert_int_equal(kills, 2); /* its number may be another's by now */
}

/* Some of its group could be killed, which says nothing about itself. */
static void
test_some_killed(void **state)
{
	struct se_secret_command *command = start();
	struct se_error error = {0};
	pid_t pid;

	(void)state;
	some_of_group = no_process = true;
	assert_int_equal(se_secret_command_stop(command, &error), SE_AGAIN);
	assert_non_null(
		strstr(error.text, "the time for this token was over, and could not be killed"));
	se_secret_command_free(command);
	pid = last;
	some_of_group = no_process = false;
	end(pid);
	se_secret_command_free(start()); /* who starts another looks after it, too */
	assert_false(is_child(pid));
	expect_reaped(last);
}

static void
test_many(void **state)
{
	struct se_error error = {0};
	pid_t pids[64];
	size_t n = 0;

	(void)state;
	no_group = no_process = true;
	for (struct se_secret_command *command; n < 64; pids[n++] = last) {
		command = se_secret_command_start(sleeper, &world, &error);
		if (command == NULL)
			break;
		se_secret_command_free(command);
	}
	assert_int_equal(n, 8);
	assert_int_equal(error.code, SE_AGAIN);
	assert_non_null(
		strstr(error.text, "8 programs that were to print a secret have not ended"));
	end(pids[3]);
	no_group = no_process = false;
	se_secret_command_free(start());
	assert_false(is_child(pids[3]));
	expect_reaped(last);
	for (size_t i = 0; i < n; i++)
		if (i != 3) {
			end(pids[i]);
			expect_reaped(pids[i]);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_killed, set_up),
		cmocka_unit_test_setup(test_no_group, set_up),
		cmocka_unit_test_setup(test_not_killed, set_up),
		cmocka_unit_test_setup(test_some_killed, set_up),
		cmocka_unit_test_setup(test_many, set_up),
	};

	/* Root's programs run none. */
	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
		return 1;
	se_secret_command_permit(true);
	return cmocka_run_group_tests_name("engine_secret_command", tests, NULL, NULL);
}
