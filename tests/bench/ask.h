/*
 * ask: a request to the agent and its answer, by the agent's client's own code for what they are made
 * of, and without its judgement of the socket, so that the agent has more to do than who measures it.
 */
#ifndef SE_TESTS_BENCH_ASK_H
#define SE_TESTS_BENCH_ASK_H

#include <stdint.h>

#include "core/buffer.h"

/* Nanoseconds of the monotonic clock. */
int64_t bench_now_ns(void);

/* The request for a login name's token, for the server "localhost"; to be freed. False when memory
 * ran out. */
bool bench_frame(struct se_buffer *frame, const char *login);

/* Connects, sends, receives until the agent closes; whether a token came. */
bool bench_ask(const char *path, const struct se_buffer *frame);

#endif
