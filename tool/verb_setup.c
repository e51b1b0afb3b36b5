#include "tool/exit_code.h"
#include "tool/setup_postfix.h"

enum { OPT_DRY_RUN = 1, OPT_DETAILED_EXIT_CODE, OPT_JSON };

static bool
take_option(struct se_setup_postfix_wish *wish, int option, const char **wrong)
{
	switch (option) {
	case OPT_DRY_RUN:
		wish->dry_run = true;
		return true;
	case OPT_DETAILED_EXIT_CODE:
		wish->detailed_exit_code = true;
		return true;
	case OPT_JSON:
		wish->json = true;
		return true;
	default:
		return se_setup_postfix_option(wish, option, wrong);
	}
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct se_setup_postfix_wish wish = {.wanted = false};
	const char *wrong = NULL;
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END) {
		if (!take_option(&wish, option, &wrong))
			return se_verb_end(command, option);
		if (wrong != NULL)
			return se_verb_usage(command, wrong);
	}
	if (!wish.wanted)
		return se_verb_usage(command, "--postfix is missing");
	if (optind + 1 < argc)
		return se_verb_usage(command, "give one NAME only");
	wish.name = optind < argc ? argv[optind] : NULL;
	return se_setup_postfix(command, &wish);
}

static const struct se_option options[] = {
	SE_SETUP_POSTFIX_OPTIONS,
	{"dry-run", OPT_DRY_RUN, NULL, "change nothing, show what would be", NULL,
		SE_COMPLETES_NOTHING},
	{"detailed-exit-code", OPT_DETAILED_EXIT_CODE, NULL, "10: changed, or would be", NULL,
		SE_COMPLETES_NOTHING},
	{"json", OPT_JSON, NULL, "print an object", NULL, SE_COMPLETES_NOTHING},
	{NULL},
};

const struct se_verb se_verb_setup = {
	.name = "setup",
	.usage = "--postfix[=CONFIG_DIR] [OPTIONS] [NAME]",
	.help = "Sets up Postfix to relay through Exchange.",
	.options = options,
	.takes_name = true,
	.run = begin,
};
