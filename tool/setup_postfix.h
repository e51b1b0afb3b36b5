/*
 * setup_postfix: `sasl-entra setup --postfix`: a Postfix that relays through Exchange.
 */
#ifndef SE_TOOL_SETUP_POSTFIX_H
#define SE_TOOL_SETUP_POSTFIX_H

#include <stdbool.h>

#include "tool/verb.h"

/* What the command line says. */
struct se_setup_postfix_wish {
	const char *directory; /* Postfix's configuration; NULL: the one postconf(1) names */
	const char *name; /* an account or login name; NULL: the only one that signs in as an app */
	const char *login; /* NULL: the one that the account serves */
	const char *relay; /* "[HOST]:PORT"; NULL: the account's submission server */
	unsigned relays;   /* that share the mailbox; 0: not said */
	bool rate_delay, apply, undo, dry_run, json, detailed_exit_code;
};

/* Shows what would change and, on a yes or `apply`, changes it; with `undo` puts back what the last
 * change replaced. Returns an exit code. */
int se_setup_postfix(const struct se_command *command, const struct se_setup_postfix_wish *wish);

#endif
