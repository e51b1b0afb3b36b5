/*
 * test_fleet: what must hold of a fleet whatever the seed: few requests, none of them before its time,
 * no storm after a power cut or an outage, and never more for a mailbox than it bears.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tool/mailbox_share.h"

#include "fleet.h"

enum { HOUR = 3600, DAY = 24 * HOUR, SETTLED = 2 * HOUR, SEEDS = 3 };

static struct plan
plan_of(uint64_t seed, unsigned relays, unsigned start_s, unsigned seconds)
{
	struct plan plan = {.seed = seed,
		.relays = relays,
		.start_s = start_s,
		.seconds = seconds,
		.mail_s = HOUR,
		.tenant = tenant_usual()};

	return plan;
}

/* Tokens of 60 to 90 minutes, renewed after 45 to 50 % of that: 32 to 54 times a day, and no more. */
static void
test_day_of_one(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= SEEDS; seed++) {
		struct plan plan = plan_of(seed, 1, 1, DAY);
		struct result result = run(&plan);
		struct count sum = result_sum(&result, 0, DAY);

		assert_in_range(sum.requests, 32, 54);
		assert_int_equal(sum.granted, sum.requests);
		assert_int_equal(sum.refused, 0);
		assert_int_equal(sum.waited, 1); /* the very first */
		result_free(&result);
	}
}

static void
test_day_of_many(void **state)
{
	struct plan plan = plan_of(1, 200, HOUR, SETTLED + DAY);
	struct result result = run(&plan);
	struct count sum = result_sum(&result, SETTLED, plan.seconds);

	(void)state;
	assert_in_range(sum.requests, 200 * 38, 200 * 43);
	assert_int_equal(sum.refused, 0);
	assert_int_equal(sum.waited, 0);
	assert_true(result_busiest(&result, SETTLED, plan.seconds, 60) < 0.5);
	result_free(&result);
}

static void
test_seeds(void **state)
{
	struct plan plan = plan_of(1, 20, HOUR, SETTLED);
	struct result one = run(&plan), same = run(&plan), other;

	(void)state;
	plan.seed = 2;
	other = run(&plan);
	assert_memory_equal(one.each, same.each, SETTLED * sizeof(*one.each));
	assert_memory_not_equal(one.each, other.each, SETTLED * sizeof(*one.each));
	result_free(&one);
	result_free(&same);
	result_free(&other);
}

/* All 1,000 in one second, of which 20 get what they want: nobody comes back before the minute that
 * Entra said is over, and then they come one by one, so that it takes few rounds and not fifty. */
static void
test_power_cut(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= SEEDS; seed++) {
		struct plan plan = plan_of(seed, 1000, 1, 90 * 60);
		struct result result;

		plan.tenant.limit = 20;
		result = run(&plan);
		assert_int_equal(result_sum(&result, 0, 1).requests, 1000);
		assert_int_equal(result_sum(&result, 1, 60).requests, 0);
		assert_true(result_busiest(&result, 60, plan.seconds, 1) < 40);
		assert_true(result_first_token(&result, 1) < 5 * 60);
		assert_int_equal(result_sum(&result, 5 * 60, plan.seconds).throttled, 0);
		result_free(&result);
	}
}

/* An hour without Entra: deliveries go on for half an hour at least, and its end brings no storm. */
static void
outage(enum outage kind, uint64_t seed)
{
	struct plan plan = plan_of(seed, 500, HOUR, SETTLED + 3 * HOUR);
	const unsigned end = SETTLED + HOUR;
	struct result result;
	struct count sum;

	plan.mail_s = 300;
	plan.tenant.outage = kind;
	plan.tenant.outage_from = (int64_t)SETTLED * 1000;
	plan.tenant.outage_to = (int64_t)end * 1000;
	result = run(&plan);
	assert_int_equal(result_sum(&result, 0, SETTLED + 30 * 60).refused, 0);
	sum = result_sum(&result, SETTLED + 30 * 60, end);
	assert_in_range(sum.refused, 1, sum.deliveries / 2);
	assert_int_equal(result_sum(&result, SETTLED, end).granted, 0);
	/* In the last half hour each asks twice in 150 to 300 s. */
	assert_in_range(result_sum(&result, end - 1800, end).requests, 500 * 12, 500 * 30);
	assert_true(result_busiest(&result, end, plan.seconds, 60) <
		    result_busiest(&result, SETTLED, end, 60));
	assert_true(result_well(&result, end) <= end + 310);
	assert_int_equal(result_sum(&result, end + 310, plan.seconds).failed, 0);
	assert_in_range(result_sum(&result, end, end + 310).granted, 500, 550);
	result_free(&result);
}

static void
test_outages(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= SEEDS; seed++) {
		outage(OUTAGE_REFUSED, seed);
		outage(OUTAGE_SILENT, seed);
		outage(OUTAGE_503, seed);
	}
}

/* --- one mailbox --------------------------------------------------------------------------------- */

static struct mailbox_result
mailbox(uint64_t seed, unsigned relays, unsigned concurrency, unsigned delay)
{
	const struct mailbox_plan plan = {.seed = seed,
		.relays = relays,
		.concurrency = concurrency,
		.delay = delay,
		.seconds = DAY};
	struct mailbox_result result = mailbox_run(&plan);

	assert_in_range(result.most_in_a_minute, 1, SE_MAILBOX_MESSAGES);
	assert_in_range(result.most_at_once, 1, SE_MAILBOX_CONNECTIONS);
	assert_in_range(result.sent, 1, SE_MAILBOX_RECIPIENTS);
	return result;
}

static void
test_mailbox(void **state)
{
	struct mailbox_result result;
	uint64_t seed;
	unsigned relays;

	(void)state;
	for (seed = 1; seed <= SEEDS; seed++) {
		for (relays = 1; relays <= 200; relays = relays * 2 + 1) {
			struct se_mailbox_share share = se_mailbox_share(relays, false);

			assert_true(relays > SE_MAILBOX_CONNECTIONS ||
				    relays * share.concurrency <= SE_MAILBOX_CONNECTIONS);
			result = mailbox(seed, relays, share.concurrency, share.delay);
			assert_int_equal(result.sent, SE_MAILBOX_RECIPIENTS);
			/* 30 a minute take 333 minutes; finding a free connection costs a third at most. */
			assert_in_range(result.full_after, 333 * 60, 333 * 80);
			assert_true(relays <= SE_MAILBOX_CONNECTIONS
					    ? result.refused == 0
					    : result.refused < result.sent / 4);
		}
		/* What Postfix does by itself: most tries are refused. */
		result = mailbox(seed, 10, 20, 0);
		assert_true(result.refused > result.sent);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_day_of_one),
		cmocka_unit_test(test_day_of_many),
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_power_cut),
		cmocka_unit_test(test_outages),
		cmocka_unit_test(test_mailbox),
	};
	int failed;

	relay_begin();
	failed = cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
	relay_end();
	return failed;
}
