/*
 * crypto_seal: encryption that nobody can change unnoticed, AES-256-GCM (NIST SP 800-38D), by
 * OpenSSL.
 */
#ifndef SE_ENGINE_CRYPTO_SEAL_H
#define SE_ENGINE_CRYPTO_SEAL_H

#include <stddef.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/secret.h"

enum { SE_SEAL_KEY_BYTES = 32, SE_SEAL_NONCE_BYTES = 12, SE_SEAL_TAG_BYTES = 16 };

/* What goes with a text: none of it is secret, and all of it is needed to open it again. */
struct se_seal {
	const struct se_secret *key;        /* SE_SEAL_KEY_BYTES */
	const unsigned char *nonce;         /* SE_SEAL_NONCE_BYTES, never the same twice */
	const struct se_buffer *associated; /* authenticated, but not in the result */
};

/* Appends ciphertext and tag. SE_MEMORY, also where `sealed` has no room; SE_INTERNAL when OpenSSL
 * refuses. */
enum se_code se_seal_close(const struct se_seal *seal, const void *text, size_t len,
	struct se_buffer *sealed, struct se_error *error);

/* Appends the text of ciphertext and tag. SE_ABSENT, and nothing in `error`: it is not what was
 * sealed with this key and all that goes with it. Else as above. */
enum se_code se_seal_open(const struct se_seal *seal, const void *sealed, size_t len,
	struct se_buffer *text, struct se_error *error);

#endif
