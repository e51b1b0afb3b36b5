#include <stdio.h>
#include <string.h>

#include "tool/exit_code.h"
#include "tool/verb.h"
#include "tool/wrap.h"

enum { HELP_WIDTH = 80, HELP_MAX = 8192, OPTION_INDENT = 27, USAGE_INDENT = 8 };

static int
takes(const struct se_option *option)
{
	if (option->value == NULL)
		return no_argument;
	return option->value[0] == '[' ? optional_argument : required_argument;
}

void
se_verb_begin(struct se_command *command, const struct se_verb *verb)
{
	static const struct option of_all[] = {SE_OPTIONS_OF_ALL};
	size_t n = 0;

	memset(command->known, 0, sizeof(command->known));
	for (const struct se_option *option = verb->options; option->name != NULL; option++)
		if (n < SE_OPTIONS_MAX - 2)
			command->known[n++] =
				(struct option){option->name, takes(option), NULL, option->id};
	memcpy(&command->known[n], of_all, sizeof(of_all));
	command->verb = verb;
	optind = 0; /* begin anew, and take options after arguments, too */
}

int
se_verb_option(struct se_command *command, int argc, char **argv)
{
	int option;

	do {
		option = getopt_long(argc, argv, "", command->known, NULL);
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

void
se_verb_print(FILE *out, const char *before, const char *text, unsigned indent)
{
	const size_t len = strlen(before);
	struct se_buffer lines;

	se_buffer_init(&lines, HELP_MAX);
	if (len < indent) {
		se_buffer_addf(&lines, "%-*s", (int)indent, before);
	} else if (len > 0) {
		/* On a line of their own, and the text below. */
		se_buffer_addf(&lines, "%s\n%*s", before, (int)indent, "");
	}
	se_wrap(text, strlen(text), indent, HELP_WIDTH, &lines);
	fprintf(out, "%s\n", se_buffer_text(&lines));
	se_buffer_free(&lines);
}

void
se_verb_print_usage(FILE *out, const char *before, const struct se_verb *verb)
{
	struct se_buffer words, lines;
	const unsigned indent = (unsigned)strlen(before) + USAGE_INDENT;

	se_buffer_init(&words, HELP_MAX);
	se_buffer_init(&lines, HELP_MAX);
	se_buffer_addf(&words, "%s %s", verb->name, verb->usage);
	/* The first line begins before the others: it ends before them, too. */
	se_wrap(se_buffer_text(&words), words.len, indent, HELP_WIDTH, &lines);
	fprintf(out, "%s%s\n", before, se_buffer_text(&lines));
	se_buffer_free(&words);
	se_buffer_free(&lines);
}

/* "--watch[=SECONDS]" */
static void
print_option(const struct se_option *option)
{
	char text[80], before[84];

	switch (takes(option)) {
	case required_argument:
		(void)snprintf(text, sizeof(text), "--%s %s", option->name, option->value);
		break;
	case optional_argument:
		(void)snprintf(text, sizeof(text), "--%s[=%.*s]", option->name,
			(int)strlen(option->value) - 2, option->value + 1);
		break;
	default:
		(void)snprintf(text, sizeof(text), "--%s", option->name);
	}
	(void)snprintf(before, sizeof(before), "  %s", text);
	se_verb_print(stdout, before, option->help, OPTION_INDENT);
}

int
se_verb_end(const struct se_command *command, int option)
{
	const struct se_verb *verb = command->verb;

	if (option != SE_OPTION_HELP) {
		se_verb_print_usage(stderr, "Usage: sasl-entra ", verb);
		return SE_EXIT_USAGE;
	}
	se_verb_print_usage(stdout, "Usage: sasl-entra ", verb);
	se_verb_print(stdout, "", verb->help, 0);
	printf("\nOptions:\n");
	for (const struct se_option *known = verb->options; known->name != NULL; known++)
		print_option(known);
	printf("  %-24s %s\n", "--config PATH", "use this configuration");
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
