/*
 * crypto_key: private keys, from files and from whatever OpenSSL can reach by a URI, and what they
 * sign. Only RSA keys of 2048 bits or more: Entra takes no others.
 */
#ifndef SE_ENGINE_CRYPTO_KEY_H
#define SE_ENGINE_CRYPTO_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/secret.h"

struct se_private_key;

struct se_key_password {
	const struct se_secret *secret; /* NULL: none */
	const char *file;               /* where it stands, for messages; NULL: none */
};

enum se_signature {
	SE_PS256, /* RSASSA-PSS, SHA-256, MGF1 with SHA-256, 32 bytes of salt (RFC 7518, 3.5) */
	SE_RS256  /* RSASSA-PKCS1-v1_5, SHA-256 */
};

/* Whether a file's content holds, or may hold, a private key: PEM with one, PKCS#12, DER that is no
 * certificate. */
bool se_private_key_in(const struct se_buffer *content);

/* Reads the first private key of PEM (plain or encrypted, other blocks are left alone), PKCS#12 or
 * DER. SE_CONFIG with a sentence that names `path` when there is none, when the password does not
 * open it, or when it is none that Entra takes. The caller frees *key. */
enum se_code se_private_key_read(const char *path, const struct se_buffer *content,
	const struct se_key_password *password, struct se_private_key **key,
	struct se_error *error);

/* Finds a key by its URI: by an OpenSSL store that knows the scheme (a provider's), else for
 * pkcs11: by the engine of that name. The password is the PIN. Never asks a person. The caller
 * frees *key. */
enum se_code se_private_key_open(const char *uri, const struct se_key_password *password,
	struct se_private_key **key, struct se_error *error);

/* Adds the raw signature of the text to `signature`. False when the key cannot sign so, or not at
 * all. */
bool se_private_key_sign(const struct se_private_key *key, enum se_signature how, const void *text,
	size_t len, struct se_buffer *signature);

/* NULL is fine. */
void se_private_key_free(struct se_private_key *key);

#endif
