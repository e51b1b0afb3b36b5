/*
 * verb: what main.c knows of each verb, and what a verb knows of the command line.
 */
#ifndef SE_TOOL_VERB_H
#define SE_TOOL_VERB_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "tool/identity.h"

struct se_command;

/* What stands where a value is wanted, for the completions. */
enum se_completes { SE_COMPLETES_NOTHING, SE_COMPLETES_FILE, SE_COMPLETES_DIRECTORY };

/* One option of a verb: getopt, --help, the completions and the test that compares the man page read
 * the same table. --config and --help belong to every verb and stand in none. */
struct se_option { /* NOLINT(clang-analyzer-optin.performance.Padding): as tables are written */
	const char *name;
	int id; /* the verb's own, from 1 on */
	const char *
		value; /* what its value is called; "[N]": it may be left out; NULL: it takes none */
	const char *help;    /* a few words */
	const char *choices; /* the values there are, with spaces between them; NULL: any */
	enum se_completes completes;
};

struct se_verb {
	const char *name;
	const char *usage;               /* what follows the name */
	const char *help;                /* one line */
	const struct se_option *options; /* ended by one without a name */
	const char *actions;             /* what its first argument may be, as `choices`; or NULL */
	bool takes_name;                 /* a login name or the label of an account */
	/* argv[0] is for messages. Returns an exit code. */
	int (*run)(struct se_command *command, int argc, char **argv);
};

enum { SE_OPTIONS_MAX = 40 };

struct se_command {
	const struct se_verb *verb;
	struct se_identity identity;
	struct option known[SE_OPTIONS_MAX + 1]; /* the verb's options, as getopt wants them */
};

enum { SE_OPTION_CONFIG = 1000, SE_OPTION_HELP, SE_OPTION_END = -1 };

/* What every verb takes. */
#define SE_OPTIONS_OF_ALL \
	{"config", required_argument, NULL, SE_OPTION_CONFIG}, \
	{ \
		"help", no_argument, NULL, SE_OPTION_HELP \
	}

/* Starts reading the verb's options, anew. */
void se_verb_begin(struct se_command *command, const struct se_verb *verb);

/* The verb's next option, or SE_OPTION_END, or one that se_verb_end() knows how to end with. */
int se_verb_option(struct se_command *command, int argc, char **argv);

/* On lines of 80 columns: `before` (blanks, and the words that are explained), and the text from column
 * `indent` on; and a verb with its arguments behind `before`. */
void se_verb_print(FILE *out, const char *before, const char *text, unsigned indent);
void se_verb_print_usage(FILE *out, const char *before, const struct se_verb *verb);

/* Ends a verb because of an option that is not its own: --help, or a mistake, which
 * se_verb_option() has named. Returns an exit code. */
int se_verb_end(const struct se_command *command, int option);

/* Says what is wrong with the command line, and the usage. Returns an exit code. */
int se_verb_usage(const struct se_command *command, const char *what);

/* The one argument NAME that is left after the options; NULL after se_verb_usage(). */
const char *se_verb_name(const struct se_command *command, int argc, char **argv);

/* All verbs, in the order of --help; ended by NULL. */
extern const struct se_verb *const se_verbs[];

#endif
