/* What the engine promises when an allocation fails: no token is lost, no success is claimed, the
 * error says that memory ran out, and afterwards everything goes on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/json.h"
#include "engine/managed_identity.h"

#include "alloc.h"
#include "engine_asking.h"

enum { PAUSE_S = 301 /* the longest for which a failure is remembered */ };

/* In a process where nothing fails these are not there. */
static void
fail_from_here(void)
{
	if (torture_begin != NULL)
		torture_begin();
}

static void
fail_no_more(void)
{
	if (torture_end != NULL)
		torture_end();
}

static int
set_up(void **state)
{
	(void)state;
	asking_set_up();
	return 0;
}

/* Memory, or what libcurl and OpenSSL make of it; and a sentence about it. */
static void
check_error(enum se_code code, const struct se_error *error)
{
	/* OpenSSL without memory finds no CA, and says only that. */
	bool certificate = code == SE_CONFIG && strstr(error->text, "certificate") != NULL;

	if (code != SE_MEMORY && code != SE_AGAIN && !certificate)
		fail_msg("error class %d: %s", code, error->text);
	assert_int_equal(error->code, code);
	assert_true(strlen(error->text) > 10);
}

/* --- the store -------------------------------------------------------------------------------- */

struct scene {
	struct se_store *store;
	struct se_token_key key;
};

static void
open_scene(struct scene *scene)
{
	struct se_error error;

	configure("kept", true, "", "");
	sign_in(PERSON, "0.the-old-one");
	key_of(PERSON, &scene->key);
	scene->store = se_store_open(state_directory(), true, &error);
	assert_non_null(scene->store);
}

static void
close_scene(struct scene *scene)
{
	se_store_close(scene->store);
	se_token_key_free(&scene->key);
}

static void
test_write(void **test_state)
{
	struct se_error error = {0};
	struct se_state state = {0};
	struct scene scene;
	enum se_code code;
	char *kept;

	(void)test_state;
	open_scene(&scene);
	state.refresh_token = se_secret_new("0.the-new-one", 13);
	state.access_token = se_secret_new("access", 6);
	fail_from_here();
	code = se_store_write(scene.store, &scene.key, &state, &error);
	fail_no_more();
	kept = kept_refresh_token(PERSON);
	assert_non_null(kept);
	if (code == SE_OK) {
		assert_string_equal(kept, "0.the-new-one");
	} else {
		assert_int_equal(code, SE_MEMORY);
		check_error(code, &error);
		assert_string_equal(kept, "0.the-old-one");
	}
	assert_int_equal(count_hidden(state_directory()), 0);
	free(kept);
	se_state_free(&state);
	close_scene(&scene);
}

static void
test_read(void **test_state)
{
	struct se_error error = {0};
	struct se_state state = {0};
	struct scene scene;
	enum se_code code;

	(void)test_state;
	open_scene(&scene);
	fail_from_here();
	code = se_store_read(scene.store, &scene.key, &state, &error);
	fail_no_more();
	if (code == SE_OK) {
		assert_non_null(state.refresh_token);
		assert_string_equal(se_secret_reveal(state.refresh_token), "0.the-old-one");
	} else {
		assert_int_equal(code, SE_MEMORY);
		check_error(code, &error);
		assert_null(state.refresh_token);
	}
	se_state_free(&state);
	close_scene(&scene);
}

