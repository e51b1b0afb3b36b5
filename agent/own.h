/*
 * own: whether the agent is a person's own one.
 */
#ifndef SE_AGENT_OWN_H
#define SE_AGENT_OWN_H

#include <stdbool.h>

/* Whether a configuration is the one that this user's programs read in place of the system's; then
 * tokens go where his programs look for them, too. Never for root. */
bool se_own_configuration(const char *path);

#endif
