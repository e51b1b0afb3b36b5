/*
 * client_connect: the way to the agent's socket, for client.c alone: who may have put it there,
 * who listens, and how long one may wait.
 */
#ifndef SE_CORE_CLIENT_CONNECT_H
#define SE_CORE_CLIENT_CONNECT_H

#include <stdint.h>

#include "core/error.h"
#include "core/world.h"

struct se_call {
	const char *path;
	bool root_is_safe; /* "/" has been judged */
	const struct se_world *world;
	uint32_t time_left; /* milliseconds there were at first, for messages */
	int64_t deadline;   /* on world->monotonic */
	int fd;
	struct se_error *error;
};

/* Connects to a socket that may be trusted (core/client.h says when); the caller closes call->fd
 * in any case, unless it is -1. */
enum se_code se_call_connect(struct se_call *call);

/* Milliseconds that are left: at least 0, at most what poll() takes. */
int se_call_left(const struct se_call *call);

/* Waits until the socket is ready for `events` of poll(), or SE_AGAIN when the time is up. */
enum se_code se_call_wait(const struct se_call *call, short events);

/* The errors that both files have. */
enum se_code se_call_silent(const struct se_call *call);
enum se_code se_call_failed(const struct se_call *call, int cause);

#endif
