/*
 * refresh_all: a new token for every account that can have one.
 */
#ifndef SE_TOOL_REFRESH_ALL_H
#define SE_TOOL_REFRESH_ALL_H

#include <stdbool.h>

#include "tool/identity.h"

/* One after the other, each token key once; those for which nobody has signed in are left out.
 * Prints a line or a JSON object for each. Returns an exit code: of the worst failure. */
int se_refresh_all(const struct se_identity *identity, bool json);

#endif
