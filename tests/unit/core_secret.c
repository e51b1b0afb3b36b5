#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/secret.h"
#include "core/wiping_memory.h"

#define MARK "hunter2!"

void __real_free(void *block);
void __wrap_free(void *block);

static size_t freed;
static size_t leaks; /* blocks that were freed with MARK in them */

/* Stands in front of free() (ld --wrap) and looks at what is given back. */
void
__wrap_free(void *block)
{
	freed++;
	if (block != NULL && memmem(block, malloc_usable_size(block), MARK, strlen(MARK)) != NULL)
		leaks++;
	__real_free(block);
}

static void
keeps_the_bytes(void **state)
{
	struct se_secret *secret = se_secret_new("a\0b", 3);

	(void)state;
	assert_non_null(secret);
	assert_int_equal(se_secret_len(secret), 3);
	assert_memory_equal(se_secret_reveal(secret), "a\0b", 4);
	se_secret_free(secret);
}

static void
may_be_empty_or_none(void **state)
{
	struct se_secret *secret = se_secret_new(NULL, 0);

	(void)state;
	assert_non_null(secret);
	assert_int_equal(se_secret_len(secret), 0);
	assert_string_equal(se_secret_reveal(secret), "");
	se_secret_free(secret);

	assert_int_equal(se_secret_len(NULL), 0);
	assert_string_equal(se_secret_reveal(NULL), "");
	assert_null(se_secret_copy(NULL));
	se_secret_free(NULL);
	se_wipe(NULL, 0);
}

static void
refuses_an_impossible_length(void **state)
{
	(void)state;
	assert_null(se_secret_new("x", SIZE_MAX));
	assert_null(se_secret_new("x", SIZE_MAX - sizeof(size_t)));
}

static void
copies(void **state)
{
	struct se_secret *secret = se_secret_new("token", 5);
	struct se_secret *copy = se_secret_copy(secret);

	(void)state;
	assert_true(se_secret_equal(secret, copy));
	assert_ptr_not_equal(se_secret_reveal(secret), se_secret_reveal(copy));
	se_secret_free(secret);
	assert_string_equal(se_secret_reveal(copy), "token");
	se_secret_free(copy);
}

static void
compares(void **state)
{
	struct se_secret *a = se_secret_new("token", 5);
	struct se_secret *b = se_secret_new("tokeN", 5);
	struct se_secret *longer = se_secret_new("token\0", 6);

	(void)state;
	assert_true(se_secret_equal(a, a));
	assert_true(se_secret_equal(NULL, NULL));
	assert_false(se_secret_equal(a, b));
	assert_false(se_secret_equal(a, longer));
	assert_false(se_secret_equal(a, NULL));
	assert_false(se_secret_equal(NULL, a));
	se_secret_free(a);
	se_secret_free(b);
	se_secret_free(longer);
}

static void
wipes_itself(void **state)
{
	struct se_secret *secret = se_secret_new("xxxxxxxx" MARK, 16);

	(void)state;
	freed = 0;
	leaks = 0;
	se_secret_free(secret);
	assert_int_equal(freed, 1);
	assert_int_equal(leaks, 0);
}

static void
wipes_memory(void **state)
{
	char text[] = "a" MARK "b";

	(void)state;
	se_wipe(text + 1, strlen(MARK));
	assert_memory_equal(text, "a\0\0\0\0\0\0\0\0b", 11);
}

static void
wipes_freed_blocks(void **state)
{
	char *first = strdup("say " MARK), *block, *smaller, *larger;

	(void)state;
	assert_non_null(first);
	freed = 0;
	leaks = 0;
	block = se_wiping_realloc(first, 4096);
	assert_non_null(block);
	assert_string_equal(block, "say " MARK);
	assert_int_equal(freed, 1);
	smaller = se_wiping_realloc(block, strlen("say") + 1);
	assert_non_null(smaller);
	assert_memory_equal(smaller, "say", 3);
	se_wiping_free(smaller);
	assert_int_equal(leaks, 0);
	block = se_wiping_realloc(NULL, 20);
	assert_non_null(block);
	freed = 0;
	larger = se_wiping_realloc(block, 22); /* there may be room for 24 */
	assert_non_null(larger);
	assert_int_equal(freed, 1);
	se_wiping_free(larger);
	se_wiping_free(NULL);
}

/* The proof that wipes_itself can fail. */
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
		cmocka_unit_test(keeps_the_bytes),
		cmocka_unit_test(may_be_empty_or_none),
		cmocka_unit_test(refuses_an_impossible_length),
		cmocka_unit_test(copies),
		cmocka_unit_test(compares),
		cmocka_unit_test(wipes_itself),
		cmocka_unit_test(wipes_memory),
		cmocka_unit_test(wipes_freed_blocks),
		cmocka_unit_test(sees_a_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
