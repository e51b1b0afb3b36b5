/*
 * connection: one client, from its first byte to our last: one request, one answer, each within
 * a deadline.
 */
#ifndef SE_AGENT_CONNECTION_H
#define SE_AGENT_CONNECTION_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/world.h"
#include "engine/engine.h"

#include "agent/again.h"
#include "agent/notice.h"
#include "agent/peer.h"
#include "agent/summary.h"

/* What all connections of an agent share. */
struct se_service {
	struct se_engine *engine;
	const struct se_world *world;
	struct se_refusals refusals;
	struct se_summary summary;
	const struct se_error *unusable; /* the answer to whatever is asked, or NULL */
	struct se_notice *notice;        /* NULL: nobody is told of problems */
	struct se_again again;
};

struct se_connection;

/* Takes the descriptor (nonblocking) in any case; NULL when memory ran out. `peer`: NULL where the kernel
 * is to be asked. */
struct se_connection *
se_connection_new(int fd, const struct se_peer *peer, struct se_service *service);

/* What to poll for. */
struct pollfd se_connection_poll(const struct se_connection *connection);

/* When it has to be served even if nothing happens: monotonic milliseconds. */
int64_t se_connection_deadline(const struct se_connection *connection);

/* Does what can be done after a turn, without blocking. False: it is over, free it. */
bool se_connection_serve(struct se_connection *connection, short revents);

/* The agent ends: tells a client that waits, and frees. */
void se_connection_stop(struct se_connection *connection);

/* Takes back what it asked, wipes, closes. NULL is fine. */
void se_connection_free(struct se_connection *connection);

#endif
