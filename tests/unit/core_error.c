#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"

static void
sets_code_and_text(void **state)
{
	struct se_error error = {SE_OK, 77, "before"};

	(void)state;
	assert_int_equal(se_error_set(&error, SE_AGAIN, "%s %d", "line", 3), SE_AGAIN);
	assert_int_equal(error.code, SE_AGAIN);
	assert_int_equal(error.retry_after, 0);
	assert_string_equal(error.text, "line 3");
}

static void
does_without_an_error(void **state)
{
	(void)state;
	assert_int_equal(se_error_set(NULL, SE_CONFIG, "%s", "x"), SE_CONFIG);
	assert_int_equal(se_error_memory(NULL), SE_MEMORY);
	se_error_about(NULL, "x");
	se_error_clear(NULL);
}

static void
cleans_control_characters(void **state)
{
	struct se_error error;

	(void)state;
	se_error_set(&error, SE_CONFIG, "a%sb", "\r\n\001\033[31m\177\t");
	assert_string_equal(error.text, "a????[31m??b");
}

static void
keeps_valid_utf8(void **state)
{
	const char *text = "J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x93\xa7 \xc2\xa0 \xf4\x8f\xbf\xbf";
	struct se_error error;

	(void)state;
	se_error_set(&error, SE_CONFIG, "%s", text);
	assert_string_equal(error.text, text);
}

static void
cleans_what_is_no_utf8(void **state)
{
	static const struct {
		const char *text;
		const char *clean;
	} cases[] = {
		{"a\xff", "a?"},              /* in no character */
		{"\xc3", "?"},                /* cut off */
		{"\xc3(", "?("},              /* interrupted */
		{"\xe2\x82", "??"},           /* cut off later */
		{"\xc0\x80", "??"},           /* NUL, too long */
		{"\xe0\x80\x80", "???"},      /* the same */
		{"\xf0\x80\x80\x80", "????"}, /* the same */
		{"\xed\xa0\x80", "???"},      /* a surrogate */
		{"\xf4\x90\x80\x80", "????"}, /* beyond the last one */
		{"\xc2\x9b[31m", "??[31m"},   /* CSI, which a terminal obeys */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[16];

		strcpy(text, cases[i].text);
		se_text_clean(text);
		assert_string_equal(text, cases[i].clean);
	}
}

static void
cuts_a_long_text(void **state)
{
	char text[2 * SE_ERROR_TEXT_MAX];
	struct se_error error;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[SE_ERROR_TEXT_MAX - 1] = '\0';
	se_error_set(&error, SE_CONFIG, "%s", text);
	assert_string_equal(error.text, text);

	text[SE_ERROR_TEXT_MAX - 1] = 'x';
	text[SE_ERROR_TEXT_MAX] = '\0';
	se_error_set(&error, SE_CONFIG, "%s", text);
	assert_int_equal(strlen(error.text), SE_ERROR_TEXT_MAX - 1);
	assert_string_equal(error.text + SE_ERROR_TEXT_MAX - 5, "x...");
}

static void
cuts_between_characters(void **state)
{
	char text[2 * SE_ERROR_TEXT_MAX];
	struct se_error error;

	(void)state;
	for (size_t ahead = 0; ahead < 3; ahead++) {
		size_t len;

		memset(text, 'x', ahead);
		for (size_t i = ahead; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, "\xe2\x82\xac", 4);
		se_error_set(&error, SE_CONFIG, "%s", text);
		len = strlen(error.text);
		assert_true(len >= SE_ERROR_TEXT_MAX - 4);
		assert_string_equal(error.text + len - 3, "...");
		assert_memory_equal(error.text + len - 6, "\xe2\x82\xac", 3);
		assert_null(strchr(error.text, '?'));
	}
}

static void
says_whom_it_is_about(void **state)
{
	char text[SE_ERROR_TEXT_MAX];
	struct se_error error;

	(void)state;
	se_error_set(&error, SE_SIGN_IN, "sign in again");
	error.retry_after = 5;
	se_error_about(&error, "anna\n@contoso.com");
	assert_string_equal(error.text, "anna?@contoso.com: sign in again");
	assert_int_equal(error.code, SE_SIGN_IN);
	assert_int_equal(error.retry_after, 5);

	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	se_error_set(&error, SE_ADMIN, "%s", text);
	se_error_about(&error, "anna");
	assert_memory_equal(error.text, "anna: yyy", 9);
	assert_string_equal(error.text + SE_ERROR_TEXT_MAX - 4, "...");
}

static void
takes_its_own_text(void **state)
{
	struct se_error error;

	(void)state;
	se_error_set(&error, SE_CONFIG, "the cause");
	se_error_set(&error, SE_ABSENT, "more words ahead: %s", error.text);
	assert_string_equal(error.text, "more words ahead: the cause");
}

static void
clears(void **state)
{
	struct se_error error;

	(void)state;
	assert_int_equal(se_error_memory(&error), SE_MEMORY);
	assert_string_equal(error.text, "out of memory");
	error.retry_after = 3;
	se_error_clear(&error);
	assert_int_equal(error.code, SE_OK);
	assert_int_equal(error.retry_after, 0);
	assert_string_equal(error.text, "");
}

static void
names_every_class(void **state)
{
	(void)state;
	assert_string_equal(se_code_name(SE_AGAIN), "again");
	assert_string_equal(se_code_name(SE_SIGN_IN), "sign in");
	assert_string_equal(se_code_name(SE_NO_ACCOUNT), "no account");
	for (int code = SE_OK; code <= SE_ABSENT; code++) {
		for (int other = SE_OK; other < code; other++) {
			assert_string_not_equal(se_code_name((enum se_code)code),
				se_code_name((enum se_code)other));
		}
	}
	assert_string_equal(se_code_name((enum se_code)99), "internal");
}

static void
tells_what_may_pass(void **state)
{
	static const int passing[] = {EMFILE, ENFILE, ENOMEM, ENOSPC, EIO, EINTR, EDQUOT};
	static const int lasting[] = {EACCES, EPERM, EROFS, ELOOP, ENOENT, ENOTDIR, ENOLCK};

	(void)state;
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		assert_int_equal(se_code_of_errno(passing[i]), SE_AGAIN);
	for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++)
		assert_int_equal(se_code_of_errno(lasting[i]), SE_CONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_code_and_text),
		cmocka_unit_test(does_without_an_error),
		cmocka_unit_test(cleans_control_characters),
		cmocka_unit_test(keeps_valid_utf8),
		cmocka_unit_test(cleans_what_is_no_utf8),
		cmocka_unit_test(cuts_a_long_text),
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(says_whom_it_is_about),
		cmocka_unit_test(takes_its_own_text),
		cmocka_unit_test(clears),
		cmocka_unit_test(names_every_class),
		cmocka_unit_test(tells_what_may_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
