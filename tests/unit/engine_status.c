/*
 * engine_status: how an account is judged, and the walk through all of them, page by page.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/account.h"
#include "engine/json.h"
#include "engine/status.h"
#include "engine/status_walk.h"
#include "engine/store_names.h"

#include "engine_support.h"

#define APP "00001111-aaaa-2222-bbbb-3333cccc4444"
#define DAY 86400

static const int64_t now = INT64_C(1800000000);

static int
begin(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

/* --- judging ---------------------------------------------------------------------------------- */

static const struct se_account app = {.label = "relay", .app_only = true};
static const struct se_account person = {.label = "scanner"};

static void
judge(const struct se_account *account, const struct se_state *state, struct se_status *status)
{
	se_status_begin(status, account);
	se_status_take(status, state, now);
	se_status_judge(status);
}

static void
an_app_needs_nobody(void **state)
{
	struct se_state kept = {.access_token = NULL};
	struct se_status status;

	(void)state;
	judge(&app, &kept, &status);
	assert_int_equal(status.code, SE_OK);
	assert_false(status.used);
	assert_null(status.needs);

	kept.access_token = se_secret_new("token", 5);
	kept.times = (struct se_times){now - 600, now + 3000, now + 3000, now + 1200};
	strcpy(kept.fingerprint, "0123abcd");
	judge(&app, &kept, &status);
	assert_true(status.used);
	assert_int_equal(status.seconds_left, 3000);
	assert_string_equal(status.fingerprint, "0123abcd");
	assert_null(status.needs);

	/* Used up: the next message gets a new one. */
	kept.times.expires = now - 1;
	judge(&app, &kept, &status);
	assert_int_equal(status.seconds_left, 0);
	assert_null(status.needs);
	se_state_free(&kept);
}

static void
a_failure_needs_whom_it_names(void **state)
{
	static const struct {
		enum se_code code;
		const char *needs;
	} cases[] = {{SE_AGAIN, NULL}, {SE_SIGN_IN, "sign in"}, {SE_ADMIN, "admin"},
		{SE_CONFIG, "config"}, {SE_INTERNAL, NULL}};
	struct se_status status;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct se_state kept = {.failure = {.code = cases[i].code,
						.first = now - 500,
						.since = now - 20,
						.until = now + 280,
						.count = 7,
						.text = "because"}};

		judge(&app, &kept, &status);
		assert_int_equal(status.code, cases[i].code);
		assert_string_equal(status.text, "because");
		assert_int_equal(status.failure_first, now - 500);
		assert_int_equal(status.failure_last, now - 20);
		assert_int_equal(status.failure_until, now + 280);
		assert_int_equal(status.failures, 7);
		if (cases[i].needs != NULL)
			assert_string_equal(status.needs, cases[i].needs);
		else
			assert_null(status.needs);
	}
}

static void
a_sign_in_gets_old(void **state)
{
	struct se_state kept = {.refresh_token = se_secret_new("refresh", 7),
		.refresh_token_since = now - (int64_t)80 * DAY + 1};
	struct se_status status;

	(void)state;
	judge(&person, &kept, &status);
	assert_int_equal(status.refresh_token_days, 79);
	assert_null(status.needs);
	kept.refresh_token_since--;
	judge(&person, &kept, &status);
	assert_int_equal(status.refresh_token_days, 80);
	assert_string_equal(status.needs, "old sign-in");
	assert_says(status.text, "80 days");
	assert_says(status.text, "sasl-entra refresh scanner");
	/* A clock that went back says nothing. */
	kept.refresh_token_since = now + 1;
	judge(&person, &kept, &status);
	assert_true(status.refresh_token_days == SE_DAYS_UNKNOWN);
	assert_null(status.needs);
	se_state_free(&kept);
}

static void
nobody_has_signed_in(void **state)
{
	struct se_state kept = {.access_token = NULL};
	struct se_status status;

	(void)state;
	judge(&person, &kept, &status);
	assert_int_equal(status.code, SE_SIGN_IN);
	assert_string_equal(status.needs, "sign in");
	assert_says(status.text, "[account scanner]");

	se_status_begin(&status, &person);
	status.identity = "anna@contoso.com";
	se_status_take(&status, &kept, now);
	se_status_judge(&status);
	assert_says(status.text, "sasl-entra login anna@contoso.com");
}

static void
a_certificate_ends(void **state)
{
	static const struct {
		int64_t left, days;
		bool needs;
	} cases[] = {{8 * DAY, 8, false}, {8 * DAY - 1, 7, true}, {0, 0, true}, {-1, -1, true},
		{-DAY - 1, -2, true}};
	struct se_status status;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		se_status_begin(&status, &app);
		se_status_certificate(&status, now + cases[i].left, now);
		se_status_judge(&status);
		assert_int_equal(status.certificate_days, cases[i].days);
		assert_int_equal(status.needs != NULL, cases[i].needs);
		if (cases[i].needs)
			assert_says(status.text, cases[i].left < 0 ? "has ended" : "ends in");
	}
}

