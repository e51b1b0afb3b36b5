/* The table of AADSTS numbers: complete, sorted, and every entry with two sentences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/aadsts.h"

/* The classes as the facts about Entra have them; of two the first. */
static const unsigned again[] = {50000, 50033, 50087, 50088, 50196, 70012, 70016, 70018, 70021,
	80001, 80002, 80005, 80007, 80014, 90006, 90012, 90024, 90033, 90055, 90090, 90091};
static const unsigned sign_in[] = {16000, 50020, 50034, 50055, 50056, 50058, 50072, 50074, 50076,
	50078, 50079, 50085, 50089, 50126, 50132, 50133, 50134, 50135, 50144, 50158, 50173, 50199,
	54005, 65001, 65004, 70000, 70008, 70019, 70020, 70043, 530036, 700020, 700082};
static const unsigned admin[] = {50053, 50057, 50097, 50105, 50129, 50131, 50155, 50187, 53000,
	53001, 53002, 53003, 53011, 70001, 90036, 90092, 90094, 90095, 90123, 135010, 135011,
	530003, 530032, 530035, 650052, 650056, 650057, 1000031, 7000112, 7000222};
static const unsigned config[] = {28000, 28002, 28003, 50001, 50011, 50012, 50013, 50027, 50048,
	50049, 50059, 50147, 50194, 65002, 70002, 70003, 70004, 70007, 70011, 90002, 90014, 90016,
	90019, 90023, 90038, 90043, 90051, 90130, 100007, 500011, 501481, 501491, 700005, 700011,
	700016, 700021, 700022, 700023, 700024, 700025, 700027, 700030, 700084, 700229, 900023,
	900144, 900382, 900432, 900561, 901002, 5002738, 7000012, 7000215, 7000218, 9001023,
	9002313};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void
is_sorted_and_unique(void **state)
{
	const struct se_aadsts *table;
	size_t count, i;

	(void)state;
	table = se_aadsts_table(&count);
	for (i = 1; i < count; i++)
		assert_true(table[i - 1].number < table[i].number);
}

static void
every_number_is_found(void **state)
{
	const struct se_aadsts *table;
	size_t count, i;

	(void)state;
	table = se_aadsts_table(&count);
	for (i = 0; i < count; i++)
		assert_ptr_equal(se_aadsts_find(table[i].number), &table[i]);
	assert_null(se_aadsts_find(0));
	assert_null(se_aadsts_find(50075));
	assert_null(se_aadsts_find(4294967295u));
}

static void
all_are(const unsigned *numbers, size_t count, enum se_code code)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct se_aadsts *entry = se_aadsts_find(numbers[i]);

		if (entry == NULL)
			fail_msg("AADSTS%u is not in the table", numbers[i]);
		else if (entry->code != code)
			fail_msg("AADSTS%u has class %d instead of %d", numbers[i],
				(int)entry->code, (int)code);
	}
}

static void
classes_are_those_of_the_facts(void **state)
{
	size_t count;

	(void)state;
	all_are(again, COUNT(again), SE_AGAIN);
	all_are(sign_in, COUNT(sign_in), SE_SIGN_IN);
	all_are(admin, COUNT(admin), SE_ADMIN);
	all_are(config, COUNT(config), SE_CONFIG);
	se_aadsts_table(&count);
	assert_int_equal(count, COUNT(again) + COUNT(sign_in) + COUNT(admin) + COUNT(config));
}

static void
every_entry_has_both_sentences(void **state)
{
	const struct se_aadsts *table;
	size_t count, i;

	(void)state;
	table = se_aadsts_table(&count);
	for (i = 0; i < count; i++) {
		const char *what = table[i].what, *todo = table[i].todo;

		/* `what` goes on a sentence; `todo` is one or more. */
		assert_true(what[0] >= 'a' && what[0] <= 'z');
		assert_true(strlen(what) > 10 && strchr(".;:, ", what[strlen(what) - 1]) == NULL);
		assert_true(todo[0] >= 'A' && todo[0] <= 'Z');
		assert_true(strlen(todo) > 20 && todo[strlen(todo) - 1] == '.');
		assert_null(strstr(todo, "  "));
		assert_null(strstr(what, "  "));
	}
}

static void
only_known_places_are_named(const char *text)
{
	static const char *const names[] = {
		"{sign_in}", "{app}", "{tenant}", "{file}", "{scope}", "{label}"};
	size_t i;

	for (; *text != '\0'; text++) {
		if (*text == '{') {
			for (i = 0; i < COUNT(names); i++)
				if (strncmp(text, names[i], strlen(names[i])) == 0)
					break;
			assert_true(i < COUNT(names));
		}
		assert_true(*text >= ' ' && *text < 0x7f);
	}
}

static void
sentences_name_only_known_places(void **state)
{
	const struct se_aadsts *table;
	size_t count, i;

	(void)state;
	table = se_aadsts_table(&count);
	for (i = 0; i < count; i++) {
		only_known_places_are_named(table[i].what);
		only_known_places_are_named(table[i].todo);
	}
}

/* Only a person can sign in, so that those sentences name the command or where to go. */
static void
who_must_sign_in_is_told_how(void **state)
{
	const struct se_aadsts *table;
	size_t count, i;

	(void)state;
	table = se_aadsts_table(&count);
	for (i = 0; i < count; i++)
		if (table[i].code == SE_SIGN_IN)
			assert_non_null(strstr(table[i].todo, "{sign_in}"));
}

/* Where either of two people may have to act, the class is the first one's, and the sentence names
 * the second as well. */
static void
two_causes_are_both_named(void **state)
{
	static const struct {
		unsigned number;
		const char *first, *second;
	} both[] = {
		{16000, "{sign_in}", "administrator"},
		{50000, "tried again", "support case"},
		{50034, "{sign_in}", "administrator"},
		{65001, "{sign_in}", "administrator"},
		{70021, "by itself", "compare issuer"},
		{500011, "[account {label}]", "administrator"},
		{700011, "[account {label}]", "administrator"},
		{700016, "[account {label}]", "administrator"},
		{700027, "[account {label}]", "administer app {app}"},
		{7000218, "[account {label}]", "administer the app"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(both); i++) {
		const struct se_aadsts *entry = se_aadsts_find(both[i].number);

		assert_non_null(entry);
		if (strstr(entry->todo, both[i].first) == NULL ||
			strstr(entry->todo, both[i].second) == NULL)
			fail_msg("AADSTS%u: %s", both[i].number, entry->todo);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_sorted_and_unique),
		cmocka_unit_test(every_number_is_found),
		cmocka_unit_test(classes_are_those_of_the_facts),
		cmocka_unit_test(every_entry_has_both_sentences),
		cmocka_unit_test(sentences_name_only_known_places),
		cmocka_unit_test(who_must_sign_in_is_told_how),
		cmocka_unit_test(two_causes_are_both_named),
	};

	return cmocka_run_group_tests_name("engine/aadsts", tests, NULL, NULL);
}
