#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"

/* One block: a length that outlives its bytes, or bytes that nobody wipes, cannot be. */
struct se_secret {
	size_t len;
	char bytes[];
};

struct se_secret *
se_secret_new(const void *data, size_t len)
{
	struct se_secret *secret;

	if (len > SIZE_MAX - sizeof(*secret) - 1)
		return NULL;
	secret = malloc(sizeof(*secret) + len + 1);
	if (secret == NULL)
		return NULL;
	secret->len = len;
	if (len > 0)
		memcpy(secret->bytes, data, len);
	secret->bytes[len] = '\0';
	return secret;
}

struct se_secret *
se_secret_copy(const struct se_secret *secret)
{
	return secret == NULL ? NULL : se_secret_new(secret->bytes, secret->len);
}

const char *
se_secret_reveal(const struct se_secret *secret)
{
	return secret == NULL ? "" : secret->bytes;
}

size_t
se_secret_len(const struct se_secret *secret)
{
	return secret == NULL ? 0 : secret->len;
}

bool
se_secret_equal(const struct se_secret *a, const struct se_secret *b)
{
	unsigned differs = 0;

	if (a == NULL || b == NULL)
		return a == b;
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		differs |= (unsigned char)a->bytes[i] ^ (unsigned char)b->bytes[i];
	return differs == 0;
}

void
se_secret_free(struct se_secret *secret)
{
	if (secret != NULL) {
		se_wipe(secret, sizeof(*secret) + secret->len + 1);
		free(secret);
	}
}

void
se_wipe(void *data, size_t len)
{
	if (data == NULL || len == 0)
		return;
#ifdef HAVE_EXPLICIT_BZERO
	explicit_bzero(data, len);
#else
	{
		/* The compiler cannot know what a volatile pointer points at. */
		void *(*const volatile set)(void *, int, size_t) = memset;

		set(data, 0, len);
	}
#endif
}
