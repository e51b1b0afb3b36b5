/*
 * inherit: listening sockets that systemd, or another supervisor that speaks its protocol, opened
 * for the agent. Source: sd_listen_fds(3), "Notes".
 */
#ifndef SE_AGENT_INHERIT_H
#define SE_AGENT_INHERIT_H

#include "core/error.h"

#include "agent/listen.h"

/* Takes what LISTEN_FDS counts, if LISTEN_PID is us, and removes these variables; *count is 0 when
 * nothing was handed over. They are nonblocking and not inherited further; their files are never
 * removed. SE_CONFIG when there are more than `max`, or one is no Unix stream socket that listens
 * at a path. */
enum se_code se_inherit_sockets(
	struct se_listener *listeners, size_t max, size_t *count, struct se_error *error);

#endif