static void
a_line_is_json(void **state)
{
	static const char *const members[] = {"account", "name", "sign_in", "credential",
		"identity", "token_key", "state", "needs", "text", "fingerprint", "seconds_left",
		"obtained", "expires", "renews", "failure_first", "failure_last", "failure_until",
		"failures", "refresh_token_days", "certificate_days", "kept", "state_file"};
	struct se_state kept = {
		.failure = {.code = SE_ADMIN, .since = 5, .text = "a \"b\" \\ \xff c"}};
	struct se_status status;
	struct se_buffer out;
	struct se_json *json;

	(void)state;
	judge(&app, &kept, &status);
	se_buffer_init(&out, SE_STATUS_MAX);
	assert_true(se_status_line(&status, &out));
	assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 1);
	json = se_json_parse(out.data, out.len);
	assert_non_null(json);
	assert_string_equal(se_json_string(json, "state"), "admin");
	assert_string_equal(se_json_string(json, "needs"), "admin");
	assert_string_equal(se_json_string(json, "text"), "a \"b\" \\ \xef\xbf\xbd c");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		char name[64];

		snprintf(name, sizeof(name), "\"%s\": ", members[i]);
		assert_says(out.data, name);
	}
	se_json_free(json);
	se_buffer_free(&out);
}

/* --- walking ---------------------------------------------------------------------------------- */

static struct se_store *
fresh_store(void)
{
	char command[300];
	struct se_error error;
	struct se_store *store;

	snprintf(command, sizeof(command), "rm -rf '%s'", scratch("state"));
	assert_int_equal(system(command), 0);
	store = se_store_open(scratch("state"), true, &error);
	if (store == NULL)
		fail_msg("%s", error.text);
	return store;
}

static void
keep_sign_in(struct se_store *store, const struct se_config *config, const char *login)
{
	struct se_state kept = {
		.refresh_token = se_secret_new("refresh", 7), .refresh_token_since = now - DAY};
	const struct se_account *account;
	struct se_token_key key;
	struct se_error error;

	account = se_account_match(config, login, &error);
	assert_non_null(account);
	assert_int_equal(se_token_key_make(account, login, &key, &error), SE_OK);
	assert_int_equal(se_store_write(store, &key, &kept, &error), SE_OK);
	se_token_key_free(&key);
	se_state_free(&kept);
}

/* All lines, and how many pages they took; fails when a page is too large. */
static char *
walk(const struct se_status_source *source, unsigned *pages)
{
	char cursor[SE_NAME_MAX + 1] = "";
	struct se_answer answer;
	struct se_buffer all;
	struct se_error error;
	char *text;

	se_buffer_init(&all, 8 << 20);
	*pages = 0;
	do {
		if (se_status_walk(source, cursor, &answer, &error) != SE_OK)
			fail_msg("%s", error.text);
		if (answer.status != NULL) {
			assert_true(strlen(answer.status) <= SE_STATUS_MAX);
			assert_true(se_buffer_add_text(&all, answer.status));
		}
		snprintf(cursor, sizeof(cursor), "%s", answer.more);
		se_answer_free(&answer);
		assert_true(++*pages < 1000);
	} while (cursor[0] != '\0');
	text = strdup(se_buffer_text(&all));
	se_buffer_free(&all);
	return text;
}

static unsigned
count(const char *text, const char *word)
{
	unsigned n = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		n++;
	return n;
}

#define RELAY \
	"[account relay]\nmatch = *@contoso.com\ntenant = contoso.com\nclient_id = " APP \
	"\ncredential = secret\nclient_secret_file = /nowhere\n"
#define PEOPLE \
	"[account people]\nmatch = *@fabrikam.com, bob@fabrikam.com\ntenant = fabrikam.com\n" \
	"client_id = " APP "\n"
#define OTHERS \
	"[account others]\nmatch = *@fabrikam.net\ntenant = fabrikam.com\nclient_id = " APP "\n"
#define PASSWORD \
	"[account pw]\nmatch = *@example.com\ntoken_from = password\nservers = mail.example.com\n"

static void
walks_each_kind(void **state)
{
	struct se_config *config = config_of(RELAY PEOPLE OTHERS PASSWORD);
	struct se_store *store = fresh_store();
	struct se_status_source source = {.config = config, .store = store, .now = now};
	unsigned pages;
	char *all;

	(void)state;
	keep_sign_in(store, config, "ada@fabrikam.com");
	keep_sign_in(store, config, "bob@fabrikam.com");
	all = walk(&source, &pages);
	assert_int_equal(pages, 1);
	assert_int_equal(count(all, "\n"), 5);
	assert_int_equal(count(all, "\"state\": \"unused\""), 3);
	assert_int_equal(count(all, "\"identity\": \"ada@fabrikam.com\""), 1);
	assert_int_equal(count(all, "\"identity\": \"bob@fabrikam.com\""), 1);
	assert_int_equal(count(all, "\"refresh_token_days\": 1"), 2);
	/* The same tenant and app, and nobody there who signed in. */
	assert_int_equal(count(all, "\"needs\": \"sign in\""), 1);
	assert_says(all, "[account others]");
	assert_int_equal(count(all, "\"state\": \"password\""), 1);
	free(all);
	se_store_close(store);
	se_config_free(config);
}

