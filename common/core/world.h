/*
 * world: clock and randomness, as functions that a test can replace.
 */
#ifndef SE_CORE_WORLD_H
#define SE_CORE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct se_world {
	int64_t (*wall)(void *context);                        /* seconds since 1970-01-01 UTC */
	int64_t (*monotonic)(void *context);                   /* milliseconds, never backwards */
	bool (*random)(void *context, void *data, size_t len); /* false: no randomness to be had */
	void *context;
};

extern const struct se_world se_world_system;

/* The clocks alone, for the plugin: what would give randomness is not even looked up. */
extern const struct se_world se_world_clocks;

#endif
