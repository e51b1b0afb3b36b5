/*
 * verb: what main.c knows of each verb, and what a verb knows of the command line.
 */
#ifndef SE_TOOL_VERB_H
#define SE_TOOL_VERB_H

#include <getopt.h>
#include <stdbool.h>

#include "tool/identity.h"

struct se_command;

struct se_verb {
	const char *name;
	const char *usage; /* what follows the name */
	const char *help;  /* one line */
	/* argv[0] is the verb. Returns an exit code. */
	int (*run)(struct se_command *command, int argc, char **argv);
};

struct se_command {
	const struct se_verb *verb;
	struct se_identity identity;
};

enum { SE_OPTION_CONFIG = 1000, SE_OPTION_HELP, SE_OPTION_END = -1 };

/* What every verb takes; at the end of its options, before the NULL entry. */
#define SE_OPTIONS_OF_ALL \
	{"config", required_argument, NULL, SE_OPTION_CONFIG}, \
	{ \
		"help", no_argument, NULL, SE_OPTION_HELP \
	}

/* The verb's next option, or SE_OPTION_END, or one that se_verb_end() knows how to end with. */
int se_verb_option(struct se_command *command, int argc, char **argv, const struct option *options);

/* Ends a verb because of an option that is not its own: --help, or a mistake, which
 * se_verb_option() has named. Returns an exit code. */
int se_verb_end(const struct se_command *command, int option);

/* Says what is wrong with the command line, and the usage. Returns an exit code. */
int se_verb_usage(const struct se_command *command, const char *what);

/* The one argument NAME that is left after the options; NULL after se_verb_usage(). */
const char *se_verb_name(const struct se_command *command, int argc, char **argv);

int se_verb_token(struct se_command *command, int argc, char **argv);
int se_verb_check(struct se_command *command, int argc, char **argv);
int se_verb_refresh(struct se_command *command, int argc, char **argv);
int se_verb_status(struct se_command *command, int argc, char **argv);
int se_verb_login(struct se_command *command, int argc, char **argv);
int se_verb_logout(struct se_command *command, int argc, char **argv);
int se_verb_import(struct se_command *command, int argc, char **argv);
int se_verb_certificate(struct se_command *command, int argc, char **argv);
int se_verb_reseal(struct se_command *command, int argc, char **argv);

#endif
