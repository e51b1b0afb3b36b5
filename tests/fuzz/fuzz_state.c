/* Fuzzes state files: any bytes are a state that can be written and then read as the same, or are
 * left as they are, with a sentence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "engine/store.h"
#include "engine/store_names.h"

#include "fuzz.h"

enum { NOW = 1800000000 };

static struct se_store *store;
static char path[4096]; /* of the one state file */

/* Both have the name of the one file: it can be of either. */
static struct se_token_key person, app;

static void
open_store(void)
{
	struct se_error error;

	must(se_token_key_make(person_account(), FUZZ_LOGIN, &person, &error) == SE_OK);
	must(se_token_key_make(app_account(), FUZZ_LOGIN, &app, &error) == SE_OK);
	memcpy(app.name, person.name, sizeof(app.name));
	store = se_store_open(scratch("state"), true, &error);
	must(store != NULL);
	(void)snprintf(path, sizeof(path), "%s/%s.json", se_store_path(store), person.name);
}

static void
must_be_same_state(const struct se_state *a, const struct se_state *b)
{
	must(se_secret_equal(a->access_token, b->access_token));
	must(se_secret_equal(a->refresh_token, b->refresh_token));
	must(a->times.obtained == b->times.obtained && a->warned == b->warned);
	must(a->signed_in == b->signed_in);
	if (a->access_token != NULL) {
		must(a->times.expires == b->times.expires && a->times.renew == b->times.renew);
		must(a->times.usable == b->times.usable);
		must_be_same(a->fingerprint, b->fingerprint);
	}
	if (a->refresh_token != NULL)
		must(a->refresh_token_since == b->refresh_token_since);
	must(a->failure.code == b->failure.code);
	if (a->failure.code != SE_OK) {
		must(a->failure.until == b->failure.until && a->failure.count == b->failure.count);
		must(a->failure.since == b->failure.since && a->failure.first == b->failure.first);
		must_be_same(a->failure.cause, b->failure.cause);
		must_be_same(a->failure.text, b->failure.text);
	}
}

static void
write_again(const struct se_token_key *key, const struct se_state *state)
{
	struct se_state again;
	struct se_error error;

	must(se_store_write(store, key, state, &error) == SE_OK);
	must(se_store_read(store, key, &again, &error) == SE_OK);
	must_be_same_state(state, &again);
	se_state_free(&again);
}

static void
must_be_untouched(const struct input *input)
{
	struct se_buffer now;

	se_buffer_init(&now, SE_STATE_SIZE_MAX + 1);
	must(se_file_read(path, SE_FILE_SECRET, &now, NULL, NULL) == SE_OK);
	must(now.len == input->len &&
		(now.len == 0 || memcmp(now.data, input->data, now.len) == 0));
	se_buffer_free(&now);
}

/* In milliseconds it is a number as well, and so is the sum of a few. */
static void
must_be_time(int64_t seconds)
{
	must(seconds > INT64_MIN / 10000 && seconds < INT64_MAX / 10000);
}

/* Whatever times are in a file, they can be reckoned with. */
static void
judge(const struct se_state *state)
{
	(void)se_policy_judge(&state->times, NOW, 300);
	(void)se_policy_still_valid(&state->times, NOW);
	(void)se_policy_backoff(state->failure.code, 0, state->failure.count, 0);
	must_be_time(state->times.obtained);
	must_be_time(state->times.expires);
	must_be_time(state->times.usable);
	must_be_time(state->times.renew);
	must_be_time(state->failure.since);
	must_be_time(state->failure.until);
	must_be_time(state->warned);
}

static void
read_as(const struct se_token_key *key, const struct input *input)
{
	struct se_state state;
	struct se_error error;
	enum se_code code;

	write_file(path, input->data, input->len);
	se_error_clear(&error);
	code = se_store_read(store, key, &state, &error);
	if (code == SE_OK) {
		must(strlen(state.fingerprint) <= SE_FINGERPRINT_MAX);
		must(state.failure.count < 1000 && state.failure.code < SE_ABSENT);
		must_be_printable(state.failure.text);
		judge(&state);
		write_again(key, &state);
	} else {
		must(code == SE_CONFIG); /* never "no state yet" */
		must(state.access_token == NULL && state.refresh_token == NULL);
		must_explain(&error, code);
		must(strstr(error.text, path) != NULL);
		must_hold_no_secret(error.text, input->data, input->len);
		must_be_untouched(input);
	}
	se_state_free(&state);
}

static void
take_holder(void *context, const char *holder)
{
	unsigned *count = context;

	must(strlen(holder) <= SE_NAME_MAX);
	(*count)++;
}

/* What those see that look at all files. */
static void
list(void)
{
	char identity[SE_NAME_MAX + 1];
	se_token_key_name *names = NULL;
	unsigned sign_ins = 0;
	struct se_error error;
	size_t count = 0;
	bool is_sign_in;

	must(se_store_has(store, &person));
	must(se_store_names(store, &names, &count, &error) == SE_OK);
	must(count == 1 && strcmp(names[0], person.name) == 0);
	is_sign_in = se_store_identity(store, names[0], identity);
	if (is_sign_in)
		must(strlen(identity) <= SE_NAME_MAX);
	se_store_each_sign_in(store, take_holder, &sign_ins);
	must(sign_ins == (is_sign_in ? 1 : 0));
	free(names);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};

	if (store == NULL)
		open_store();
	if (size > SE_STATE_SIZE_MAX)
		return 0;
	read_as(&person, &input);
	read_as(&app, &input);
	write_file(path, input.data, input.len);
	list();
	return 0;
}
