/*
 * engine_policy: when a token is used, renewed or waited for, and for how long a failure counts.
 */
#include <stdio.h>
#include <string.h>

#include "engine/policy.h"

#include "engine_support.h"

enum { UNSAID = -1, T0 = 1000000 };

/* --- the times of a new token ------------------------------------------------------------------ */

/* Seconds after T0. */
static const struct {
	const char *what;
	struct se_lifetime said;
	unsigned chance;
	int64_t expires, usable, renew;
} lives[] = {
	{"an hour", {3600, UNSAID, 0, false}, 0, 3600, 3600, 1800},
	{"an hour, as early as chance will", {3600, UNSAID, 0, false}, 255, 3600, 3600, 1621},
	{"more chance than there is", {3600, UNSAID, 0, false}, 256, 3600, 3600, 1800},
	{"a refresh_in below half", {86400, 1000, 0, false}, 0, 86400, 86400, 1000},
	{"a refresh_in below half, by chance", {86400, 1000, 0, false}, 255, 86400, 86400, 901},
	{"a refresh_in above half", {3600, 3000, 0, false}, 0, 3600, 3600, 1800},
	{"a refresh_in of 0", {3600, 0, 0, false}, 0, 3600, 3600, 1800},
	{"no word about the end", {UNSAID, UNSAID, 0, false}, 0, 3600, 3600, 1800},
	{"a negative end", {-86400, -5, 0, false}, 0, 3600, 3600, 1800},
	{"no life at all", {0, UNSAID, 0, false}, 0, 0, 0, 0},
	{"one second", {1, UNSAID, 0, false}, 255, 1, 1, 0},
	{"past 2038 and 32 bits", {INT64_C(8589934592), UNSAID, 0, false}, 0, INT64_C(3153600000),
		INT64_C(3153600000), INT64_C(1576800000)},
	{"for ever", {INT64_MAX, INT64_MAX, 0, false}, 255, INT64_C(3153600000),
		INT64_C(3153600000), 1419735938},
	{"without roles", {3600, UNSAID, 0, true}, 0, 3600, 300, 240},
	{"without roles, by chance", {3600, UNSAID, 0, true}, 255, 3600, 300, 217},
	{"without roles, with a refresh_in", {3600, 100, 0, true}, 0, 3600, 300, 100},
	{"without roles, short anyhow", {200, UNSAID, 0, true}, 0, 200, 200, 100},
	{"a max_age", {3600, UNSAID, 600, false}, 0, 3600, 600, 480},
	{"a max_age above half", {3600, UNSAID, 3000, false}, 0, 3600, 3000, 1800},
	{"a max_age above all", {3600, UNSAID, 7200, false}, 0, 3600, 3600, 1800},
	{"a max_age, without roles", {3600, UNSAID, 100, true}, 0, 3600, 100, 80},
};

static void
test_times(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		struct se_times times = se_policy_times(T0, &lives[i].said, lives[i].chance);

		if (times.obtained != T0 || times.expires - T0 != lives[i].expires ||
			times.usable - T0 != lives[i].usable || times.renew - T0 != lives[i].renew)
			fail_msg("%s: expires +%lld, usable +%lld, renew +%lld", lives[i].what,
				(long long)(times.expires - T0), (long long)(times.usable - T0),
				(long long)(times.renew - T0));
	}
}

/* Chance makes renewal earlier by at most a tenth, and never later. */
static void
test_chance(void **state)
{
	const struct se_lifetime hour = {3600, UNSAID, 0, false};
	int64_t before = T0 + 1800;
	unsigned chance;

	(void)state;
	for (chance = 0; chance < 256; chance++) {
		int64_t renew = se_policy_times(T0, &hour, chance).renew;

		assert_true(renew <= before && renew >= T0 + 1620);
		before = renew;
	}
}

/* --- judging ----------------------------------------------------------------------------------- */

