#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buffer.h"

#define MARK "hunter2!"

void __real_free(void *block);
void __wrap_free(void *block);

static size_t leaks; /* blocks that were freed with MARK in them */

/* Stands in front of free() (ld --wrap) and looks at what is given back. */
void
__wrap_free(void *block)
{
	if (block != NULL && memmem(block, malloc_usable_size(block), MARK, strlen(MARK)) != NULL)
		leaks++;
	__real_free(block);
}

static void
adds_up_to_its_maximum(void **state)
{
	struct se_buffer buffer;

	(void)state;
	se_buffer_init(&buffer, 10);
	assert_string_equal(se_buffer_text(&buffer), "");
	assert_true(se_buffer_add(&buffer, "12345", 5));
	assert_true(se_buffer_add_text(&buffer, "67890"));
	assert_true(se_buffer_add(&buffer, NULL, 0));
	assert_string_equal(se_buffer_text(&buffer), "1234567890");
	assert_int_equal(buffer.len, 10);
	assert_false(buffer.failed);
	se_buffer_free(&buffer);
}

static void
fails_beyond_its_maximum(void **state)
{
	struct se_buffer buffer;

	(void)state;
	se_buffer_init(&buffer, 10);
	assert_true(se_buffer_add_text(&buffer, "123456789"));
	assert_false(se_buffer_add_text(&buffer, "01"));
	assert_true(buffer.failed);
	assert_string_equal(se_buffer_text(&buffer), "123456789");
	assert_false(se_buffer_add_text(&buffer, "0"));
	assert_false(se_buffer_addf(&buffer, "%d", 0));
	assert_null(se_buffer_room(&buffer, 0));
	se_buffer_free(&buffer);

	se_buffer_init(&buffer, 0);
	assert_true(se_buffer_add(&buffer, "", 0));
	assert_false(se_buffer_add(&buffer, "x", 1));
	se_buffer_free(&buffer);
}

static void
refuses_impossible_lengths(void **state)
{
	struct se_buffer buffer;

	(void)state;
	se_buffer_init(&buffer, SIZE_MAX);
	assert_true(se_buffer_add_text(&buffer, "x"));
	assert_null(se_buffer_room(&buffer, SIZE_MAX));
	assert_true(buffer.failed);
	assert_string_equal(se_buffer_text(&buffer), "x");
	se_buffer_free(&buffer);
}

static void
formats(void **state)
{
	struct se_buffer buffer;

	(void)state;
	se_buffer_init(&buffer, 100);
	assert_true(se_buffer_addf(&buffer, "%s=%u", "port", 587u));
	assert_true(se_buffer_addf(&buffer, "%s", ""));
	assert_true(se_buffer_addf(&buffer, "%92s", ""));
	assert_int_equal(buffer.len, 100);
	assert_memory_equal(buffer.data, "port=587 ", 9);
	assert_false(se_buffer_addf(&buffer, "%c", 'x'));
	assert_int_equal(buffer.len, 100);
	se_buffer_free(&buffer);
}

static void
gives_room(void **state)
{
	struct se_buffer buffer;
	char *room;

	(void)state;
	se_buffer_init(&buffer, 200);
	room = se_buffer_room(&buffer, 150);
	assert_non_null(room);
	memset(room, 'a', 150);
	se_buffer_grown(&buffer, 3);
	assert_string_equal(se_buffer_text(&buffer), "aaa");
	assert_false(buffer.failed);
	assert_null(se_buffer_room(&buffer, 198));
	assert_int_equal(buffer.len, 3);
	se_buffer_free(&buffer);
}

static void
does_not_grow_beyond_its_room(void **state)
{
	struct se_buffer buffer;

	(void)state;
	se_buffer_init(&buffer, 1000);
	se_buffer_grown(&buffer, 1);
	assert_true(buffer.failed);
	se_buffer_reset(&buffer);
	assert_non_null(se_buffer_room(&buffer, 10));
	se_buffer_grown(&buffer, 1000);
	assert_true(buffer.failed);
	assert_int_equal(buffer.len, 0);
	se_buffer_free(&buffer);
}

static void
holds_nul_bytes(void **state)
{
	struct se_buffer buffer;

	(void)state;
	se_buffer_init(&buffer, 10);
	assert_true(se_buffer_add(&buffer, "a\0b", 3));
	assert_int_equal(buffer.len, 3);
	assert_memory_equal(buffer.data, "a\0b", 4);
	se_buffer_free(&buffer);
}

