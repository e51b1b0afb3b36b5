/* The table of keys, and how near a mistyped name is to a known one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/source.h"
#include "engine/cloud.h"
#include "engine/keys.h"
#include "engine/names.h"

static void
every_key_is_whole(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < SE_KEY_COUNT; i++) {
		assert_non_null(se_keys[i].name);
		assert_true((se_keys[i].where & (SE_IN_ACCOUNT | SE_IN_DEFAULTS)) != 0);
		assert_true(se_keys[i].min <= se_keys[i].max);
		assert_true(se_keys[i].type != SE_TYPE_WORD || se_keys[i].choices != NULL);
		assert_true(se_keys[i].type == SE_TYPE_WORD || se_keys[i].max > 0);
	}
}

static void
a_key_is_found_in_any_case(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < SE_KEY_COUNT; i++)
		assert_int_equal(se_key_find(se_keys[i].name), i);
	assert_int_equal(se_key_find("Client_ID"), SE_KEY_CLIENT_ID);
	assert_int_equal(se_key_find("client_i"), SE_KEY_COUNT);
	assert_int_equal(se_key_find(""), SE_KEY_COUNT);
}

/* What says who somebody is never stands in [defaults]. */
static void
defaults_say_nothing_about_who(void **state)
{
	static const enum se_key allowed[] = {SE_KEY_CLOUD, SE_KEY_SERVICES, SE_KEY_PROXY,
		SE_KEY_CA_FILE, SE_KEY_TIMEOUT, SE_KEY_MIN_LIFETIME, SE_KEY_MAX_AGE,
		SE_KEY_STATE_DIR, SE_KEY_STATE_KEY_FILE, SE_KEY_STATE_KEY_COMMAND,
		SE_KEY_ON_PROBLEM};
	size_t i, count = 0;

	(void)state;
	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		assert_true((se_keys[allowed[i]].where & SE_IN_DEFAULTS) != 0);
	for (i = 0; i < SE_KEY_COUNT; i++)
		count += (se_keys[i].where & SE_IN_DEFAULTS) != 0;
	assert_int_equal(count, sizeof(allowed) / sizeof(allowed[0]));
}

static void
a_user_fits_where_it_goes(void **state)
{
	(void)state;
	assert_int_equal(se_keys[SE_KEY_IDENTITY].max, SE_NAME_MAX);
	assert_int_equal(se_keys[SE_KEY_SASL_USER].max, SE_NAME_MAX);
	assert_int_equal(se_keys[SE_KEY_SASL_USER_SMTP].max, SE_NAME_MAX);
	assert_int_equal(se_keys[SE_KEY_SASL_USER_IMAP].max, SE_NAME_MAX);
}

static void
a_mistyped_key_finds_its_neighbour(void **state)
{
	static const char *const pairs[][2] = {{"client_idd", "client_id"},
		{"clientid", "client_id"}, {"cilent_id", "client_id"}, {"client", "client_id"},
		{"client_secret", "client_secret_file"}, {"tennant", "tenant"},
		{"Matches", "match"}, {"service", "services"}, {"server", "servers"},
		{"singin", "sign_in"}, {"min_life", "min_lifetime"}, {"proxy_url", "proxy"},
		{"state_directory", "state_dir"}, {"state_key", "state_key_file"},
		{"cafile", "ca_file"}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *nearest = se_key_nearest(pairs[i][0]);

		assert_non_null(nearest);
		assert_string_equal(nearest, pairs[i][1]);
	}
}

static void
a_strange_key_has_no_neighbour(void **state)
{
	static const char *const names[] = {"", "x", "password", "relayhost", "thumbprint",
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(se_key_nearest(names[i]));
}

static void
distance_counts_swaps_once(void **state)
{
	(void)state;
	assert_int_equal(se_name_distance("tenant", "tenant"), 0);
	assert_int_equal(se_name_distance("TENANT", "tenant"), 0);
	assert_int_equal(se_name_distance("tneant", "tenant"), 1);
	assert_int_equal(se_name_distance("tenan", "tenant"), 1);
	assert_int_equal(se_name_distance("tennnant", "tenant"), 2);
	assert_int_equal(se_name_distance("te", "tenant"), 4);
}

static void
every_cloud_of_the_table_is_known(void **state)
{
	const char *const *choice;

	(void)state;
	for (choice = se_keys[SE_KEY_CLOUD].choices; *choice != NULL; choice++) {
		const struct se_cloud *cloud = se_cloud_find(*choice);

		assert_non_null(cloud);
		assert_int_equal(strncmp(cloud->authority, "https://", 8), 0);
		assert_true(cloud->authority[strlen(cloud->authority) - 1] != '/');
		assert_non_null(strstr(cloud->app_scope, "/.default"));
		assert_true(cloud->delegated_base[strlen(cloud->delegated_base) - 1] == '/');
		assert_non_null(cloud->servers[0]);
	}
	assert_null(se_cloud_find("germany"));
	assert_ptr_equal(se_cloud_find("usgov"), se_cloud_find("gcc-high"));
	assert_ptr_equal(se_cloud_find("USGov-DoD"), se_cloud_find("dod"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_whole),
		cmocka_unit_test(a_key_is_found_in_any_case),
		cmocka_unit_test(defaults_say_nothing_about_who),
		cmocka_unit_test(a_user_fits_where_it_goes),
		cmocka_unit_test(a_mistyped_key_finds_its_neighbour),
		cmocka_unit_test(a_strange_key_has_no_neighbour),
		cmocka_unit_test(distance_counts_swaps_once),
		cmocka_unit_test(every_cloud_of_the_table_is_known),
	};

	return cmocka_run_group_tests_name("engine/keys", tests, NULL, NULL);
}
