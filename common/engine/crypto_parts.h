/*
 * crypto_parts: what the files about keys and certificates share. Not for anybody else.
 *
 * A host process has an OpenSSL error queue of its own: whatever calls OpenSSL here stands between
 * se_crypto_begin() and se_crypto_end(), which leave that queue as it was.
 */
#ifndef SE_ENGINE_CRYPTO_PARTS_H
#define SE_ENGINE_CRYPTO_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "core/buffer.h"
#include "core/error.h"
#include "engine/crypto_key.h"

struct se_private_key {
	EVP_PKEY *pkey;
};

/* What a password callback is called with. */
struct se_crypto_asked {
	const struct se_key_password *password;
	bool asked; /* OpenSSL wanted it */
};

void se_crypto_begin(void);
void se_crypto_end(void);

/* A private key that takes `pkey` over, whatever happens; NULL when memory ran out. */
struct se_private_key *se_crypto_wrap(EVP_PKEY *pkey);

/* A pem_password_cb that never asks a person: without it OpenSSL prompts on the terminal. `data` is
 * a struct se_crypto_asked. */
int se_crypto_give_password(char *to, int size, int writing, void *data);

/* The sentence when a password was asked for and did not do. */
enum se_code se_crypto_refuse_password(
	const char *path, const struct se_key_password *password, struct se_error *error);

/* The content to read from; wiped when freed. NULL when memory ran out. */
BIO *se_crypto_source(const struct se_buffer *content);

/* Moves all that was written to a BIO to the end of `out`. */
bool se_crypto_take(BIO *bio, struct se_buffer *out);

/* Whether the text is in the content, also behind a NUL byte, past which OpenSSL reads on. */
bool se_crypto_has(const struct se_buffer *content, const char *text);

bool se_crypto_is_pem(const struct se_buffer *content);

/* SE_ABSENT when it is no PKCS#12; else the key (NULL: none in it) and a list of certificates. */
enum se_code se_crypto_read_pkcs12(const char *path, const struct se_buffer *content,
	const struct se_key_password *password, EVP_PKEY **key, STACK_OF(X509) * *list,
	struct se_error *error);

/* What trying a password on a file takes, by the numbers that stand in it; .path and .pem are set first. */
struct se_crypto_work {
	const char *path;
	bool pem;
	uint64_t rounds; /* so far */
};

/* To be called before a key is derived by that algorithm (NULL: none is), or for the MAC. SE_CONFIG where all of it
 * would take longer than a few seconds. */
enum se_code se_crypto_work_add(
	struct se_crypto_work *work, const X509_ALGOR *algorithm, struct se_error *error);
enum se_code
se_crypto_work_add_mac(struct se_crypto_work *work, const PKCS12 *file, struct se_error *error);

/* The same for all encrypted keys of a file in PEM. */
enum se_code
se_crypto_bound_pem(const char *path, const struct se_buffer *content, struct se_error *error);

/* What se_private_key_open() has it from. */
enum se_code se_crypto_find_key(const char *uri, const struct se_key_password *password,
	EVP_PKEY **key, struct se_error *error);

#endif
