#include <stdio.h>

#include "tool/exit_code.h"
#include "tool/verb.h"

int
se_verb_option(struct se_command *command, int argc, char **argv, const struct option *options)
{
	int option;

	do {
		option = getopt_long(argc, argv, "", options, NULL);
		if (option != SE_OPTION_CONFIG)
			return option;
	} while (se_identity_choose(optarg, &command->identity));
	fprintf(stderr, "sasl-entra: --config: the path is too long\n");
	return '?';
}

int
se_verb_usage(const struct se_command *command, const char *what)
{
	fprintf(stderr, "sasl-entra %s: %s\n", command->verb->name, what);
	return se_verb_end(command, '?');
}

int
se_verb_end(const struct se_command *command, int option)
{
	const struct se_verb *verb = command->verb;

	if (option != SE_OPTION_HELP) {
		fprintf(stderr, "Usage: sasl-entra %s %s\n", verb->name, verb->usage);
		return SE_EXIT_USAGE;
	}
	printf("Usage: sasl-entra %s %s\n%s\n", verb->name, verb->usage, verb->help);
	return fflush(stdout) == 0 ? SE_EXIT_OK : SE_EXIT_FAILED;
}

const char *
se_verb_name(const struct se_command *command, int argc, char **argv)
{
	if (optind + 1 == argc)
		return argv[optind];
	(void)se_verb_usage(command, optind == argc ? "NAME is missing" : "give one NAME only");
	return NULL;
}
