/*
 * login_listen: listening sockets at this machine's loopback addresses.
 */
#ifndef SE_TOOL_LOGIN_LISTEN_H
#define SE_TOOL_LOGIN_LISTEN_H

#include "core/error.h"

enum { SE_LISTEN_MAX = 2 };

/* Listens at 127.0.0.1 and, where the machine has it, ::1, at the same port; `*port` 0: any that is
 * free at both. Unused sockets are -1. */
enum se_code se_login_listen(unsigned *port, int sockets[SE_LISTEN_MAX], struct se_error *error);

#endif
