/*
 * sasl-entra import: a sign-in that was made elsewhere becomes an account's.
 */
#include <stdio.h>
#include <string.h>

#include "core/message.h"
#include "core/source.h"

#include "tool/exit_code.h"
#include "tool/import.h"
#include "tool/keep_sign_in.h"
#include "tool/next.h"
#include "tool/output.h"
#include "tool/place.h"
#include "tool/read_secret.h"
#include "tool/verb.h"

enum { OPT_JSON = 1, OPT_APPLY, OPT_UNDO, OPT_REPLACE, OPT_POSTFIX, OPT_CONF, OPT_DECRYPT };

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

static enum se_code
keep(struct se_place *place, bool *changed, struct se_error *error)
{
	struct se_secret *token = NULL;
	enum se_code code = read_refresh_token(&token, error);

	return code == SE_OK ? se_keep_sign_in(place, token, changed, error) : code;
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
		se_next(place->identity, "doctor", name, "to see whether it works");
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
take_option(struct se_import_options *options, int option)
{
	switch (option) {
	case OPT_JSON:
		options->json = true;
		return SE_EXIT_OK;
	case OPT_APPLY:
		options->apply = true;
		return SE_EXIT_OK;
	case OPT_UNDO:
		options->undo = true;
		return SE_EXIT_OK;
	case OPT_REPLACE:
		options->replace = true;
		return SE_EXIT_OK;
	case OPT_CONF:
		options->conf = optarg;
		return SE_EXIT_OK;
	case OPT_POSTFIX:
		options->postfix = true;
		options->postfix_dir = optarg;
		return SE_EXIT_OK;
	case OPT_DECRYPT:
		options->decrypt = optarg;
		return SE_EXIT_OK;
	default:
		return SE_EXIT_USAGE;
	}
}

static int
import_mutt(struct se_command *command, int argc, char **argv, struct se_import_options *options)
{
	if (optind + 2 != argc)
		return se_verb_usage(command, "give NAME and the token file");
	return se_import_mutt(&command->identity, argv[optind], argv[optind + 1], options);
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct se_import_options options = {.json = false};
	const char *what, *name;
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END)
		if (take_option(&options, option) != SE_EXIT_OK)
			return se_verb_end(command, option);
	what = optind < argc ? argv[optind++] : "";
	if (strcmp(what, "sasl-xoauth2") == 0) {
		options.files = argv + optind;
		return options.apply && options.undo
			       ? se_verb_usage(command, "give --apply or --undo, not both")
			       : se_import_sasl_xoauth2(&command->identity, &options);
	}
	if (strcmp(what, "mutt_oauth2") == 0)
		return import_mutt(command, argc, argv, &options);
	if (strcmp(what, "token") != 0)
		return se_verb_usage(
			command, "say what is imported: token, sasl-xoauth2 or mutt_oauth2");
	name = se_verb_name(command, argc, argv);
	return name != NULL ? import_token(command, name, options.json) : SE_EXIT_USAGE;
}

static const struct se_option options[] = {
	{"apply", OPT_APPLY, .help = "sasl-xoauth2: do what is planned"},
	{"undo", OPT_UNDO, .help = "sasl-xoauth2: put everything back"},
	{"replace", OPT_REPLACE, .help = "also what is kept or was changed"},
	{"postfix", OPT_POSTFIX, "[CONFIG_DIR]", "sasl-xoauth2: of this Postfix",
		.completes = SE_COMPLETES_DIRECTORY},
	{"conf", OPT_CONF, "FILE", "sasl-xoauth2: its configuration",
		.completes = SE_COMPLETES_FILE},
	{"decrypt", OPT_DECRYPT, "COMMAND", .help = "mutt_oauth2: instead of gpg --decrypt"},
	{"json", OPT_JSON, .help = "print a JSON object"},
	{.name = NULL},
};

const struct se_verb se_verb_import = {
	.name = "import",
	.usage = "token NAME | sasl-xoauth2 [FILE...] | mutt_oauth2 NAME FILE [--json]",
	.help = "Takes over a sign-in that was made elsewhere, or all of sasl-xoauth2.",
	.options = options,
	.actions = "token sasl-xoauth2 mutt_oauth2",
	.takes_name = true,
	.run = begin,
};
