/*
 * agent_clients: who may connect to the system's agent. Its socket is a group's whose members read no
 * secret; packaging/systemd makes that group, and the packages put Postfix's user into it.
 */
#ifndef SE_TOOL_AGENT_CLIENTS_H
#define SE_TOOL_AGENT_CLIENTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/buffer.h"

#include "tool/identity.h"

#define SE_AGENT_CLIENTS "sasl-entra-clients"

struct se_agent_clients {
	/* Whose members may connect, or should: the socket's, or SE_AGENT_CLIENTS. */
	char group[64];
	bool there;  /* there is a socket */
	bool open;   /* to that group */
	bool to_all; /* to everybody */
};

/* Looks at the system's socket. A group that reads the secrets (the agent's own), and root's, are nobody's
 * to join: then SE_AGENT_CLIENTS is named, and the socket is not open to it. */
void se_agent_clients_look(const struct se_identity *identity, struct se_agent_clients *clients);

/* Whether programs that `user` starts are in the group. */
bool se_agent_clients_has(const struct se_agent_clients *clients, const char *user);

/* The commands, each on a line after `before`: the group, the socket's owner and mode where it is there and
 * closed, and `user` into the group (NULL: nobody). */
void se_agent_clients_add(const struct se_agent_clients *clients, const char *user,
	const char *before, struct se_buffer *out);

#endif
