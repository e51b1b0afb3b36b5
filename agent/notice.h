/*
 * notice: runs the program of the key on_problem once for each change of an account's state: from
 * good to bad, from one kind of bad to another, and back.
 */
#ifndef SE_AGENT_NOTICE_H
#define SE_AGENT_NOTICE_H

#include <stdint.h>

#include "core/world.h"
#include "engine/engine.h"

enum { SE_NOTICE_AGAIN_MS = 5 * 60000 }; /* "again" is no problem before it has lasted so long */

struct se_notice;

/* NULL when memory ran out. */
struct se_notice *se_notice_new(const struct se_world *world);

/* Programs that run go on. NULL is fine. */
void se_notice_free(struct se_notice *notice);

/* struct se_engine_options.outcome, with the notice as context. Starts nothing. Takes no longer
 * when there are more accounts. */
void se_notice_take(void *context, const struct se_outcome *outcome);

/* Starts what is due, ends what has run for too long, and takes note of what has ended. Never
 * blocks. NULL is fine. */
void se_notice_step(struct se_notice *notice);

/* When the next step is due although no child has ended: monotonic milliseconds; INT64_MAX: never.
 * NULL is fine. */
int64_t se_notice_due(const struct se_notice *notice);

#endif
