/*
 * inetd: an agent that somebody else's listener starts for one client: Postfix's spawn(8), inetd(8),
 * a systemd socket with Accept=yes. Tokens, locks and remembered errors are shared with the next
 * one, and with a running agent, by the state directory.
 */
#ifndef SE_AGENT_INETD_H
#define SE_AGENT_INETD_H

#include "core/error.h"

#include "agent/connection.h"

/* SE_CONFIG unless descriptor 0 is a connected Unix stream socket. */
enum se_code se_inetd_check(struct se_error *error);

/* Serves the client on descriptor 0 and closes it. `signals` is of se_signals_open(). Returns an
 * exit code: a client that got an error has been served. */
int se_inetd_serve(struct se_service *service, int signals);

#endif
