/*
 * sasl-entra completion: the script that makes a shell complete the command line.
 */
#include <string.h>

#include "tool/completion.h"
#include "tool/exit_code.h"
#include "tool/output.h"
#include "tool/verb.h"

static int
print(void (*make)(struct se_buffer *out))
{
	struct se_buffer out;
	int exit_code;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	make(&out);
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	return exit_code;
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	const int option = se_verb_option(command, argc, argv);

	if (option != SE_OPTION_END)
		return se_verb_end(command, option);
	if (optind + 1 == argc && strcmp(argv[optind], "bash") == 0)
		return print(se_completion_bash);
	if (optind + 1 == argc && strcmp(argv[optind], "zsh") == 0)
		return print(se_completion_zsh);
	if (optind + 1 == argc && strcmp(argv[optind], "fish") == 0)
		return print(se_completion_fish);
	return se_verb_usage(command, "name one shell: bash, zsh or fish");
}

static const struct se_option options[] = {
	{.name = NULL},
};

const struct se_verb se_verb_completion = {
	.name = "completion",
	.usage = "bash|zsh|fish",
	.help = "Prints the script that makes a shell complete this tool's command line.",
	.options = options,
	.actions = "bash zsh fish",
	.run = begin,
};
