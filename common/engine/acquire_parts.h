/*
 * acquire_parts: what the parts of acquire share. Not for anybody else.
 */
#ifndef SE_ENGINE_ACQUIRE_PARTS_H
#define SE_ENGINE_ACQUIRE_PARTS_H

#include "engine/acquire.h"

int64_t se_acquire_monotonic(const struct se_acquisition *acquisition);
int64_t se_acquire_wall(const struct se_acquisition *acquisition);

/* A random byte: for jitter, so that 0 where there is no randomness will do. */
unsigned se_acquire_chance(const struct se_acquisition *acquisition);

void se_acquire_say(const struct se_acquisition *acquisition, bool warning, const char *text);

/* Writes the state file, under the lock; on failure the state lives on in memory. */
void se_acquire_save(struct se_acquisition *acquisition);

/* Says once that the token cannot be kept. */
void se_acquire_complain(struct se_acquisition *acquisition, const struct se_error *error);

/* Notes a failure, so that the same request is not made again too soon. */
void se_acquire_remember(struct se_acquisition *acquisition, const struct se_error *error);

/* Notes a failure for the status only: nothing was asked, and the next one tries again. */
void se_acquire_note(struct se_acquisition *acquisition, const struct se_error *error);

#endif
