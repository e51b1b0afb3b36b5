/*
 * agent_reload: lets the agent read its configuration anew.
 */
#ifndef SE_TOOL_AGENT_RELOAD_H
#define SE_TOOL_AGENT_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "tool/identity.h"

/* True when one that serves this configuration has been asked to: it does so soon after. False: there
 * is none, or it is not to be found, which a warning says. */
bool se_agent_reload(const struct se_identity *identity);

/* What a person types for that; false: nobody listens who would have to be told. */
bool se_agent_reload_command(const struct se_identity *identity, char *command, size_t size);

#endif
