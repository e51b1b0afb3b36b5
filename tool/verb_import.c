/*
 * sasl-entra import: a sign-in that was made elsewhere becomes an account's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/message.h"
#include "core/source.h"
#include "core/world.h"
#include "engine/account.h"
#include "engine/config.h"
#include "engine/names.h"
#include "engine/state_dir.h"
#include "engine/store.h"
#include "engine/token_key.h"

#include "tool/ask.h"
#include "tool/exit_code.h"
#include "tool/output.h"
#include "tool/read_secret.h"
#include "tool/verb.h"

enum { OPT_JSON = 1, LOCK_MS = 15000, LOCK_PAUSE_MS = 50 };

#define WHAT "refresh token"

/* Where the sign-in goes. */
struct place {
	struct se_config *config;
	const struct se_account *account; /* of the configuration */
	struct se_store *store;
	struct se_token_key key;
};

static void
place_free(struct place *place)
{
	se_token_key_free(&place->key);
	se_store_close(place->store);
	se_config_free(place->config);
}

/* The login name whose sign-in it is; a label stands for one only where `identity` names it. */
static enum se_code
make_key(struct place *place, const char *name, struct se_error *error)
{
	const struct se_account *account = place->account;

	if (account->value[SE_KEY_IDENTITY].text == NULL && strchr(name, '@') == NULL &&
		se_name_equal(name, account->label))
		return se_error_set(error, SE_CONFIG,
			"%s is the label of an account without 'identity'; give the login name "
			"whose sign-in this is",
			name);
	return se_token_key_make(account, name, &place->key, error);
}

static enum se_code
judge_account(const struct se_account *account, const char *name, struct se_error *error)
{
	const char *from = account->value[SE_KEY_TOKEN_FROM].text;

	if (account->app_only)
		return se_error_set(error, SE_CONFIG,
			"%s: account %s signs in as an app, with its own credential; it has no use "
			"for a " WHAT,
			name, account->label);
	if (from != NULL && strcmp(from, "password") == 0)
		return se_error_set(error, SE_CONFIG,
			"%s: account %s takes its token from the password (token_from = password); "
			"it has no use for a " WHAT,
			name, account->label);
	return SE_OK;
}

static enum se_code
open_store(const struct se_command *command, struct place *place, struct se_error *error)
{
	char *path = se_state_dir(place->config, SE_ROLE_TOOL, command->identity.users_own);

	if (path == NULL)
		return se_error_set(error, SE_CONFIG,
			"there is no directory to keep a sign-in in; name one with state_dir in "
			"[defaults] of %s",
			command->identity.configuration);
	place->store = se_state_dir_open(path, error);
	if (place->store == NULL && error->code == SE_ABSENT)
		(void)se_error_set(error, SE_CONFIG,
			"the state directory %s does not exist or may not be entered; start the "
			"agent once, or make it, mode 0700, owned by the agent's user",
			path);
	free(path);
	return place->store != NULL ? SE_OK : error->code;
}

static enum se_code
find_place(const struct se_command *command, const char *name, struct place *place,
	struct se_error *error)
{
	enum se_code code =
		se_config_load(command->identity.configuration, &place->config, NULL, error);

	if (code != SE_OK)
		return code;
	place->account = se_account_named(place->config, name, error);
	if (place->account == NULL)
		return error->code;
	code = judge_account(place->account, name, error);
	if (code == SE_OK)
		code = make_key(place, name, error);
	return code == SE_OK ? open_store(command, place, error) : code;
}

static enum se_code
read_refresh_token(struct se_secret **token, struct se_error *error)
{
	enum se_code code = se_read_secret(WHAT, SE_TOKEN_MAX, token, error);

	if (code == SE_OK && se_message_is_token(se_secret_reveal(*token), se_secret_len(*token))) {
		se_secret_free(*token);
		*token = NULL;
		code = se_error_set(error, SE_CONFIG,
			"what is on stdin is an access token, good for an hour; "
			"a " WHAT " is needed");
	}
	return code;
}

static enum se_code
lock(struct place *place, int *held, struct se_error *error)
{
	const struct timespec pause = {0, LOCK_PAUSE_MS * 1000000L};
	enum se_code code = se_store_lock(place->store, &place->key, held, error);

	for (int waited = 0; code == SE_AGAIN && waited < LOCK_MS; waited += LOCK_PAUSE_MS) {
		(void)nanosleep(&pause, NULL);
		code = se_store_lock(place->store, &place->key, held, error);
	}
	return code;
}

