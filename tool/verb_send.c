#include "tool/exit_code.h"
#include "tool/verb.h"

static int
begin(struct se_command *command, int argc, char **argv)
{
	if (se_verb_option(command, argc, argv) != SE_OPTION_END)
		return se_verb_end(command, '?');
	return SE_EXIT_FAILED;
}

static const struct se_option options[] = {
	{NULL},
};

const struct se_verb se_verb_send = {
	.name = "send",
	.usage = "",
	.help = "Not there yet.",
	.options = options,
	.run = begin,
};
