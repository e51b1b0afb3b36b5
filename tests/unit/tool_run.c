/*
 * tool_run: a program is heard out, within its time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "tool/run.h"

enum { SOON_MS = 200, LATE_MS = 60000, LONG = 1 << 20 };

static enum se_code
shell(const char *script, const char *input, int timeout, struct se_buffer *out, int *status)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct se_error error;
	struct se_run run = {.argv = argv,
		.input = input,
		.input_len = input != NULL ? strlen(input) : 0,
		.output = out,
		.timeout = timeout};
	enum se_code code;

	se_buffer_init(out, 2 * LONG);
	code = se_run(&run, status, &error);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	assert_int_equal(errno, ECHILD);
	return code;
}

static void
test_heard(void **state)
{
	struct se_buffer out;
	int status;

	(void)state;
	assert_int_equal(shell("cat; exit 3", "what it reads", LATE_MS, &out, &status), SE_OK);
	assert_int_equal(status, 3);
	assert_string_equal(se_buffer_text(&out), "what it reads");
	se_buffer_free(&out);
	assert_int_equal(shell("kill -9 $$", NULL, LATE_MS, &out, &status), SE_OK);
	assert_int_equal(status, 128 + 9);
	se_buffer_free(&out);
	assert_int_equal(
		shell("head -c 1048576 /dev/zero | tr '\\0' x", NULL, LATE_MS, &out, &status),
		SE_OK);
	assert_int_equal(out.len, LONG);
	se_buffer_free(&out);
}

static void
test_environment(void **state)
{
	struct se_buffer out;
	int status;

	(void)state;
	assert_int_equal(
		shell("env | cut -d= -f1 | sort | tr '\\n' ' '", NULL, LATE_MS, &out, &status),
		SE_OK);
	assert_non_null(strstr(se_buffer_text(&out), "HOME LC_ALL PATH "));
	assert_null(strstr(se_buffer_text(&out), "LD_"));
	se_buffer_free(&out);
}

/* Nothing more comes, and it runs on. */
static void
test_late(void **state)
{
	static const char *const scripts[] = {"exec sleep 600", "exec sleep 600 >&- 2>&-",
		"trap '' TERM; exec >&- 2>&-; while :; do :; done"};
	struct se_buffer out;
	int status;

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		assert_int_equal(shell(scripts[i], NULL, SOON_MS, &out, &status), SE_AGAIN);
		assert_int_equal(status, 128 + 9);
		se_buffer_free(&out);
	}
}

/* One that does not read what it is given, and one that does not stay to be heard. */
static void
test_deaf(void **state)
{
	static char much[LONG];
	struct se_buffer out;
	int status;

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	assert_int_equal(shell("exit 0", much, LATE_MS, &out, &status), SE_OK);
	assert_int_equal(status, 0);
	se_buffer_free(&out);
}

static void
test_none(void **state)
{
	static const char *const absent[] = {"sasl-entra-no-such-program", NULL};
	static const char *const directory[] = {"/", NULL};
	struct se_run run = {.argv = absent};
	struct se_error error;
	int status;

	(void)state;
	assert_int_equal(se_run(&run, &status, &error), SE_ABSENT);
	run.argv = directory;
	assert_int_equal(se_run(&run, &status, &error), SE_CONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heard),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_deaf),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests_name("tool_run", tests, NULL, NULL);
}
