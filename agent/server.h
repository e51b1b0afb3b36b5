/*
 * server: the agent's one loop: signals, new clients, clients being served, and the engine's
 * transfers, all in one poll.
 */
#ifndef SE_AGENT_SERVER_H
#define SE_AGENT_SERVER_H

#include <stddef.h>

#include "agent/connection.h"
#include "agent/listen.h"
#include "agent/notify.h"

enum {
	SE_CLIENTS_MAX = 1024,
	SE_STOP_MS = 5000 /* that requests in flight get after SIGTERM */
};

struct se_server {
	struct se_service service;
	struct se_listener *listeners; /* closed when the server stops */
	size_t listener_count;
	int signals;                   /* of se_signals_open() */
	struct se_notify notify;       /* of se_notify_begin() */
	void (*reload)(void *context); /* on SIGHUP */
	void *context;
};

/* Makes room for SE_CLIENTS_MAX clients in the descriptor limit, as far as it goes. */
void se_server_raise_limit(size_t listener_count);

/* Says that it is ready, and serves until SIGTERM or SIGINT, and then for as long as a refresh token is being
 * exchanged, SE_BUDGET_MS at most. Returns an exit code. */
int se_server_run(struct se_server *server);

#endif
