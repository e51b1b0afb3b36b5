#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/json.h"

#include "engine_sealing.h"

struct se_token_key anna, berta, app;
struct se_store *store;
struct se_error error;

int
sealing_begin(void **state)
{
	struct se_config *config;

	(void)state;
	scratch_make();
	config = config_of("[account person]\n"
			   "match = *@fabrikam.com\n"
			   "tenant = fabrikam.com\n"
			   "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
			   "[account relay]\n"
			   "match = *@contoso.com\n"
			   "tenant = contoso.com\n"
			   "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
			   "credential = secret\n"
			   "client_secret_file = /etc/sasl-entra/secret\n");
	assert_int_equal(
		se_token_key_make(&config->accounts[0], "anna@fabrikam.com", &anna, &error), SE_OK);
	assert_int_equal(
		se_token_key_make(&config->accounts[0], "berta@fabrikam.com", &berta, &error),
		SE_OK);
	assert_int_equal(
		se_token_key_make(&config->accounts[1], "x@contoso.com", &app, &error), SE_OK);
	se_config_free(config);
	return 0;
}

int
sealing_end(void **state)
{
	(void)state;
	se_token_key_free(&anna);
	se_token_key_free(&berta);
	se_token_key_free(&app);
	scratch_remove();
	return 0;
}

const char *
file_of(const struct se_token_key *key)
{
	char name[100];

	snprintf(name, sizeof(name), "state/%s.json", key->name);
	return scratch(name);
}

char *
content_of(const struct se_token_key *key)
{
	char *text = read_text(file_of(key));

	assert_non_null(text);
	return text;
}

const char *
key_file(void)
{
	return scratch("state.key");
}

/* The store reads the key file when it has changed: to be sure, as another inode. */
void
write_keys(const char *lines)
{
	write_text(scratch("new.key"), lines);
	assert_int_equal(rename(scratch("new.key"), key_file()), 0);
}

void
seal_with(const char *path)
{
	const struct se_state_key key = {.file = path};

	assert_int_equal(se_store_seal_with(store, &key, &error), SE_OK);
}

int
sealing_set_up(void **state)
{
	(void)state;
	memset(&error, 0, sizeof(error));
	write_keys(KEY_A "\n");
	store = se_store_open(scratch("state"), true, &error);
	if (store == NULL)
		return -1;
	seal_with(key_file());
	return 0;
}

int
sealing_tear_down(void **state)
{
	char command[300];

	(void)state;
	end_if_child();
	se_store_close(store);
	store = NULL;
	snprintf(command, sizeof(command), "rm -rf '%s' '%s'", scratch("state"), key_file());
	assert_int_equal(system(command), 0);
	return 0;
}

enum se_code
write_token(const struct se_token_key *key, const char *refresh)
{
	struct se_state state = {0};
	enum se_code code;

	state.access_token = se_secret_new("canary.access", 13);
	state.refresh_token = se_secret_new(refresh, strlen(refresh));
	state.times = (struct se_times){1000, 4600, 4600, 2800};
	memset(&error, 0, sizeof(error));
	code = se_store_write(store, key, &state, &error);
	se_state_free(&state);
	return code;
}

void
must_write(const struct se_token_key *key, const char *refresh)
{
	if (write_token(key, refresh) != SE_OK)
		fail_msg("%s", error.text);
}

void
expect_token(const struct se_token_key *key, const char *refresh)
{
	struct se_state state;

	if (se_store_read(store, key, &state, &error) != SE_OK)
		fail_msg("%s", error.text);
	assert_string_equal(se_secret_reveal(state.refresh_token), refresh);
	assert_string_equal(se_secret_reveal(state.access_token), "canary.access");
	se_state_free(&state);
}

void
expect_unreadable(const struct se_token_key *key, const char *words)
{
	struct se_state state;

	memset(&error, 0, sizeof(error));
	assert_int_equal(se_store_read(store, key, &state, &error), SE_CONFIG);
	assert_null(state.access_token);
	assert_null(state.refresh_token);
	assert_says(error.text, words);
	assert_silent_about(error.text, "canary");
}

void
expect_left(const struct se_token_key *key, const char *content, size_t len)
{
	char *left = content_of(key);

	assert_memory_equal(left, content, len + 1);
	free(left);
}

bool
is_sealed(const struct se_token_key *key)
{
	char *text = content_of(key);
	bool sealed = strstr(text, "\"sealed\"") != NULL;

	assert_int_equal(strstr(text, "canary") == NULL, sealed);
	free(text);
	return sealed;
}

/* The value of a member, to be freed. */
char *
member(const struct se_token_key *key, const char *name)
{
	char *text = content_of(key), *value;
	struct se_json *json = se_json_parse(text, strlen(text));

	assert_non_null(json);
	value = strdup(se_json_string(se_json_object(json, "sealed"), name));
	assert_non_null(value);
	se_json_free(json);
	free(text);
	return value;
}
