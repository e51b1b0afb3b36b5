/*
 * import: what each action of the verb does. Each returns an exit code.
 */
#ifndef SE_TOOL_IMPORT_H
#define SE_TOOL_IMPORT_H

#include <stdbool.h>

#include "tool/identity.h"

struct se_import_options {
	bool json;
	bool apply, undo, replace;
	bool postfix;            /* its password maps say who there is */
	const char *postfix_dir; /* its configuration; NULL: where postconf(1) has it */
	const char *conf;        /* sasl-xoauth2.conf; NULL: where it usually is */
	const char *decrypt;     /* the command that decrypts; NULL: gpg */
	char **files;            /* token files, beside the map's; NULL-terminated */
};

int
se_import_sasl_xoauth2(const struct se_identity *identity, const struct se_import_options *options);

int se_import_mutt(const struct se_identity *identity, const char *name, const char *file,
	const struct se_import_options *options);

#endif
