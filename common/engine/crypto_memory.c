#include <stdlib.h>

#include <openssl/crypto.h>

#include "core/wiping_memory.h"
#include "engine/crypto_memory.h"

/* OpenSSL says where in its source it asks. It expects NULL for nothing. */
static void *
allocate(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size > 0 ? malloc(size) : NULL;
}

static void
release(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	se_wiping_free(block);
}

static void *
resize(void *block, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size > 0)
		return se_wiping_realloc(block, size);
	se_wiping_free(block);
	return NULL;
}

void
se_crypto_wipe_what_is_freed(void)
{
	(void)CRYPTO_set_mem_functions(allocate, resize, release);
}
