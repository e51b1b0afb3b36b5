#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/source.h"
#include "core/world.h"

static const struct se_world *world = &se_world_system;

static void
tells_the_time(void **state)
{
	time_t before = time(NULL);
	int64_t now = world->wall(world->context);

	(void)state;
	assert_true(now >= before && now <= before + 2);
}

static void
goes_forward(void **state)
{
	int64_t begin = world->monotonic(world->context);
	struct timespec pause = {0, 20 * 1000000};
	int64_t passed;

	(void)state;
	(void)nanosleep(&pause, NULL);
	passed = world->monotonic(world->context) - begin;
	assert_true(passed >= 19 && passed < 10000);
}

static void
has_randomness(void **state)
{
	unsigned char a[64] = {0};
	unsigned char b[64] = {0};

	(void)state;
	assert_true(world->random(world->context, a, sizeof(a)));
	assert_true(world->random(world->context, b, sizeof(b)));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_true(world->random(world->context, a, 0));
}

static void
copies_what_fits(void **state)
{
	char to[5];

	(void)state;
	assert_true(se_copy(to, sizeof(to), "1234"));
	assert_string_equal(to, "1234");
	assert_true(se_copy(to, sizeof(to), ""));
	assert_string_equal(to, "");
}

static void
says_what_does_not_fit(void **state)
{
	char to[5] = "....";

	(void)state;
	assert_false(se_copy(to, sizeof(to), "12345"));
	assert_string_equal(to, "1234");
	assert_false(se_copy(to, 0, ""));
	assert_string_equal(to, "1234");
}

static void
empties_an_answer(void **state)
{
	struct se_answer answer = {.user = "anna", .seconds_left = 5};

	(void)state;
	answer.token = se_secret_new("token", 5);
	se_answer_free(&answer);
	assert_null(answer.token);
	assert_string_equal(answer.user, "");
	assert_int_equal(answer.seconds_left, 0);
	se_answer_free(&answer);
	se_answer_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_time),
		cmocka_unit_test(goes_forward),
		cmocka_unit_test(has_randomness),
		cmocka_unit_test(copies_what_fits),
		cmocka_unit_test(says_what_does_not_fit),
		cmocka_unit_test(empties_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