static const struct {
	const char *what;
	struct se_lifetime said;
	int64_t age;
	unsigned min_lifetime;
	enum se_use use;
} ages[] = {
	{"new", {3600, UNSAID, 0, false}, 0, 300, SE_USE},
	{"before half", {3600, UNSAID, 0, false}, 1799, 300, SE_USE},
	{"half", {3600, UNSAID, 0, false}, 1800, 300, SE_USE_AND_RENEW},
	{"just over the margin", {3600, UNSAID, 0, false}, 3299, 300, SE_USE_AND_RENEW},
	{"under the margin", {3600, UNSAID, 0, false}, 3300, 300, SE_USE_NOT},
	{"no margin", {3600, UNSAID, 0, false}, 3599, 0, SE_USE_AND_RENEW},
	{"expired", {3600, UNSAID, 0, false}, 3600, 0, SE_USE_NOT},
	{"a quarter is less than 300 s", {600, UNSAID, 0, false}, 449, 300, SE_USE_AND_RENEW},
	{"under that quarter", {600, UNSAID, 0, false}, 450, 300, SE_USE_NOT},
	{"HVE", {3600, UNSAID, 0, false}, 2939, 660, SE_USE_AND_RENEW},
	{"under HVE's", {3600, UNSAID, 0, false}, 2940, 660, SE_USE_NOT},
	{"HVE, a quarter is less", {2000, UNSAID, 0, false}, 1499, 660, SE_USE_AND_RENEW},
	{"a greedy account", {3600, UNSAID, 0, false}, 2699, 3600, SE_USE_AND_RENEW},
	{"a greedy account's quarter", {3600, UNSAID, 0, false}, 2700, 3600, SE_USE_NOT},
	{"refresh_in", {86400, 1000, 0, false}, 999, 300, SE_USE},
	{"past refresh_in", {86400, 1000, 0, false}, 1000, 300, SE_USE_AND_RENEW},
	{"no roles", {3600, UNSAID, 0, true}, 239, 300, SE_USE},
	{"no roles, renewed ahead", {3600, UNSAID, 0, true}, 240, 300, SE_USE_AND_RENEW},
	{"no roles, no margin off our own limit", {3600, UNSAID, 0, true}, 299, 660,
		SE_USE_AND_RENEW},
	{"no roles, too old", {3600, UNSAID, 0, true}, 300, 300, SE_USE_NOT},
	{"max_age", {3600, UNSAID, 600, false}, 599, 300, SE_USE_AND_RENEW},
	{"past max_age", {3600, UNSAID, 600, false}, 600, 300, SE_USE_NOT},
	{"the clock was set back a little", {3600, UNSAID, 0, false}, -5, 300, SE_USE},
	{"the clock was set back", {3600, UNSAID, 0, false}, -6, 300, SE_USE_NOT},
	{"the clock was set back by a year", {3600, UNSAID, 0, false}, -31536000, 300, SE_USE_NOT},
	{"without a life", {0, UNSAID, 0, false}, 0, 300, SE_USE_NOT},
};

static void
test_judge(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		struct se_times times = se_policy_times(T0, &ages[i].said, 0);
		enum se_use use = se_policy_judge(&times, T0 + ages[i].age, ages[i].min_lifetime);

		if (use != ages[i].use)
			fail_msg("%s: %d", ages[i].what, (int)use);
	}
}

/* Our own limits on the age do not make a token worse than none. */
static void
test_still_valid(void **state)
{
	const struct se_lifetime roleless = {3600, UNSAID, 60, true};
	struct se_times times = se_policy_times(T0, &roleless, 0);

	(void)state;
	assert_int_equal(se_policy_judge(&times, T0 + 3000, 300), SE_USE_NOT);
	assert_true(se_policy_still_valid(&times, T0 + 3000));
	assert_true(se_policy_still_valid(&times, T0 + 3599));
	assert_false(se_policy_still_valid(&times, T0 + 3600));
	assert_true(se_policy_still_valid(&times, T0 - 5));
	assert_false(se_policy_still_valid(&times, T0 - 6));
}

