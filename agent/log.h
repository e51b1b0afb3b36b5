/*
 * log: one line each on stderr, where whoever started the agent collects it.
 */
#ifndef SE_AGENT_LOG_H
#define SE_AGENT_LOG_H

#include "core/error.h"

/* Control characters become '?', a text too long is cut. Never pass a token or a secret. */
void se_log(const char *fmt, ...) SE_PRINTF(1, 2);

#endif
