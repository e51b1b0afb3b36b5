/*
 * again: the answer that was given last, for those who ask the same while it stands: a queue that is
 * flushed does so many times a second, each time out of a new process.
 */
#ifndef SE_AGENT_AGAIN_H
#define SE_AGENT_AGAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/source.h"
#include "engine/engine.h"

/* Zeroed at the start. */
struct se_again {
	uint64_t number; /* se_engine_answered(); 0: nothing is kept */
	struct se_request request;
	struct se_buffer frame; /* with the token */
};

/* Right after se_engine_ask(), where the answer was this frame and is sent, all of it: takes the frame over
 * and leaves an empty one, if the answer stands; else false. Its bytes are not lent (se_buffer_lend). */
bool se_again_keep(struct se_again *again, struct se_engine *engine,
	const struct se_request *request, struct se_buffer *frame);

/* The frame that answers the request, until the next call of one of these or of the engine. NULL: it has
 * to be asked. */
const struct se_buffer *se_again_find(
	const struct se_again *again, struct se_engine *engine, const struct se_request *request);

/* Wipes what does not stand any more: at the end of each turn, so that no token stays that went. */
void se_again_tidy(struct se_again *again, struct se_engine *engine);

/* Wipes. It may be kept into again. */
void se_again_free(struct se_again *again);

#endif
