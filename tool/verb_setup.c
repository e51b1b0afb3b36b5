#include <stdlib.h>
#include <string.h>

#include "tool/exit_code.h"
#include "tool/setup_postfix.h"

enum {
	OPT_POSTFIX = 1,
	OPT_LOGIN,
	OPT_RELAY,
	OPT_RELAYS,
	OPT_RATE_DELAY,
	OPT_APPLY,
	OPT_UNDO,
	OPT_DRY_RUN,
	OPT_JSON,
	OPT_DETAILED
};

static bool
take_option(struct se_setup_postfix_wish *wish, int option, const char **wrong)
{
	char *end;
	unsigned long number;

	switch (option) {
	case OPT_POSTFIX:
		wish->directory = optarg;
		return true;
	case OPT_LOGIN:
		wish->login = optarg;
		return true;
	case OPT_RELAY:
		wish->relay = optarg;
		return true;
	case OPT_RELAYS:
		number = strtoul(optarg, &end, 10);
		if (*optarg < '0' || *optarg > '9' || *end != '\0' || number < 1 || number > 1000)
			*wrong = "--relays: 1 to 1000";
		wish->relays = (unsigned)number;
		return true;
	case OPT_RATE_DELAY:
		wish->rate_delay = true;
		return true;
	case OPT_APPLY:
		wish->apply = true;
		return true;
	case OPT_UNDO:
		wish->undo = true;
		return true;
	case OPT_DRY_RUN:
		wish->dry_run = true;
		return true;
	case OPT_JSON:
		wish->json = true;
		return true;
	case OPT_DETAILED:
		wish->detailed_exit_code = true;
		return true;
	default:
		return false;
	}
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct se_setup_postfix_wish wish = {.relays = 0};
	const char *wrong = NULL;
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END) {
		if (!take_option(&wish, option, &wrong))
			return se_verb_end(command, option);
		if (wrong != NULL)
			return se_verb_usage(command, wrong);
	}
	if (optind + 1 < argc)
		return se_verb_usage(command, "give one NAME only");
	wish.name = optind < argc ? argv[optind] : NULL;
	return se_setup_postfix(command, &wish);
}

static const struct se_option options[] = {
	{"postfix", OPT_POSTFIX, "[CONFIG_DIR]", "Postfix, with its configuration", NULL,
		SE_COMPLETES_DIRECTORY},
	{"login", OPT_LOGIN, "NAME", "the mailbox that sends", NULL, SE_COMPLETES_NOTHING},
	{"relay", OPT_RELAY, "RELAYHOST", "the submission server, as [HOST]:PORT", NULL,
		SE_COMPLETES_NOTHING},
	{"relays", OPT_RELAYS, "N", "so many relays share the mailbox", NULL, SE_COMPLETES_NOTHING},
	{"rate-delay", OPT_RATE_DELAY, NULL, "send 30 messages a minute", NULL,
		SE_COMPLETES_NOTHING},
	{"apply", OPT_APPLY, NULL, "change it without a question", NULL, SE_COMPLETES_NOTHING},
	{"undo", OPT_UNDO, NULL, "put back what the last change replaced", NULL,
		SE_COMPLETES_NOTHING},
	{"dry-run", OPT_DRY_RUN, NULL, "only show", NULL, SE_COMPLETES_NOTHING},
	{"json", OPT_JSON, NULL, "for programs", NULL, SE_COMPLETES_NOTHING},
	{"detailed-exit-code", OPT_DETAILED, NULL, "10 where something was or would be changed",
		NULL, SE_COMPLETES_NOTHING},
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
