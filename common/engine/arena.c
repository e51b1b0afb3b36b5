#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"

enum { BLOCK_SIZE = 16 * 1024 };

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

struct se_arena {
	struct block *blocks; /* the first one has the room */
};

struct se_arena *
se_arena_new(void)
{
	return calloc(1, sizeof(struct se_arena));
}

static struct block *
add_block(struct se_arena *arena, size_t size)
{
	struct block *block;

	if (size > SIZE_MAX - sizeof(*block))
		return NULL;
	block = calloc(1, sizeof(*block) + size);
	if (block == NULL)
		return NULL;
	block->size = size;
	/* A large object gets a block of its own, behind the one that still has room. */
	if (size > BLOCK_SIZE && arena->blocks != NULL) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		block->next = arena->blocks;
		arena->blocks = block;
	}
	return block;
}

void *
se_arena_alloc(struct se_arena *arena, size_t count, size_t size)
{
	const size_t step = alignof(max_align_t);
	struct block *block = arena->blocks;
	void *memory;

	if (size != 0 && count > (SIZE_MAX - step) / size)
		return NULL;
	size = (count * size + step - 1) / step * step;
	if (block == NULL || block->size - block->used < size)
		block = add_block(arena, size > BLOCK_SIZE ? size : BLOCK_SIZE);
	if (block == NULL)
		return NULL;
	memory = block->data + block->used;
	block->used += size;
	return memory;
}

char *
se_arena_text(struct se_arena *arena, const char *text, size_t len)
{
	char *copy = len < SIZE_MAX ? se_arena_alloc(arena, len + 1, 1) : NULL;

	if (copy != NULL && len > 0)
		memcpy(copy, text, len);
	return copy;
}

void
se_arena_free(struct se_arena *arena)
{
	struct block *block, *next;

	if (arena == NULL)
		return;
	for (block = arena->blocks; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}
