/*
 * tool_doctor_aside: checks of a child process come to the parent; what is none is not believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tool/aside.h"
#include "tool/doctor_aside.h"

enum { LATE_MS = 60000 };

/* What the child says as it is, after one check that is right. */
struct words {
	uint32_t head[4]; /* id, verdict, lengths of text and fix */
	const char *text;
	size_t len;
};

static void
look(struct se_doctor *doctor, void *context)
{
	const struct words *words = context;

	se_checkup_add(
		&doctor->checkup, "token", SE_PROBLEM, "a fix\nof two lines", "a %s", "text");
	if (words == NULL)
		return;
	se_aside_tell(doctor->checkup.watcher, words->head, sizeof(words->head));
	se_aside_tell(doctor->checkup.watcher, words->text, words->len);
}

static enum se_code
come_back(struct se_doctor *doctor, struct words *words)
{
	const struct se_doctor_part part = {.look = look, .context = words, .timeout = LATE_MS};
	struct se_error error;

	memset(doctor, 0, sizeof(*doctor));
	se_checkup_section(&doctor->checkup, "Token");
	return se_doctor_aside(doctor, &part, &error);
}

static void
test_comes(void **state)
{
	struct words fine = {{0, SE_FINE, 5, 0}, "well", 5};
	struct se_doctor doctor;

	(void)state;
	assert_int_equal(come_back(&doctor, &fine), SE_OK);
	assert_int_equal(doctor.checkup.count, 2);
	assert_string_equal(doctor.checkup.list[0].id, "token");
	assert_int_equal(doctor.checkup.list[0].verdict, SE_PROBLEM);
	assert_string_equal(doctor.checkup.list[0].text, "a text");
	assert_string_equal(doctor.checkup.list[0].fix, "a fix\nof two lines");
	assert_string_equal(doctor.checkup.list[1].id, "plugin-directory");
	assert_string_equal(doctor.checkup.list[1].text, "well");
	assert_null(doctor.checkup.list[1].fix);
	se_checkup_free(&doctor.checkup);
}

static void
test_nonsense(void **state)
{
	struct words wrong[] = {
		{{100000, SE_FINE, 5, 0}, "well", 5},     /* no id */
		{{0, SE_LEFT_OUT + 1, 5, 0}, "well", 5},  /* no verdict */
		{{0, SE_FINE, 0, 5}, "well", 5},          /* no text */
		{{0, SE_FINE, 4, 0}, "well", 4},          /* a text without its end */
		{{0, SE_FINE, 5, 3}, "well\0fix", 8},     /* a fix without its end */
		{{0, SE_FINE, UINT32_MAX, 5}, "well", 5}, /* lengths whose sum is small */
		{{0, SE_FINE, 5, UINT32_MAX - 4}, "well", 5},
		{{0, SE_FINE, 500, 0}, "well", 5},     /* less than it says */
		{{0, SE_FINE, 5, 0}, "well\0more", 9}, /* a rest that is none */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct se_doctor doctor;

		assert_int_equal(come_back(&doctor, &wrong[i]), SE_INTERNAL);
		assert_in_range(doctor.checkup.count, 1, 2); /* the one before it has come */
		assert_string_equal(doctor.checkup.list[0].text, "a text");
		assert_int_equal(doctor.checkup.problems, 1);
		se_checkup_free(&doctor.checkup);
	}
}

static void
strange_id(struct se_doctor *doctor, void *context)
{
	(void)context;
	se_checkup_fine(&doctor->checkup, "no-such-thing", "fine");
}

static void
test_id_that_is_not_listed(void **state)
{
	const struct se_doctor_part part = {.look = strange_id, .timeout = LATE_MS};
	struct se_doctor doctor = {.name = NULL};
	struct se_error error;

	(void)state;
	assert_int_equal(se_doctor_aside(&doctor, &part, &error), SE_INTERNAL);
	assert_int_equal(doctor.checkup.count, 0);
	se_checkup_free(&doctor.checkup);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_id_that_is_not_listed),
	};

	return cmocka_run_group_tests_name("tool: doctor aside", tests, NULL, NULL);
}
