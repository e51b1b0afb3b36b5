/*
 * driver: what the tests of failing system calls let the store, the engine and the agent's client
 * do. It says how each step ended, on stdout, a line each:
 *
 *   STEP <tab> CLASS <tab> what came of it, or the sentence
 *
 *   driver CONFIGURATION LOGIN read           the state, and whether the lock is free
 *   driver CONFIGURATION LOGIN write TOKEN    as `sasl-entra import`: lock, read, replace
 *   driver CONFIGURATION LOGIN remove         as `sasl-entra logout`
 *   driver CONFIGURATION LOGIN list           what has a state
 *   driver CONFIGURATION LOGIN ask COUNT      as the tool asks an engine, which then ends
 *   driver SOCKET LOGIN client                as the plugin asks the agent
 *
 * The exit code is 0, unless something is wrong with the arguments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/client.h"
#include "core/world.h"
#include "engine/account.h"
#include "engine/config.h"
#include "engine/engine.h"
#include "engine/store.h"
#include "engine/store_names.h"
#include "engine/token_key.h"

static void
say(const char *step, enum se_code code, const char *text)
{
	printf("%s\t%s\t%s\n", step, code == SE_OK ? "ok" : se_code_name(code), text);
	(void)fflush(stdout);
}

static enum se_code
result(const char *step, enum se_code code, const char *good, const struct se_error *error)
{
	say(step, code, code == SE_OK ? good : error->text);
	return code;
}

/* --- the store -------------------------------------------------------------------------------- */

struct place {
	struct se_token_key key;
	struct se_store *store;
};

static bool
find(const char *configuration, const char *login, struct place *place)
{
	struct se_error error = {0};
	struct se_config *config = NULL;
	const struct se_account *account = NULL;
	enum se_code code = se_config_load(configuration, &config, NULL, &error);

	if (code == SE_OK)
		account = se_account_match(config, login, &error);
	if (account == NULL || se_token_key_make(account, login, &place->key, &error) != SE_OK) {
		fprintf(stderr, "driver: %s\n", error.text);
		se_config_free(config);
		return false;
	}
	place->store = se_store_open(config->state_dir, false, &error);
	if (place->store != NULL &&
		se_store_seal_with(place->store, &config->state_key, &error) != SE_OK) {
		se_store_close(place->store);
		place->store = NULL;
	}
	(void)result("open", place->store != NULL ? SE_OK : error.code, "", &error);
	se_config_free(config);
	return true;
}

static void
leave(struct place *place)
{
	se_store_close(place->store);
	se_token_key_free(&place->key);
}

static enum se_code
lock(const struct place *place, int *held)
{
	struct se_error error = {.text = "somebody has it"};

	return result("lock", se_store_lock(place->store, &place->key, held, &error), "", &error);
}

static enum se_code
read_state(const struct place *place, struct se_state *state)
{
	struct se_error error = {0};
	enum se_code code = se_store_read(place->store, &place->key, state, &error);
	const struct se_secret *token = state->refresh_token;

	return result("read", code, token != NULL ? se_secret_reveal(token) : "no token", &error);
}

static void
write_token(const struct place *place, const char *token)
{
	struct se_state state = {0};
	struct se_error error = {0};
	enum se_code code = read_state(place, &state);

	if (code == SE_OK || code == SE_ABSENT) {
		se_secret_free(state.refresh_token);
		state.refresh_token = se_secret_new(token, strlen(token));
		state.times.obtained++;
		code = se_store_write(place->store, &place->key, &state, &error);
		(void)result("write", code, token, &error);
	}
	se_state_free(&state);
}

static void
list(const struct place *place)
{
	se_token_key_name *names = NULL;
	struct se_error error = {0};
	char text[SE_NAME_MAX + 40] = "", identity[SE_NAME_MAX + 1];
	size_t count = 0;
	enum se_code code = se_store_names(place->store, &names, &count, &error);

	for (size_t i = 0; code == SE_OK && i < count; i++)
		if (se_store_identity(place->store, names[i], identity))
			(void)snprintf(text, sizeof(text), "%s", identity);
	(void)result("list", code, text, &error);
	free(names);
}

static void
work(const struct place *place, const char *verb, const char *token)
{
	struct se_state state = {0};
	struct se_error error = {0};
	int held = -1;

	if (strcmp(verb, "list") == 0) {
		list(place);
		return;
	}
	if (lock(place, &held) == SE_OK && strcmp(verb, "write") == 0)
		write_token(place, token);
	else if (held >= 0 && strcmp(verb, "remove") == 0)
		(void)result(
			"remove", se_store_remove(place->store, &place->key, &error), "", &error);
	if (strcmp(verb, "read") == 0) {
		(void)read_state(place, &state);
		se_state_free(&state);
	}
	se_store_unlock(held);
}

static int
drive_store(const char *configuration, const char *login, const char *verb, const char *token)
{
	struct place place = {.store = NULL};

	if (!find(configuration, login, &place))
		return 2;
	if (place.store != NULL)
		work(&place, verb, token);
	leave(&place);
	return 0;
}

/* --- the engine and the agent ----------------------------------------------------------------- */

static void
log_line(void *context, bool warning, const char *text)
{
	(void)context;
	say(warning ? "warning" : "note", SE_OK, text);
}

static void
fill(struct se_request *request, const char *login)
{
	memset(request, 0, sizeof(*request));
	request->operation = SE_OPERATION_TOKEN;
	request->time_left = 6000;
	(void)se_copy(request->login, sizeof(request->login), login);
	(void)se_copy(request->service, sizeof(request->service), "smtp");
	(void)se_copy(request->server, sizeof(request->server), "smtp.test");
}

static void
answered(
	const char *step, enum se_code code, struct se_answer *answer, const struct se_error *error)
{
	(void)result(step, code, code == SE_OK ? se_secret_reveal(answer->token) : "", error);
	se_answer_free(answer);
}

static int
drive_engine(const char *configuration, const char *login, const char *count)
{
	struct se_engine_options options = {.role = SE_ROLE_TOOL,
		.configuration = configuration,
		.world = &se_world_system,
		.log = log_line};
	struct se_engine *engine = se_engine_new(&options);
	struct se_error error = {0};
	struct se_request request;
	struct se_answer answer;

	if (engine == NULL)
		return 2;
	fill(&request, login);
	if (result("load", se_engine_load(engine, &error), "", &error) == SE_OK) {
		for (int i = atoi(count); i > 0; i--) {
			enum se_code code = se_engine_ask_wait(engine, &request, &answer, &error);

			answered("ask", code, &answer, &error);
		}
	}
	se_engine_free(engine);
	return 0;
}

static int
drive_client(const char *socket, const char *login)
{
	struct se_error error = {0};
	struct se_request request;
	struct se_answer answer;
	enum se_code code;

	fill(&request, login);
	code = se_client_ask(socket, false, &request, &se_world_system, &answer, &error);
	answered("client", code, &answer, &error);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	if (strcmp(argv[3], "client") == 0)
		return drive_client(argv[1], argv[2]);
	if (strcmp(argv[3], "ask") == 0)
		return argc == 5 ? drive_engine(argv[1], argv[2], argv[4]) : 2;
	return drive_store(argv[1], argv[2], argv[3], argc > 4 ? argv[4] : "");
}
