/*
 * setup_postfix: `sasl-entra setup --postfix`: a Postfix that relays through Exchange.
 */
#ifndef SE_TOOL_SETUP_POSTFIX_H
#define SE_TOOL_SETUP_POSTFIX_H

#include <stdbool.h>

#include "tool/verb.h"

/* The options that are for Postfix alone: rows of a verb's table, and its ids. */
enum {
	SE_SETUP_POSTFIX = 200,
	SE_SETUP_POSTFIX_LOGIN,
	SE_SETUP_POSTFIX_RELAY,
	SE_SETUP_POSTFIX_RELAYS,
	SE_SETUP_POSTFIX_RATE_DELAY,
	SE_SETUP_POSTFIX_APPLY,
	SE_SETUP_POSTFIX_UNDO
};

/* clang-format off */
#define SE_SETUP_POSTFIX_OPTIONS \
	{"postfix", SE_SETUP_POSTFIX, "[CONFIG_DIR]", "set up Postfix", NULL, \
		SE_COMPLETES_DIRECTORY}, \
	{"login", SE_SETUP_POSTFIX_LOGIN, "NAME", "Postfix: the mailbox that sends", NULL, \
		SE_COMPLETES_NOTHING}, \
	{"relay", SE_SETUP_POSTFIX_RELAY, "RELAYHOST", "Postfix: the server, as [HOST]:PORT", \
		NULL, SE_COMPLETES_NOTHING}, \
	{"relays", SE_SETUP_POSTFIX_RELAYS, "N", "Postfix: so many share the mailbox", NULL, \
		SE_COMPLETES_NOTHING}, \
	{"rate-delay", SE_SETUP_POSTFIX_RATE_DELAY, NULL, "Postfix: 30 messages a minute", NULL, \
		SE_COMPLETES_NOTHING}, \
	{"apply", SE_SETUP_POSTFIX_APPLY, NULL, "Postfix: change it without a question", NULL, \
		SE_COMPLETES_NOTHING}, \
	{"undo", SE_SETUP_POSTFIX_UNDO, NULL, "Postfix: put back what was there", NULL, \
		SE_COMPLETES_NOTHING}
/* clang-format on */

/* What the command line says. */
struct se_setup_postfix_wish {
	bool wanted;           /* --postfix */
	const char *directory; /* Postfix's configuration; NULL: the one postconf(1) names */
	const char *name; /* an account or login name; NULL: the only one that signs in as an app */
	const char *login; /* NULL: the one that the account serves */
	const char *relay; /* "[HOST]:PORT"; NULL: the account's submission server */
	unsigned relays;   /* that share the mailbox; 0: not said */
	bool rate_delay, apply, undo, dry_run, json, detailed_exit_code;
};

/* Takes an option of that table, with getopt's optarg. False when it is none of them; *wrong becomes
 * what is wrong with its value, or NULL. */
bool se_setup_postfix_option(struct se_setup_postfix_wish *wish, int option, const char **wrong);

/* Shows what would change and, on a yes or `apply`, changes it; with `undo` puts back what the last
 * change replaced. Returns an exit code. */
int se_setup_postfix(const struct se_command *command, const struct se_setup_postfix_wish *wish);

#endif
