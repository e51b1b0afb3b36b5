#include <stdlib.h>
#include <string.h>
#ifdef HAVE_MALLOC_USABLE_SIZE
#ifdef HAVE_MALLOC_NP_H
#include <malloc_np.h>
#else
#include <malloc.h>
#endif
#endif

#include "core/secret.h"
#include "core/wiping_memory.h"

static size_t
size_of(void *block)
{
#ifdef HAVE_MALLOC_USABLE_SIZE
	return malloc_usable_size(block);
#else
	(void)block;
	return 0;
#endif
}

void
se_wiping_free(void *block)
{
	if (block == NULL)
		return;
	se_wipe(block, size_of(block));
	free(block);
}

void *
se_wiping_realloc(void *block, size_t size)
{
	const size_t old = block != NULL ? size_of(block) : 0;
	void *grown;

	if (old == 0)
		return realloc(block, size);
	/* Never in place: what a block has beyond what was asked for is not the caller's to use. */
	grown = malloc(size > 0 ? size : 1);
	if (grown == NULL)
		return NULL;
	memcpy(grown, block, size < old ? size : old);
	se_wiping_free(block);
	return grown;
}
