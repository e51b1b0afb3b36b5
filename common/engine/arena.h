/*
 * arena: memory that is freed at once. Holds what lives as long as one configuration.
 */
#ifndef SE_ENGINE_ARENA_H
#define SE_ENGINE_ARENA_H

#include <stddef.h>

struct se_arena;

/* NULL when memory ran out. */
struct se_arena *se_arena_new(void);

/* Zeroed memory for `count` objects of `size` bytes, aligned for any; NULL when memory ran out. */
void *se_arena_alloc(struct se_arena *arena, size_t count, size_t size);

/* A copy of `len` bytes with a NUL behind them; NULL when memory ran out. */
char *se_arena_text(struct se_arena *arena, const char *text, size_t len);

/* NULL is fine. */
void se_arena_free(struct se_arena *arena);

#endif