/* The token in hand was another sign-in's; it goes, and so does the memory of errors. */
static void
replace(struct se_state *state, struct se_secret *token)
{
	se_state_free(state);
	memset(state, 0, sizeof(*state));
	state->refresh_token = token;
	state->refresh_token_since = se_world_system.wall(se_world_system.context);
	state->times.obtained = state->refresh_token_since;
}

/* Takes `token` over. */
static enum se_code
write_state(struct place *place, struct se_secret *token, bool *changed, struct se_error *error)
{
	struct se_state state;
	enum se_code code;

	memset(&state, 0, sizeof(state));
	code = se_store_read(place->store, &place->key, &state, error);
	if (code != SE_OK && code != SE_ABSENT) {
		se_secret_free(token);
		return code;
	}
	*changed = code == SE_ABSENT || state.failure.code != SE_OK ||
		   !se_secret_equal(state.refresh_token, token);
	code = SE_OK;
	if (*changed) {
		replace(&state, token);
		code = se_store_write(place->store, &place->key, &state, error);
	} else {
		se_secret_free(token);
	}
	se_state_free(&state);
	return code;
}

static enum se_code
keep(struct place *place, bool *changed, struct se_error *error)
{
	struct se_secret *token = NULL;
	enum se_code code = read_refresh_token(&token, error);
	int held = -1;

	if (code == SE_OK)
		code = lock(place, &held, error);
	if (code != SE_OK) {
		se_secret_free(token);
		return code;
	}
	code = write_state(place, token, changed, error);
	se_store_unlock(held);
	return code;
}

/* The agent sees the new file sooner or later without us. */
static void
tell_agent(const struct se_command *command, const struct se_token_key *key)
{
	struct se_answer answer = {.token = NULL};
	struct se_request request;
	struct se_error error;
	enum se_code code = se_ask_prepare(&request, SE_OPERATION_REREAD, key->name, &error);

	if (code == SE_OK)
		code = se_ask_agent(&command->identity, &request, &answer, &error);
	if (code != SE_OK && code != SE_ABSENT)
		fprintf(stderr, "sasl-entra: warning: the agent could not be told: %s\n",
			error.text);
	se_answer_free(&answer);
}

static int
print(const struct place *place, const char *name, bool changed, bool json)
{
	struct se_buffer out;
	int exit_code;

	if (!json) {
		fprintf(stderr,
			changed ? "%s: the " WHAT " is kept for account %s.\n"
				: "%s: account %s has this " WHAT " already.\n",
			name, place->account->label);
		return SE_EXIT_OK;
	}
	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_buffer_addf(&out, "{\"changed\": %s}\n", changed ? "true" : "false");
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	return exit_code;
}

static int
import_token(const struct se_command *command, const char *name, bool json)
{
	struct place place;
	struct se_error error;
	bool changed = false;
	enum se_code code;
	int exit_code;

	memset(&place, 0, sizeof(place));
	code = se_identity_become_owner(&command->identity, false, &error);
	if (code == SE_OK)
		code = find_place(command, name, &place, &error);
	if (code == SE_OK)
		code = keep(&place, &changed, &error);
	se_identity_return();
	if (code == SE_OK && changed)
		tell_agent(command, &place.key);
	exit_code = code == SE_OK ? print(&place, name, changed, json) : se_exit_error(&error);
	place_free(&place);
	return exit_code;
}

int
se_verb_import(struct se_command *command, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, OPT_JSON}, SE_OPTIONS_OF_ALL, {NULL, 0, NULL, 0}};
	bool json = false;
	const char *name;
	int option;

	while ((option = se_verb_option(command, argc, argv, options)) != SE_OPTION_END) {
		if (option != OPT_JSON)
			return se_verb_end(command, option);
		json = true;
	}
	if (optind == argc || strcmp(argv[optind], "token") != 0)
		return se_verb_usage(command, "say what is imported: token");
	optind++;
	name = se_verb_name(command, argc, argv);
	return name != NULL ? import_token(command, name, json) : SE_EXIT_USAGE;
}
