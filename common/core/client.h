/*
 * client: asks the agent at a Unix socket.
 */
#ifndef SE_CORE_CLIENT_H
#define SE_CORE_CLIENT_H

#include "core/source.h"
#include "core/world.h"

/* Sends `request` to the agent at `path` (absolute) and waits for the answer until
 * request->time_left ends. SE_ABSENT when there is no agent: no socket, nobody listens, or we may
 * not connect. The socket is trusted if every directory of its path is root's or ours and not
 * writable by others, it is no link, and the peer runs as root, as the socket's owner or as us;
 * else SE_CONFIG says what is wrong with it. `root_is_safe`: se_directory_is_safe() has said so of this
 * process's "/" before. */
enum se_code se_client_ask(const char *path, bool root_is_safe, const struct se_request *request,
	const struct se_world *world, struct se_answer *answer, struct se_error *error);

#endif