static void
walks_without_a_store(void **state)
{
	struct se_config *config = config_of(RELAY PEOPLE);
	struct se_status_source source = {.config = config, .memory_only = true, .now = now};
	unsigned pages;
	char *all;

	(void)state;
	all = walk(&source, &pages);
	assert_int_equal(count(all, "\n"), 2);
	assert_says(all, "\"kept\": \"memory\"");
	assert_says(all, "needs a state directory");
	free(all);
	se_config_free(config);
}

static void
says_that_a_file_is_damaged(void **state)
{
	struct se_config *config = config_of(RELAY);
	struct se_store *store = fresh_store();
	struct se_status_source source = {.config = config, .store = store, .now = now};
	struct se_token_key key;
	struct se_error error;
	char path[100];
	unsigned pages;
	char *all;

	(void)state;
	assert_int_equal(se_token_key_make(&config->accounts[0], "x", &key, &error), SE_OK);
	snprintf(path, sizeof(path), "state/%s.json", key.name);
	write_text(scratch(path), "{");
	all = walk(&source, &pages);
	assert_says(all, "\"needs\": \"config\"");
	assert_says(all, "is damaged");
	free(all);
	se_token_key_free(&key);
	se_store_close(store);
	se_config_free(config);
}

static void
pages_through_a_thousand_accounts(void **state)
{
	struct se_buffer text;
	struct se_config *config;
	struct se_status_source source = {.memory_only = true, .now = now};
	unsigned pages;
	char *all, line[64];

	(void)state;
	se_buffer_init(&text, 1 << 20);
	for (unsigned i = 0; i < 1000; i++)
		se_buffer_addf(&text,
			"[account a%u]\nmatch = *@d%u.example\ntenant = contoso.com\n"
			"client_id = " APP "\ncredential = secret\nclient_secret_file = /s%u\n",
			i, i, i);
	assert_false(text.failed);
	config = config_of(text.data);
	source.config = config;
	all = walk(&source, &pages);
	assert_int_equal(count(all, "\n"), 1000);
	assert_in_range(pages, 10, 30);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "{\"account\": \"a%u\",", i);
		assert_int_equal(count(all, line), 1);
	}
	free(all);
	se_config_free(config);
	se_buffer_free(&text);
}

static void
pages_through_a_thousand_sign_ins(void **state)
{
	struct se_config *config = config_of(PEOPLE OTHERS);
	struct se_store *store = fresh_store();
	struct se_status_source source = {.config = config, .store = store, .now = now};
	char login[64];
	unsigned pages;
	char *all;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(login, sizeof(login), "p%u@fabrikam.com", i);
		keep_sign_in(store, config, login);
	}
	all = walk(&source, &pages);
	/* bob, who has not signed in, and the others, of whom nobody has */
	assert_int_equal(count(all, "\n"), 1002);
	assert_int_equal(count(all, "\"needs\": \"sign in\""), 2);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(login, sizeof(login), "\"identity\": \"p%u@fabrikam.com\"", i);
		assert_int_equal(count(all, login), 1);
	}
	free(all);
	se_store_close(store);
	se_config_free(config);
}

static void
refuses_other_cursors(void **state)
{
	static const char *const cursors[] = {"x", "1", "1.2", "1.2.3", "1.2.3.x", "-", ".",
		"0.0.0.0123456789abcdef", "0.0.0./../../../../../../../../etc/x"};
	struct se_config *config = config_of(RELAY PEOPLE);
	struct se_status_source source = {.config = config, .memory_only = true, .now = now};
	struct se_answer answer;
	struct se_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
		assert_int_equal(se_status_walk(&source, cursors[i], &answer, &error), SE_CONFIG);
		assert_null(answer.status);
	}
	/* Beyond the end, as after a configuration that became shorter. */
	assert_int_equal(se_status_walk(&source, "99.0.0.", &answer, &error), SE_OK);
	assert_null(answer.status);
	assert_string_equal(answer.more, "");
	assert_int_equal(se_status_walk(&source, "1.99.1.", &answer, &error), SE_OK);
	se_answer_free(&answer);
	se_config_free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_app_needs_nobody),
		cmocka_unit_test(a_failure_needs_whom_it_names),
		cmocka_unit_test(a_sign_in_gets_old),
		cmocka_unit_test(nobody_has_signed_in),
		cmocka_unit_test(a_certificate_ends),
		cmocka_unit_test(a_line_is_json),
		cmocka_unit_test(walks_each_kind),
		cmocka_unit_test(walks_without_a_store),
		cmocka_unit_test(says_that_a_file_is_damaged),
		cmocka_unit_test(pages_through_a_thousand_accounts),
		cmocka_unit_test(pages_through_a_thousand_sign_ins),
		cmocka_unit_test(refuses_other_cursors),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
