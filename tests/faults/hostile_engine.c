/*
 * hostile_engine: an engine in a process of its own, for the tests of hostile networks. It is
 * measured from outside while it waits for many asks at once.
 *
 *   hostile_engine CONFIGURATION
 *
 * reads a command a line until its input ends:
 *
 *   sign-in LOGIN TOKEN   gives the login a state with this refresh token: "signed-in LOGIN"
 *   kept LOGIN            the refresh token that the state has now: "kept LOGIN TOKEN"
 *   ask LOGIN [MS]        asks as a mail program does, which has so much time
 *   refresh LOGIN [MS]    asks for a new token, whatever is remembered
 *
 * The last two say, some time later, "done LOGIN CLASS MILLISECONDS RETRY-AFTER TEXT", where TEXT is
 * the token or the error.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/store.h"
#include "engine/token_key.h"

#define SERVER "smtp.test"

enum { LINE_MAX_BYTES = 2048 };

static struct se_engine *engine;

static int64_t
now_ms(void)
{
	return se_world_system.monotonic(NULL);
}

static void
fail(const char *what)
{
	fprintf(stderr, "hostile_engine: %s\n", what);
	exit(1);
}

static void
say_log(void *context, bool warning, const char *text)
{
	(void)context;
	fprintf(stderr, "%s: %s\n", warning ? "warning" : "info", text);
}

/* --- asking ----------------------------------------------------------------------------------- */

struct asked {
	char login[200];
	int64_t began;
};

static void
answered(void *context, enum se_code code, struct se_answer *answer, const struct se_error *error)
{
	struct asked *asked = context;

	printf("done %s %s %lld %u %s\n", asked->login, se_code_name(code),
		(long long)(now_ms() - asked->began), error != NULL ? error->retry_after : 0,
		error != NULL ? error->text : se_secret_reveal(answer->token));
	free(asked);
}

static void
ask(const char *login, enum se_operation operation, const char *time_left)
{
	struct se_request request = {.operation = operation, .time_left = SE_BUDGET_MS};
	struct asked *asked = calloc(1, sizeof(*asked));

	if (asked == NULL)
		fail("no memory");
	if (time_left[0] != '\0')
		request.time_left = (uint32_t)strtoul(time_left, NULL, 10);
	snprintf(asked->login, sizeof(asked->login), "%s", login);
	snprintf(request.login, sizeof(request.login), "%s", login);
	snprintf(request.server, sizeof(request.server), "%s", SERVER);
	snprintf(request.service, sizeof(request.service), "smtp");
	asked->began = now_ms();
	(void)se_engine_ask(engine, &request, NULL, answered, asked);
}

/* --- the state -------------------------------------------------------------------------------- */

static struct se_store *
open_store(const char *login, struct se_token_key *key)
{
	struct se_error error = {0};
	const struct se_account *account =
		se_account_match(se_engine_config(engine), login, &error);
	struct se_store *store;

	if (account == NULL || se_token_key_make(account, login, key, &error) != SE_OK)
		fail(error.text);
	if (se_engine_state_dir(engine) == NULL)
		fail("there is no state directory");
	store = se_store_open(se_engine_state_dir(engine), true, &error);
	if (store == NULL)
		fail(error.text);
	return store;
}

static void
sign_in(const char *login, const char *token)
{
	struct se_token_key key;
	struct se_store *store = open_store(login, &key);
	struct se_state state = {0};
	struct se_error error = {0};

	state.refresh_token = se_secret_new(token, strlen(token));
	if (se_store_write(store, &key, &state, &error) != SE_OK)
		fail(error.text);
	printf("signed-in %s\n", login);
	se_state_free(&state);
	se_token_key_free(&key);
	se_store_close(store);
}

static void
say_kept(const char *login)
{
	struct se_token_key key;
	struct se_store *store = open_store(login, &key);
	struct se_state state = {0};
	struct se_error error = {0};

	if (se_store_read(store, &key, &state, &error) == SE_OK && state.refresh_token != NULL)
		printf("kept %s %s\n", login, se_secret_reveal(state.refresh_token));
	else
		printf("kept %s nothing: %s\n", login, error.text);
	se_state_free(&state);
	se_token_key_free(&key);
	se_store_close(store);
}

/* --- commands --------------------------------------------------------------------------------- */

static void
obey(char *line)
{
	char *rest = NULL, *verb = strtok_r(line, " ", &rest), *login = strtok_r(NULL, " ", &rest);

	if (verb == NULL || login == NULL)
		fail("a command has two words at least");
	if (strcmp(verb, "ask") == 0)
		ask(login, SE_OPERATION_TOKEN, rest);
	else if (strcmp(verb, "refresh") == 0)
		ask(login, SE_OPERATION_REFRESH, rest);
	else if (strcmp(verb, "sign-in") == 0)
		sign_in(login, rest);
	else if (strcmp(verb, "kept") == 0)
		say_kept(login);
	else
		fail("no such command");
}

/* Obeys the whole lines that have come; false at the end of the input. */
static bool
read_commands(void)
{
	static char text[LINE_MAX_BYTES];
	static size_t len;
	ssize_t got = read(STDIN_FILENO, text + len, sizeof(text) - len);
	char *end;

	if (got <= 0)
		return false;
	len += (size_t)got;
	while ((end = memchr(text, '\n', len)) != NULL) {
		size_t line = (size_t)(end - text) + 1;

		*end = '\0';
		obey(text);
		len -= line;
		memmove(text, text + line, len);
	}
	if (len == sizeof(text))
		fail("a command is too long");
	return true;
}

int
main(int argc, char **argv)
{
	struct se_engine_options options = {.role = SE_ROLE_HOST,
		.configuration = argc > 1 ? argv[1] : "",
		.world = &se_world_system,
		.log = say_log};
	struct se_error error = {0};
	struct pollfd input = {STDIN_FILENO, POLLIN, 0};

	(void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	engine = se_engine_new(&options);
	if (engine == NULL || se_engine_load(engine, &error) != SE_OK)
		fail(error.text);
	do
		if (!se_engine_turn(engine, &input, 1, 1000))
			fail("polling failed");
	while (input.revents == 0 || read_commands());
	se_engine_free(engine);
	return 0;
}
