/*
 * sasl-entra import: a sign-in that was made elsewhere becomes an account's.
 */
#include <stdio.h>
#include <string.h>

#include "core/message.h"
#include "core/source.h"
#include "core/world.h"

#include "tool/exit_code.h"
#include "tool/output.h"
#include "tool/place.h"
#include "tool/read_secret.h"
#include "tool/verb.h"

enum { OPT_JSON = 1 };

#define WHAT "refresh token"

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
write_state(struct se_place *place, struct se_secret *token, bool *changed, struct se_error *error)
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
keep(struct se_place *place, bool *changed, struct se_error *error)
{
	struct se_secret *token = NULL;
	enum se_code code = read_refresh_token(&token, error);
	int held = -1;

	if (code == SE_OK)
		code = se_place_lock(place, &held, error);
	if (code != SE_OK) {
		se_secret_free(token);
		return code;
	}
	code = write_state(place, token, changed, error);
	se_store_unlock(held);
	return code;
}

static int
print(const struct se_place *place, const char *name, bool changed, bool json)
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

static enum se_code
find(const struct se_command *command, const char *name, struct se_place *place,
	struct se_error *error)
{
	enum se_code code = se_place_find(&command->identity, name, place, error);

	if (code == SE_OK)
		code = se_place_check_person(place, name, "a " WHAT, error);
	return code == SE_OK ? se_place_open(place, error) : code;
}

static int
import_token(const struct se_command *command, const char *name, bool json)
{
	struct se_place place;
	struct se_error error;
	bool changed = false;
	enum se_code code;
	int exit_code;

	memset(&place, 0, sizeof(place));
	code = se_identity_become_owner(&command->identity, false, &error);
	if (code == SE_OK)
		code = find(command, name, &place, &error);
	if (code == SE_OK)
		code = keep(&place, &changed, &error);
	se_identity_return();
	if (code == SE_OK && changed)
		se_place_tell_agent(&place);
	exit_code = code == SE_OK ? print(&place, name, changed, json) : se_exit_error(&error);
	se_place_free(&place);
	return exit_code;
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	bool json = false;
	const char *name;
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END) {
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

static const struct se_option options[] = {
	{"json", OPT_JSON, .help = "print a JSON object"},
	{NULL},
};

const struct se_verb se_verb_import = {
	.name = "import",
	.usage = "token NAME [--json]",
	.help = "Keeps the refresh token that comes on stdin as the sign-in of NAME.",
	.options = options,
	.actions = "token",
	.takes_name = true,
	.run = begin,
};