static void
test_servers(void **state)
{
	(void)state;
	assert_int_equal(se_policy_min_lifetime(300, "smtp.office365.com"), 300);
	assert_int_equal(se_policy_min_lifetime(300, ""), 300);
	assert_int_equal(se_policy_min_lifetime(300, "smtp.hve.mx.microsoft"), 660);
	assert_int_equal(se_policy_min_lifetime(300, "SMTP.hve.mx.Microsoft"), 660);
	assert_int_equal(se_policy_min_lifetime(300, "smtp-hve.office365.com"), 660);
	assert_int_equal(se_policy_min_lifetime(900, "smtp-hve.office365.com"), 900);
	assert_int_equal(se_policy_min_lifetime(300, "smtp-hve.office365.com.evil.example"), 300);
}

/* --- failures ---------------------------------------------------------------------------------- */

static void
test_backoff(void **state)
{
	static const unsigned doubling[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300};
	unsigned i, chance;

	(void)state;
	for (i = 0; i < sizeof(doubling) / sizeof(doubling[0]); i++)
		assert_int_equal(se_policy_backoff(SE_AGAIN, 0, i + 1, 0), doubling[i]);
	/* Memory is the process's own trouble, which others may not have. */
	for (i = 0; i < sizeof(doubling) / sizeof(doubling[0]); i++)
		assert_int_equal(se_policy_backoff(SE_MEMORY, 0, i + 1, 0), doubling[i]);
	/* However often it failed: it stays there. */
	for (i = 13; i < 2000; i++)
		assert_int_equal(se_policy_backoff(SE_AGAIN, 0, i, 0), 300);
	assert_int_equal(se_policy_backoff(SE_AGAIN, 0, 0, 0), 1);
	for (i = 1; i < 20; i++) {
		for (chance = 0; chance < 256; chance++) {
			unsigned seconds = se_policy_backoff(SE_AGAIN, 0, i, chance);
			unsigned plain = se_policy_backoff(SE_AGAIN, 0, i, 0);

			assert_in_range(seconds, plain - plain / 2, plain);
			assert_in_range(seconds, 1, SE_BACKOFF_MAX);
		}
	}
	/* Those who failed together come apart from 2 s on. */
	assert_int_equal(se_policy_backoff(SE_AGAIN, 0, 2, 255), 1);
	assert_int_equal(se_policy_backoff(SE_AGAIN, 0, 9, 255), 128);
	assert_int_equal(se_policy_backoff(SE_AGAIN, 0, 20, 255), 150);
}

/* Never earlier than the endpoint says, and up to as much later: a fleet that was refused in one second
 * must not come back in one. */
static void
test_retry_after(void **state)
{
	static const struct {
		unsigned said, least, most;
	} waits[] = {{1, 1, 2}, {60, 60, 120}, {300, 300, 600}, {900, 900, 1200},
		{3599, 3599, 3899}, {3601, SE_RETRY_AFTER_MAX, SE_REMEMBER_MAX},
		{4000000000u, SE_RETRY_AFTER_MAX, SE_REMEMBER_MAX}};
	unsigned i, chance, seconds, before;

	(void)state;
	for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		before = waits[i].least;
		for (chance = 0; chance < 256; chance++) {
			seconds = se_policy_backoff(SE_AGAIN, waits[i].said, 1 + chance, chance);
			assert_in_range(seconds, before, waits[i].most);
			before = seconds;
		}
		assert_int_equal(se_policy_backoff(SE_AGAIN, waits[i].said, 1, 0), waits[i].least);
		assert_int_equal(before, waits[i].most);
	}
}

static void
test_permanent(void **state)
{
	static const enum se_code permanent[] = {SE_SIGN_IN, SE_ADMIN, SE_CONFIG, SE_INTERNAL};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(permanent) / sizeof(permanent[0]); i++) {
		assert_int_equal(se_policy_backoff(permanent[i], 0, 1, 0), 300);
		assert_int_equal(se_policy_backoff(permanent[i], 0, 50, 255), 300);
		assert_int_equal(se_policy_backoff(permanent[i], 30, 1, 0), 30);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_chance),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_still_valid),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_permanent),
	};

	return cmocka_run_group_tests_name("engine_policy", tests, NULL, NULL);
}
