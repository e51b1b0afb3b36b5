/*
 * listen: the agent's sockets, opened while it may still be root.
 */
#ifndef SE_AGENT_LISTEN_H
#define SE_AGENT_LISTEN_H

#include <limits.h>
#include <sys/types.h>

#include "core/error.h"

#include "agent/options.h"
#include "agent/privilege.h"

struct se_listener {
	int fd;        /* nonblocking; -1 when closed */
	int directory; /* that holds it; -1 when closed */
	char path[PATH_MAX];
	dev_t device; /* of the socket's file, to know it again */
	ino_t inode;
};

/* Makes the socket of that name, with its mode from the first moment, and listens. A socket that
 * a dead agent left is replaced. SE_CONFIG when the place is not to be trusted, is taken by
 * something else, or cannot be used; SE_AGAIN when another agent listens there. */
enum se_code se_listen_open(const struct se_socket_option *option, const struct se_agent_user *user,
	struct se_listener *listener, struct se_error *error);

/* Stops listening. The socket's file is removed where that is still permitted and it is still
 * ours; else it stays, and the next agent replaces it. */
void se_listen_close(struct se_listener *listener);

#endif