static void
test_open(void **test_state)
{
	struct se_error error = {0};
	struct se_store *store;

	(void)test_state;
	fail_from_here();
	store = se_store_open(state_directory(), true, &error);
	fail_no_more();
	if (store == NULL)
		check_error(error.code, &error);
	se_store_close(store);
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* A member is not left out in silence, neither of what is read nor of what is written. */
static void
test_json(void **test_state)
{
	static const char text[] = "{\"one\":1,\"two\":\"zwei\",\"three\":{\"four\":[1,2]},"
				   "\"five\":\"0.a-longer-text-than-fits-inside-an-object\"}";
	struct se_buffer out;
	struct se_json *json;
	bool written = false;

	(void)test_state;
	se_buffer_init(&out, 4096);
	fail_from_here();
	json = se_json_parse(text, strlen(text));
	if (json == NULL)
		assert_int_equal(errno, ENOMEM);
	else
		written = se_json_write_compact(json, &out);
	fail_no_more();
	if (written)
		assert_string_equal(se_buffer_text(&out), text);
	se_buffer_free(&out);
	se_json_free(json);
}

/* --- configuration ---------------------------------------------------------------------------- */

static void
test_load(void **test_state)
{
	struct se_error error = {0};
	struct se_engine *engine;
	enum se_code code;
	const char *text;

	(void)test_state;
	configure("load", true, "", "");
	engine = engine_start(SE_ROLE_AGENT);
	configure("load", true, "timeout = 7\n", "");
	fail_from_here();
	code = se_engine_load(engine, &error);
	fail_no_more();
	assert_non_null(se_engine_config(engine));
	assert_int_equal(se_engine_config(engine)->account_count, 2);
	if (code != SE_OK) {
		assert_int_equal(code, SE_MEMORY);
		check_error(code, &error);
		text = se_engine_config(engine)->accounts[0].value[SE_KEY_TIMEOUT].text;
		assert_true(text == NULL || strcmp(text, "7") != 0);
		assert_int_equal(se_engine_load_if_changed(engine, &error), SE_OK);
	}
	assert_string_equal(se_engine_config(engine)->accounts[0].value[SE_KEY_TIMEOUT].text, "7");
	assert_true(ask_number(engine) > 0);
	se_engine_free(engine);
}

static void
test_load_first(void **test_state)
{
	struct se_error error = {0};
	struct se_config *config = NULL;
	enum se_code code;

	(void)test_state;
	configure("first", true, "", "");
	fail_from_here();
	code = se_config_load(configuration(), &config, NULL, &error);
	fail_no_more();
	assert_true((code == SE_OK) == (config != NULL));
	if (code != SE_OK) {
		assert_int_equal(code, SE_MEMORY);
		check_error(code, &error);
	}
	se_config_free(config);
}

/* The same while somebody waits for a token of the configuration before. */
static void
test_load_meanwhile(void **test_state)
{
	struct asked asked = {0};
	struct se_error error = {0};
	struct se_engine *engine;
	enum se_code code;

	(void)test_state;
	configure("meanwhile", true, "", "");
	engine = engine_start(SE_ROLE_AGENT);
	ask_begin(engine, &asked);
	assert_false(asked.at_once);
	configure("meanwhile", true, "timeout = 7\n", "");
	fail_from_here();
	code = se_engine_load(engine, &error);
	fail_no_more();
	if (code != SE_OK) {
		assert_int_equal(code, SE_MEMORY);
		check_error(code, &error);
	}
	ask_wait(engine, &asked);
	assert_true(token_number(&asked) > 0);
	assert_int_equal(se_engine_load_if_changed(engine, &error), SE_OK);
	assert_string_equal(se_engine_config(engine)->accounts[0].value[SE_KEY_TIMEOUT].text, "7");
	se_engine_free(engine);
}

/* --- a token ---------------------------------------------------------------------------------- */

/* Asks again, when nothing fails. */
static void
ask_afterwards(struct se_engine *engine, struct asked *asked)
{
	world_wait(PAUSE_S);
	ask(engine, asked);
	if (asked->code != SE_OK)
		fail_msg("afterwards: %s", asked->error.text);
	assert_true(strlen(asked->token) > 10);
}

/* Asks while allocations fail: a token, or an error that says why, and nothing else. Afterwards
 * the same engine has a token to give. */
static void
ask_in_need(struct se_engine *engine, struct asked *asked)
{
	fail_from_here();
	ask(engine, asked);
	fail_no_more();
	if (asked->code != SE_OK) {
		check_error(asked->code, &asked->error);
		assert_string_equal(asked->token, "");
	}
	ask_afterwards(engine, asked);
}

static void
test_app(void **test_state)
{
	struct asked asked = {0};
	struct se_engine *engine;

	(void)test_state;
	configure("app", true, "", "");
	engine = engine_start(SE_ROLE_AGENT);
	ask_in_need(engine, &asked);
	se_engine_free(engine);
}

/* The machine answered with the token of another identity than was asked for, and does not say so
 * but inside of the token. */
static void
test_machine(void **test_state)
{
	static const char body[] =
		"{\"expires_in\":\"3599\",\"token_type\":\"Bearer\",\"access_token\":"
		"\"e30.eyJhcHBpZCI6Ijk5OTk5OTk5LWFhYWEtMjIyMi1iYmJiLTMzMzNjY2NjNDQ0NCJ9.x\"}";
	const struct se_http_response response = {
		.status = 200, .body = body, .body_len = sizeof(body) - 1, .challenge = ""};
	const struct se_machine machine = {.kind = SE_MACHINE_VM};
	struct se_config *config = config_of("[account a]\nmatch = *\ntenant = contoso.com\n"
					     "credential = managed-identity\n"
					     "managed_identity_id = client_id:" APP "\n");
	struct se_error error = {0};
	struct se_grant grant = {0};
	enum se_code code;

	(void)test_state;
	fail_from_here();
	code = se_machine_answer(&machine, &config->accounts[0], &response, 1, &grant, &error);
	fail_no_more();
	if (code == SE_CONFIG)
		assert_says(error.text, "another one");
	else
		assert_int_equal(code, SE_MEMORY);
	assert_null(grant.access_token);
	se_config_free(config);
}

static bool
begins(const char *text, const char *with)
{
	return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

/* The endpoint gives another refresh token each time. What is kept in the end must be the one of
 * the last token that was handed out, and there is one at any time. */
static void
test_rotation(void **test_state)
{
	struct asked asked = {.login = PERSON};
	struct se_engine *engine;
	char *kept;

	(void)test_state;
	configure("rotation", true, "", "");
	sign_in(PERSON, "0.imported");
	engine = engine_start(SE_ROLE_AGENT);
	(void)faults_say("answer rotation {\"refresh\": true}");
	fail_from_here();
	ask(engine, &asked);
	fail_no_more();
	kept = kept_refresh_token(PERSON);
	assert_true(begins(kept, "0.imported") || begins(kept, "refresh-rotation-"));
	free(kept);
	if (asked.code != SE_OK)
		check_error(asked.code, &asked.error);
	/* It is past the life of the token: the refresh token is needed again. */
	world_wait(7200);
	ask_afterwards(engine, &asked);
	se_engine_free(engine);
	kept = kept_refresh_token(PERSON);
	assert_true(begins(kept, "refresh-rotation-"));
	assert_int_equal(
		strtoul(kept + strlen("refresh-rotation-"), NULL, 10), token_number(&asked));
	free(kept);
}

/* A state that was there before the process: its refresh token is read while memory is short. */
static void
test_start(void **test_state)
{
	struct se_engine_options options = {
		.role = SE_ROLE_AGENT, .configuration = configuration(), .world = &world};
	struct asked asked = {.login = PERSON};
	struct se_error error = {0};
	struct se_engine *engine;
	char *kept;

	(void)test_state;
	configure("start", true, "", "");
	sign_in(PERSON, "0.imported");
	fail_from_here();
	engine = se_engine_new(&options);
	if (engine != NULL && se_engine_load(engine, &error) != SE_OK)
		check_error(error.code, &error);
	fail_no_more();
	if (engine != NULL) {
		assert_int_equal(se_engine_load_if_changed(engine, &error), SE_OK);
		ask_afterwards(engine, &asked);
	}
	se_engine_free(engine);
	kept = kept_refresh_token(PERSON);
	assert_true(begins(kept, "0.imported"));
	free(kept);
}

/* What libraries set up at their first use is there already: OpenSSL does not try that again. */
static int
begin(void **state)
{
	struct se_engine *engine;

	if (faults_begin(state) != 0)
		return 1;
	asking_set_up();
	configure("warm", false, "", "");
	engine = engine_start(SE_ROLE_HOST);
	assert_true(ask_number(engine) > 0);
	se_engine_free(engine);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_write, set_up),
		cmocka_unit_test_setup(test_read, set_up),
		cmocka_unit_test_setup(test_open, set_up),
		cmocka_unit_test_setup(test_json, set_up),
		cmocka_unit_test_setup(test_load, set_up),
		cmocka_unit_test_setup(test_load_first, set_up),
		cmocka_unit_test_setup(test_load_meanwhile, set_up),
		cmocka_unit_test_setup(test_machine, set_up),
		cmocka_unit_test_setup(test_app, set_up),
		cmocka_unit_test_setup(test_rotation, set_up),
		cmocka_unit_test_setup(test_start, set_up),
	};

	return cmocka_run_group_tests_name("promise_engine", tests, begin, faults_end);
}
