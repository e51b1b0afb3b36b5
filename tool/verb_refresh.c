/*
 * sasl-entra refresh: a new token now, and a clean slate.
 */
#include <stdio.h>

#include "core/source.h"

#include "tool/ask.h"
#include "tool/exit_code.h"
#include "tool/output.h"
#include "tool/postfix.h"
#include "tool/refresh_all.h"
#include "tool/verb.h"

enum { OPT_JSON = 1, OPT_ALL };

static int
print(const char *name, const struct se_answer *answer, bool json)
{
	struct se_buffer out;
	int exit_code;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	if (json) {
		se_buffer_add_text(&out, "{\"name\": ");
		se_output_json(&out, name);
		se_buffer_addf(&out, ", \"expires_in\": %lu, \"fingerprint\": ",
			(unsigned long)answer->seconds_left);
		se_output_json(&out, answer->fingerprint);
		se_buffer_add_text(&out, ", \"changed\": true}\n");
	} else {
		se_buffer_addf(&out, "%s: new token %s, good for %lu seconds\n", name,
			answer->fingerprint, (unsigned long)answer->seconds_left);
	}
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	return exit_code;
}

static int
refresh(const struct se_command *command, const char *name, bool json)
{
	struct se_answer answer = {.token = NULL};
	struct se_request request;
	struct se_error error;
	int exit_code;

	if (se_ask_prepare(&request, SE_OPERATION_REFRESH, name, &error) != SE_OK)
		return se_verb_usage(command, error.text);
	if (se_ask(&command->identity, &request, &answer, &error) != SE_OK)
		return se_exit_error(&error);
	if (answer.warning)
		fprintf(stderr, "sasl-entra: warning: %s\n", answer.note);
	exit_code = print(name, &answer, json);
	if (exit_code == SE_EXIT_OK && !json)
		se_postfix_say_flush();
	se_answer_free(&answer);
	return exit_code;
}

static int
refresh_all(const struct se_command *command, bool json)
{
	const int exit_code = se_refresh_all(&command->identity, json);

	if (exit_code == SE_EXIT_OK && !json)
		se_postfix_say_flush();
	return exit_code;
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	bool json = false, all = false;
	const char *name;
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END)
		if (option == OPT_JSON)
			json = true;
		else if (option == OPT_ALL)
			all = true;
		else
			return se_verb_end(command, option);
	if (all && optind < argc)
		return se_verb_usage(command, "give NAME or --all, not both");
	if (all)
		return refresh_all(command, json);
	name = se_verb_name(command, argc, argv);
	return name != NULL ? refresh(command, name, json) : SE_EXIT_USAGE;
}

static const struct se_option options[] = {
	{"all", OPT_ALL, .help = "every account"},
	{"json", OPT_JSON, .help = "print a JSON object"},
	{.name = NULL},
};

const struct se_verb se_verb_refresh = {
	.name = "refresh",
	.usage = "NAME | --all [--json]",
	.help = "Forgets remembered errors and gets a new token, whatever the old one has left.",
	.options = options,
	.takes_name = true,
	.run = begin,
};
