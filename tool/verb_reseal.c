/*
 * sasl-entra reseal: all state files under the key that the configuration names now.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/store_reseal.h"

#include "tool/exit_code.h"
#include "tool/output.h"
#include "tool/place.h"
#include "tool/verb.h"

enum { OPT_JSON = 1, OPT_PLAIN, OPT_OLD_KEY_FILE };

struct wish {
	bool json;
	bool plain;
	const char *old_key_file; /* NULL: none */
};

struct round {
	struct se_place place;
	se_token_key_name *names; /* of all state files, then of those that were written anew */
	size_t count, resealed, failed;
	int exit_code;
};

/* --- before ----------------------------------------------------------------------------------- */

/* The configuration decides; --plain only says that it is meant. */
static enum se_code
check_wish(const struct se_config *config, const struct wish *wish, struct se_error *error)
{
	if (config->state_key.file != NULL && wish->plain)
		return se_error_set(error, SE_CONFIG,
			"state_key_file is set on line %u of %s, and the next token would be "
			"sealed again; remove that line, have the agent read that (systemctl "
			"reload sasl-entrad), and say which file it named: sasl-entra "
			"reseal --plain --old-key-file PATH",
			config->state_key.line, config->path);
	if (config->state_key.file == NULL && !wish->plain)
		return se_error_set(error, SE_CONFIG,
			"there is no state_key_file in [defaults] of %s. Make a key that only the "
			"user of %s can read (openssl rand -hex 32) and name its file there; or "
			"say --plain, if the tokens are to lie there in clear",
			config->path,
			config->state_dir != NULL ? config->state_dir : "the state directory");
	return SE_OK;
}

static enum se_code
open_place(struct se_place *place, const struct se_command *command, const struct wish *wish,
	struct se_error *error)
{
	enum se_code code = se_identity_become_owner(&command->identity, false, error);

	place->identity = &command->identity;
	if (code == SE_OK)
		code = se_config_load(command->identity.configuration, &place->config, NULL, error);
	if (code == SE_OK)
		code = check_wish(place->config, wish, error);
	if (code == SE_OK)
		code = se_place_open(place, error);
	if (code == SE_OK && wish->old_key_file != NULL)
		code = se_store_open_with(place->store, wish->old_key_file, error);
	return code == SE_OK ? se_store_check_key(place->store, error) : code;
}

/* --- each file -------------------------------------------------------------------------------- */

static enum se_code
reseal_one(struct se_place *place, const char *name, bool *changed, struct se_error *error)
{
	int lock = -1;
	enum se_code code = se_store_key_of(place->store, name, &place->key, error);

	*changed = false;
	if (code == SE_OK)
		code = se_place_lock(place, SE_PLACE_WAIT_MS, &lock, error);
	if (code == SE_OK)
		code = se_store_reseal(place->store, &place->key, changed, error);
	se_store_unlock(lock);
	se_token_key_free(&place->key);
	return code == SE_ABSENT ? SE_OK : code; /* somebody has logged out meanwhile */
}

static void
reseal_each(struct round *round)
{
	struct se_error error;
	bool changed;

	for (size_t i = 0; i < round->count; i++) {
		enum se_code code = reseal_one(&round->place, round->names[i], &changed, &error);

		if (changed)
			memcpy(round->names[round->resealed++], round->names[i],
				sizeof(round->names[0]));
		if (code == SE_OK)
			continue;
		round->failed++;
		if (round->exit_code != SE_EXIT_FAILED)
			round->exit_code = se_exit_error(&error);
		else
			(void)se_exit_error(&error);
	}
	se_store_sweep_all(round->place.store);
}

static void
tell_agent(struct round *round)
{
	struct se_place *place = &round->place;

	for (size_t i = 0; i < round->resealed; i++) {
		memcpy(place->key.name, round->names[i], sizeof(round->names[0]));
		se_place_tell_agent(place);
	}
}

/* --- after ------------------------------------------------------------------------------------ */

static int
print_json(const struct round *round)
{
	struct se_buffer out;
	int exit_code;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_buffer_addf(&out,
		"{\"changed\": %s, \"resealed\": %zu, \"unchanged\": %zu, \"failed\": %zu}\n",
		round->resealed > 0 ? "true" : "false", round->resealed,
		round->count - round->resealed - round->failed, round->failed);
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	return exit_code;
}

static void
say(const struct round *round, const struct wish *wish)
{
	const char *what = wish->plain ? "in clear" : "sealed with the first key";
	const struct se_state_key *key = &round->place.config->state_key;

	fprintf(stderr, "%zu state file%s %s now %s, %zu had been before.\n", round->resealed,
		round->resealed == 1 ? "" : "s", round->resealed == 1 ? "is" : "are", what,
		round->count - round->resealed - round->failed);
	if (round->failed > 0)
		fprintf(stderr, "%zu could not be opened, and %s left as %s.\n", round->failed,
			round->failed == 1 ? "was" : "were",
			round->failed == 1 ? "it is" : "they are");
	else if (!wish->plain)
		fprintf(stderr, "No other key of %s is needed any more.\n", key->file);
}

static int
reseal(const struct se_command *command, const struct wish *wish)
{
	struct round round = {.exit_code = SE_EXIT_OK};
	struct se_error error;
	enum se_code code = open_place(&round.place, command, wish, &error);
	int written = SE_EXIT_OK;

	if (code == SE_OK)
		code = se_store_names(round.place.store, &round.names, &round.count, &error);
	if (code == SE_OK)
		reseal_each(&round);
	else
		round.exit_code = se_exit_error(&error);
	se_identity_return();
	tell_agent(&round);
	if (code == SE_OK && wish->json)
		written = print_json(&round);
	else if (code == SE_OK)
		say(&round, wish);
	free(round.names);
	se_place_free(&round.place);
	return written != SE_EXIT_OK ? written : round.exit_code;
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct wish wish = {false, false, NULL};
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END)
		if (option == OPT_JSON)
			wish.json = true;
		else if (option == OPT_PLAIN)
			wish.plain = true;
		else if (option == OPT_OLD_KEY_FILE)
			wish.old_key_file = optarg;
		else
			return se_verb_end(command, option);
	if (optind < argc)
		return se_verb_usage(command, "takes no NAME; it is about all state files");
	if (wish.old_key_file != NULL && wish.old_key_file[0] != '/')
		return se_verb_usage(command, "--old-key-file takes a whole path, from '/' on");
	return reseal(command, &wish);
}

static const struct se_option options[] = {
	{"plain", OPT_PLAIN, .help = "unseal: state_key_file is configured no more"},
	{"old-key-file", OPT_OLD_KEY_FILE, "PATH", .completes = SE_COMPLETES_FILE,
		.help = "a key that is not in state_key_file any more"},
	{"json", OPT_JSON, .help = "print a JSON object"},
	{.name = NULL},
};

const struct se_verb se_verb_reseal = {
	.name = "reseal",
	.usage = "[--plain] [--old-key-file PATH] [--json]",
	.help = "Seals all that is kept on the disk with the key that is configured now.",
	.options = options,
	.run = begin,
};
