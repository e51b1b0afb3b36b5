/*
 * wiping_memory: malloc()'s blocks, wiped before they are freed or moved. For libraries that hold
 * secrets in buffers of theirs and can be given functions for their memory. A block may as well be
 * freed by free().
 */
#ifndef SE_CORE_WIPING_MEMORY_H
#define SE_CORE_WIPING_MEMORY_H

#include <stddef.h>

/* As free(3) and realloc(3). Where the system does not say how large a block is, nothing is wiped. */
void se_wiping_free(void *block);
void *se_wiping_realloc(void *block, size_t size);

#endif
