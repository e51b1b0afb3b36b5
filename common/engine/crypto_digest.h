/*
 * crypto_digest: SHA-256 and base64 by OpenSSL.
 */
#ifndef SE_ENGINE_CRYPTO_DIGEST_H
#define SE_ENGINE_CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the first `digits` (even, at most 64) hex digits of SHA-256 and a NUL to `hex`. False
 * when OpenSSL failed; `hex` is then "". */
bool se_digest_hex(const void *data, size_t len, char *hex, size_t digits);

/* Decodes base64 with padding (RFC 4648 section 4); `len` is a multiple of 4, `out` has room for
 * `len` bytes. False when it is not base64. */
bool se_base64_decode(const char *text, size_t len, void *out, size_t *count);

#endif
