/*
 * log: one line each, where whoever started the agent collects it: on stderr, or in syslog where
 * stderr is the client itself, as inetd(8) and Postfix's spawn(8) have it.
 */
#ifndef SE_AGENT_LOG_H
#define SE_AGENT_LOG_H

#include "core/error.h"

/* Before anything else: decides where lines go, and sees to it that no line, of ours or of a
 * library, reaches a client or a file that happens to be descriptor 1 or 2. */
void se_log_begin(void);

/* Control characters become '?', a text too long is cut. Never pass a token or a secret. */
void se_log(const char *fmt, ...) SE_PRINTF(1, 2);

#endif
