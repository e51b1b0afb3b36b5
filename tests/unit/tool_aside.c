/*
 * tool_aside: what a child process says comes back whole, and whatever becomes of the child, the parent
 * goes on.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tool/aside.h"

enum { SOON_MS = 200, LATE_MS = 60000, LONG = 1 << 20 };

static enum se_code
run(void (*act)(void *, struct se_aside *), void *context, int timeout, struct se_buffer *heard,
	struct se_error *error)
{
	const struct se_aside_work work = {.act = act, .context = context, .timeout = timeout};
	enum se_code code;

	se_buffer_init(heard, 2 * LONG);
	code = se_aside(&work, heard, error);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	assert_int_equal(errno, ECHILD);
	return code;
}

static void
say_it(void *context, struct se_aside *aside)
{
	se_aside_tell(aside, context, strlen(context));
	se_aside_tell(aside, "", 0);
	se_aside_tell(aside, context, 1);
}

static void
test_told(void **state)
{
	char text[] = "once";
	struct se_buffer heard;
	struct se_error error;

	(void)state;
	assert_int_equal(run(say_it, text, LATE_MS, &heard, &error), SE_OK);
	assert_string_equal(se_buffer_text(&heard), "onceo");
	se_buffer_free(&heard);
}

static void
say_much(void *context, struct se_aside *aside)
{
	(void)context;
	for (size_t i = 0; i < LONG / sizeof(i); i++)
		se_aside_tell(aside, &i, sizeof(i));
}

/* More than a pipe holds. */
static void
test_much(void **state)
{
	struct se_buffer heard;
	struct se_error error;
	size_t last;

	(void)state;
	assert_int_equal(run(say_much, NULL, LATE_MS, &heard, &error), SE_OK);
	assert_int_equal(heard.len, LONG);
	memcpy(&last, heard.data + LONG - sizeof(last), sizeof(last));
	assert_int_equal(last, LONG / sizeof(last) - 1);
	se_buffer_free(&heard);
}

static void
change_everything(void *context, struct se_aside *aside)
{
	(void)aside;
	strcpy(context, "changed");
	assert_int_equal(chdir("/"), 0);
}

static void
test_nothing_stays(void **state)
{
	char text[] = "as it was", before[4096], after[4096];
	struct se_buffer heard;
	struct se_error error;

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(run(change_everything, text, LATE_MS, &heard, &error), SE_OK);
	assert_string_equal(text, "as it was");
	assert_string_equal(getcwd(after, sizeof(after)), before);
	assert_int_equal(heard.len, 0);
	se_buffer_free(&heard);
}

static void
hang(void *context, struct se_aside *aside)
{
	say_it(context, aside);
	for (;;)
		(void)pause();
}

static void
test_hangs(void **state)
{
	char text[] = "before";
	struct se_buffer heard;
	struct se_error error;

	(void)state;
	assert_int_equal(run(hang, text, SOON_MS, &heard, &error), SE_AGAIN);
	assert_string_equal(se_buffer_text(&heard), "beforeb");
	assert_non_null(strstr(error.text, "1 second"));
	se_buffer_free(&heard);
}

static void
crash(void *context, struct se_aside *aside)
{
	say_it(context, aside);
	(void)signal(SIGSEGV, SIG_DFL);
	(void)raise(SIGSEGV);
}

static void
test_crashes(void **state)
{
	char text[] = "before";
	struct se_buffer heard;
	struct se_error error;

	(void)state;
	assert_int_equal(run(crash, text, LATE_MS, &heard, &error), SE_INTERNAL);
	assert_string_equal(se_buffer_text(&heard), "beforeb");
	assert_non_null(strstr(error.text, "signal 11"));
	se_buffer_free(&heard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_nothing_stays),
		cmocka_unit_test(test_hangs),
		cmocka_unit_test(test_crashes),
	};

	return cmocka_run_group_tests_name("tool_aside", tests, NULL, NULL);
}