static void
is_used_again(void **state)
{
	struct se_buffer buffer;

	(void)state;
	se_buffer_init(&buffer, 4);
	assert_false(se_buffer_add_text(&buffer, "12345"));
	se_buffer_reset(&buffer);
	assert_true(se_buffer_add_text(&buffer, "1234"));
	se_buffer_reset(&buffer);
	assert_string_equal(se_buffer_text(&buffer), "");
	se_buffer_free(&buffer);
	se_buffer_free(&buffer);
	assert_true(se_buffer_add_text(&buffer, "12"));
	se_buffer_free(&buffer);
	memset(&buffer, 0, sizeof(buffer));
	se_buffer_free(&buffer);
	se_buffer_reset(&buffer);
}

static void
leaves_no_copy_when_it_grows(void **state)
{
	struct se_buffer buffer;

	(void)state;
	leaks = 0;
	se_buffer_init(&buffer, 100000);
	for (size_t i = 0; i < 10000; i++)
		assert_true(se_buffer_add_text(&buffer, MARK));
	assert_int_equal(buffer.len, 10000 * strlen(MARK));
	assert_memory_equal(buffer.data + buffer.len - strlen(MARK), MARK, strlen(MARK) + 1);
	se_buffer_free(&buffer);
	assert_int_equal(leaks, 0);
}

static void
wipes_what_was_not_reported(void **state)
{
	struct se_buffer buffer;

	(void)state;
	leaks = 0;
	se_buffer_init(&buffer, 100);
	assert_non_null(se_buffer_room(&buffer, 50));
	memcpy(buffer.data + 30, MARK, strlen(MARK));
	se_buffer_reset(&buffer);
	assert_null(memmem(buffer.data, buffer.size, MARK, strlen(MARK)));
	assert_non_null(se_buffer_room(&buffer, 50));
	memcpy(buffer.data + 30, MARK, strlen(MARK));
	se_buffer_free(&buffer);
	assert_int_equal(leaks, 0);
}

/* On the stack, where a free() of it would end the test. */
static void
begins_with_what_is_lent(void **state)
{
	char bytes[16];
	struct se_buffer buffer;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	se_buffer_init(&buffer, 100);
	se_buffer_lend(&buffer, bytes, sizeof(bytes));
	assert_string_equal(se_buffer_text(&buffer), "");
	assert_true(se_buffer_add_text(&buffer, MARK "1234567"));
	assert_ptr_equal(buffer.data, bytes);
	assert_true(se_buffer_add_text(&buffer, "8"));
	assert_ptr_not_equal(buffer.data, bytes);
	assert_string_equal(se_buffer_text(&buffer), MARK "12345678");
	assert_null(memmem(bytes, sizeof(bytes), MARK, strlen(MARK)));
	se_buffer_free(&buffer);
}

static void
wipes_what_is_lent(void **state)
{
	char bytes[16];
	struct se_buffer buffer;

	(void)state;
	se_buffer_init(&buffer, 100);
	se_buffer_lend(&buffer, bytes, sizeof(bytes));
	assert_true(se_buffer_add_text(&buffer, MARK));
	se_buffer_free(&buffer);
	assert_null(memmem(bytes, sizeof(bytes), MARK, strlen(MARK)));
	assert_null(buffer.data);
	assert_true(se_buffer_add_text(&buffer, "again"));
	assert_ptr_not_equal(buffer.data, bytes);
	se_buffer_free(&buffer);
}

static void
allocates_what_is_expected(void **state)
{
	struct se_buffer buffer;
	const char *data;

	(void)state;
	se_buffer_init(&buffer, 100);
	se_buffer_expect(&buffer, 101);
	assert_null(buffer.data);
	assert_false(buffer.failed);
	se_buffer_expect(&buffer, 70);
	assert_int_equal(buffer.size, 71);
	data = buffer.data;
	for (size_t i = 0; i < 70; i++)
		assert_true(se_buffer_add_text(&buffer, "x"));
	assert_ptr_equal(buffer.data, data);
	se_buffer_expect(&buffer, 0);
	assert_ptr_equal(buffer.data, data);
	se_buffer_free(&buffer);
}

/* The proof that the tests above can fail. */
static void
sees_a_leak(void **state)
{
	char *volatile block = strdup("say " MARK);

	(void)state;
	leaks = 0;
	__wrap_free(block);
	assert_int_equal(leaks, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_to_its_maximum),
		cmocka_unit_test(fails_beyond_its_maximum),
		cmocka_unit_test(refuses_impossible_lengths),
		cmocka_unit_test(formats),
		cmocka_unit_test(gives_room),
		cmocka_unit_test(does_not_grow_beyond_its_room),
		cmocka_unit_test(holds_nul_bytes),
		cmocka_unit_test(is_used_again),
		cmocka_unit_test(leaves_no_copy_when_it_grows),
		cmocka_unit_test(wipes_what_was_not_reported),
		cmocka_unit_test(begins_with_what_is_lent),
		cmocka_unit_test(wipes_what_is_lent),
		cmocka_unit_test(allocates_what_is_expected),
		cmocka_unit_test(sees_a_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
