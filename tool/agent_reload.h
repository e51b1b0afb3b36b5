/*
 * agent_reload: finds the agent behind the system's socket, and lets it read its configuration anew.
 */
#ifndef SE_TOOL_AGENT_RELOAD_H
#define SE_TOOL_AGENT_RELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tool/identity.h"

enum se_agent_told {
	SE_AGENT_NONE,    /* nobody listens who would have to be told */
	SE_AGENT_TOLD,    /* it does so soon after */
	SE_AGENT_NOT_TOLD /* it is not to be found; a warning has said so */
};

enum se_agent_told se_agent_reload(const struct se_identity *identity);

/* What a person types for that; false: nobody listens who would have to be told. */
bool se_agent_reload_command(const struct se_identity *identity, char *command, size_t size);

/* The user that the agent of this configuration runs as; false: none is found. */
bool se_agent_user(const struct se_identity *identity, uid_t *uid);

#endif
