/* The section of one account in a configuration's text, and what a tenant's document says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/cloud.h"
#include "engine/discovery.h"

#include "tool/setup_text.h"

enum { TEXT_MAX = 1 << 16 };

static struct se_buffer
text_of(const char *text)
{
	struct se_buffer buffer;

	se_buffer_init(&buffer, TEXT_MAX);
	assert_true(se_buffer_add_text(&buffer, text));
	return buffer;
}

/* --- the section ---------------------------------------------------------------------------- */

static const char before[] = "; first\n"
			     "[defaults]\n"
			     "timeout = 5\n"
			     "\n"
			     "[ account   One ]  \n"
			     "# of one\n"
			     "match = a@b.example, c@d.example\n"
			     "TENANT=b.example\n"
			     "\n"
			     "# of two\n"
			     "[account two]\n"
			     "match\t=\tx@y.example";

static void
changes_to(const char *label, const struct se_setup_values *values, const char *expected)
{
	struct se_buffer old = text_of(before), out;

	se_buffer_init(&out, TEXT_MAX);
	assert_true(se_setup_text_change(&old, label, values, &out));
	assert_string_equal(se_buffer_text(&out), expected);
	se_buffer_free(&out);
	se_buffer_free(&old);
}

static void
test_value(void **state)
{
	struct se_buffer old = text_of(before), none = text_of("");
	char *value;

	(void)state;
	value = se_setup_text_value(&old, "one", SE_KEY_TENANT);
	assert_string_equal(value, "b.example");
	free(value);
	value = se_setup_text_value(&old, "two", SE_KEY_MATCH);
	assert_string_equal(value, "x@y.example");
	free(value);
	value = se_setup_text_value(&old, NULL, SE_KEY_TIMEOUT);
	assert_string_equal(value, "5");
	free(value);
	assert_null(se_setup_text_value(&old, "two", SE_KEY_TENANT));
	assert_null(se_setup_text_value(&old, "three", SE_KEY_MATCH));
	assert_null(se_setup_text_value(&old, "on", SE_KEY_MATCH));
	assert_null(se_setup_text_value(&none, "one", SE_KEY_MATCH));
	assert_true(se_setup_text_has(&old, "ONE"));
	assert_false(se_setup_text_has(&old, "defaults"));
	se_buffer_free(&old);
	se_buffer_free(&none);
}

static void
test_same(void **state)
{
	const struct se_setup_values nothing = {.text = {[SE_KEY_MATCH] = NULL}};
	const struct se_setup_values list = {
		.text = {
			[SE_KEY_MATCH] = "a@b.example c@d.example", [SE_KEY_TENANT] = "b.example"}};

	(void)state;
	changes_to("one", &nothing, before);
	changes_to("two", &nothing, before);
	changes_to("one", &list, before);
}

static void
test_change(void **state)
{
	const struct se_setup_values values = {
		.text = {[SE_KEY_MATCH] = "a@b.example",
			[SE_KEY_CLIENT_ID] = "id",
			[SE_KEY_TENANT] = "c.example"},
	};

	(void)state;
	changes_to("one", &values,
		"; first\n[defaults]\ntimeout = 5\n\n[ account   One ]  \n# of one\n"
		"match = a@b.example\nTENANT= c.example\nclient_id = id\n\n# of two\n"
		"[account two]\nmatch\t=\tx@y.example");
	changes_to("two", &values,
		"; first\n[defaults]\ntimeout = 5\n\n[ account   One ]  \n# of one\n"
		"match = a@b.example, c@d.example\nTENANT=b.example\n\n# of two\n"
		"[account two]\nmatch\t=\ta@b.example\ntenant = c.example\nclient_id = id\n");
}

static void
test_gone(void **state)
{
	const struct se_setup_values values = {
		.gone = {[SE_KEY_TENANT] = true, [SE_KEY_CLOUD] = true}};

	(void)state;
	changes_to("one", &values,
		"; first\n[defaults]\ntimeout = 5\n\n[ account   One ]  \n# of one\n"
		"match = a@b.example, c@d.example\n\n# of two\n"
		"[account two]\nmatch\t=\tx@y.example");
}

static void
test_new(void **state)
{
	const struct se_setup_values values = {
		.text = {[SE_KEY_MATCH] = "*", [SE_KEY_CLIENT_ID] = "id"}};
	struct se_buffer none = text_of(""), out;

	(void)state;
	changes_to("three", &values,
		"; first\n[defaults]\ntimeout = 5\n\n[ account   One ]  \n# of one\n"
		"match = a@b.example, c@d.example\nTENANT=b.example\n\n# of two\n"
		"[account two]\nmatch\t=\tx@y.example\n\n"
		"[account three]\nmatch     = *\nclient_id = id\n");
	se_buffer_init(&out, TEXT_MAX);
	assert_true(se_setup_text_change(&none, "x", &values, &out));
	assert_non_null(strstr(se_buffer_text(&out), "\n[account x]\nmatch     = *\n"));
	assert_int_equal(se_buffer_text(&out)[0], '#');
	se_buffer_free(&out);
	se_buffer_free(&none);
}

/* --- what a tenant says of itself ------------------------------------------------------------- */

#define ID "aaaabbbb-0000-cccc-1111-dddd2222eeee"

static void
says(const char *body, const char *cloud, const char *id)
{
	struct se_discovery found;
	struct se_error error;

	assert_int_equal(se_discovery_read(body, strlen(body), &found, &error), SE_OK);
	if (cloud == NULL)
		assert_null(found.cloud);
	else
		assert_string_equal(found.cloud->name, cloud);
	assert_string_equal(found.tenant_id, id);
}

static void
test_document(void **state)
{
	(void)state;
	says("{\"issuer\": \"https://login.microsoftonline.com/" ID
	     "/v2.0\", \"cloud_instance_name\": "
	     "\"microsoftonline.com\", \"tenant_region_sub_scope\": \"GCC\"}",
		"global", ID);
	says("{\"issuer\": \"https://login.microsoftonline.us/" ID
	     "/v2.0\", \"cloud_instance_name\": "
	     "\"microsoftonline.us\", \"tenant_region_sub_scope\": \"DODCON\"}",
		"gcc-high", ID);
	says("{\"issuer\": \"https://login.microsoftonline.us/" ID
	     "/v2.0\", \"cloud_instance_name\": "
	     "\"microsoftonline.us\", \"tenant_region_sub_scope\": \"DOD\"}",
		"dod", ID);
	says("{\"issuer\": \"https://x/" ID
	     "\", \"cloud_instance_name\": \"partner.microsoftonline.cn\"}",
		"china", ID);
	says("{\"issuer\": \"https://x/{tenantid}/v2.0\", \"cloud_instance_name\": \"elsewhere\"}",
		NULL, "");
	says("{\"issuer\": \"https://x/zzzzbbbb-0000-cccc-1111-dddd2222eeee/v2.0\"}", NULL, "");
	says("{\"issuer\": \"x\"}", NULL, "");
}

static void
test_no_document(void **state)
{
	static const char *const wrong[] = {"", "{", "[]", "{}", "{\"issuer\": 5}", "<html>"};
	struct se_discovery found;
	struct se_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(
			se_discovery_read(wrong[i], strlen(wrong[i]), &found, &error), SE_AGAIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_no_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
