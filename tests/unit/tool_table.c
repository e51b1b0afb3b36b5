/*
 * tool_table: columns, and what fits into them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tool/table.h"

static const struct se_column columns[] = {{"NAME", 4}, {"WHO", 6}, {"STATE", 0}};

static void
assert_table(const struct se_table *table, unsigned width, bool colour, const char *wanted)
{
	struct se_buffer out;

	se_buffer_init(&out, 65536);
	se_table_write(table, width, colour, &out);
	assert_string_equal(se_buffer_text(&out), wanted);
	se_buffer_free(&out);
}

static void
fill(struct se_table *table)
{
	static const char *const one[] = {"relay", "app, secret", "ok"};
	static const char *const two[] = {"a-long-label", "anna@contoso.com", "sign in"};

	se_table_init(table, columns, 3);
	se_table_add(table, one, false);
	se_table_add(table, two, true);
}

static void
columns_are_as_wide_as_they_must(void **state)
{
	struct se_table table;

	(void)state;
	fill(&table);
	assert_table(&table, 0, false,
		"NAME          WHO               STATE\n"
		"relay         app, secret       ok\n"
		"a-long-label  anna@contoso.com  sign in\n");
	assert_table(&table, 200, false,
		"NAME          WHO               STATE\n"
		"relay         app, secret       ok\n"
		"a-long-label  anna@contoso.com  sign in\n");
	se_table_free(&table);
	se_table_init(&table, columns, 3);
	assert_table(&table, 0, true, "NAME  WHO  STATE\n");
	se_table_free(&table);
}

static void
they_shrink_to_the_terminal(void **state)
{
	struct se_table table;

	(void)state;
	fill(&table);
	assert_table(&table, 35, false,
		"NAME          WHO           STATE\n"
		"relay         app, secret   ok\n"
		"a-long-label  anna@conto..  sign in\n");
	assert_table(&table, 27, false,
		"NAME      WHO       STATE\n"
		"relay     app, s..  ok\n"
		"a-long..  anna@c..  sign in\n");
	/* No narrower than it makes sense. */
	assert_table(&table, 5, false,
		"NAME  WHO     STATE\n"
		"re..  app,..  ok\n"
		"a-..  anna..  sign in\n");
	se_table_free(&table);
}

static void
red_is_for_marked_rows_alone(void **state)
{
	struct se_table table;

	(void)state;
	fill(&table);
	assert_table(&table, 0, true,
		"NAME          WHO               STATE\n"
		"relay         app, secret       ok\n"
		"\033[31ma-long-label  anna@contoso.com  sign in\033[0m\n");
	se_table_free(&table);
}

static void
characters_count_not_bytes(void **state)
{
	static const char *const umlauts[] = {"b\xc3\xbcro", "\xe5\xb1\xb1\xe7\x94\xb0", "ok"};
	static const char *const broken[] = {"b\xfcro", "a\033[31mb\n", "ok"};
	struct se_table table;

	(void)state;
	assert_int_equal(se_table_width(""), 0);
	assert_int_equal(se_table_width("abc"), 3);
	assert_int_equal(se_table_width("b\xc3\xbcro"), 4);
	assert_int_equal(se_table_width("e\xcc\x81"), 1);                /* combining */
	assert_int_equal(se_table_width("\xe5\xb1\xb1\xe7\x94\xb0"), 4); /* wide */
	assert_int_equal(se_table_width("\xf0\x9f\x98\x80"), 2);         /* emoji */
	assert_int_equal(se_table_width("\xff\xfe\xc3"), 3);             /* none */
	se_table_init(&table, columns, 3);
	se_table_add(&table, umlauts, false);
	se_table_add(&table, broken, false);
	assert_table(&table, 0, false,
		"NAME  WHO       STATE\n"
		"b\xc3\xbcro  \xe5\xb1\xb1\xe7\x94\xb0      ok\n"
		"b?ro  a?[31mb?  ok\n");
	/* A wide character that does not fit in half leaves a blank. */
	assert_table(&table, 18, false,
		"NAME  WHO     STATE\n"
		"b\xc3\xbcro  \xe5\xb1\xb1\xe7\x94\xb0    ok\n"
		"b?ro  a?[3..  ok\n");
	se_table_free(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_they_must),
		cmocka_unit_test(they_shrink_to_the_terminal),
		cmocka_unit_test(red_is_for_marked_rows_alone),
		cmocka_unit_test(characters_count_not_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
