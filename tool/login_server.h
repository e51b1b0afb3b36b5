/*
 * login_server: where the browser comes back to: an HTTP server on this machine's loopback
 * addresses, for as long as one sign-in takes. The only file that knows libmicrohttpd. It has no
 * threads: it runs when it is given its turn.
 * Source: RFC 8252 sections 7.3 and 8.3.
 *
 * GET / with the answer is sent on to /done at once, so that the code does not stay in the
 * browser's address bar or history. /done is held until there is something to show.
 */
#ifndef SE_TOOL_LOGIN_SERVER_H
#define SE_TOOL_LOGIN_SERVER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

#include "tool/login_page.h"

struct se_login_server;

/* Gets the query of a request that says it has a code or an error. True: it is the answer, and no
 * other is taken; else `error` says why not. */
typedef bool se_login_answer(void *context, const char *query, size_t len, struct se_error *error);

/* Listens at 127.0.0.1 and ::1, at the same port, which is free at both: else a browser might be
 * led to somebody else's program. `port` 0: any. NULL with `error` set. */
struct se_login_server *
se_login_server_open(unsigned port, se_login_answer *answer, void *context, struct se_error *error);
void se_login_server_close(struct se_login_server *server);

unsigned se_login_server_port(const struct se_login_server *server);

/* Fills at most `max` descriptors to poll, returns how many, and lowers *wait (milliseconds). */
size_t
se_login_server_prepare(struct se_login_server *server, struct pollfd *fds, size_t max, int *wait);

/* Does what is due. */
void se_login_server_turn(struct se_login_server *server);

/* What /done shows from now on. */
void se_login_server_show(struct se_login_server *server, const struct se_login_page *page);

/* Set as soon as a browser has been shown it. */
const bool *se_login_server_shown(const struct se_login_server *server);

#endif
