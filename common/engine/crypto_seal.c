#include <limits.h>
#include <string.h>

#include <openssl/err.h>

#include "engine/crypto_parts.h"
#include "engine/crypto_seal.h"

static const unsigned char *
key_bytes(const struct se_seal *seal)
{
	return (const unsigned char *)se_secret_reveal(seal->key);
}

/* Why OpenSSL did not do it. A cipher that is there but cannot begin has no memory. */
static enum se_code
refused(struct se_error *error)
{
	const int reason = ERR_GET_REASON(ERR_peek_last_error());

	if (reason == ERR_R_MALLOC_FAILURE || reason == EVP_R_INITIALIZATION_ERROR)
		return se_error_memory(error);
	return se_error_set(error, SE_INTERNAL,
		"OpenSSL does not do AES-256-GCM here; does its configuration "
		"(openssl version -d says where) load the default provider?");
}

/* Key, nonce and associated data go in. */
static bool
begin(EVP_CIPHER_CTX *context, const struct se_seal *seal, int encrypt)
{
	int len = 0;

	return EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, NULL, NULL, encrypt) > 0 &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, SE_SEAL_NONCE_BYTES, NULL) >
		       0 &&
	       EVP_CipherInit_ex(context, NULL, NULL, key_bytes(seal), seal->nonce, encrypt) > 0 &&
	       EVP_CipherUpdate(context, NULL, &len,
		       (const unsigned char *)se_buffer_text(seal->associated),
		       (int)seal->associated->len) > 0;
}

static bool
encrypt(EVP_CIPHER_CTX *context, const struct se_seal *seal, const void *text, int len,
	unsigned char *to)
{
	int put = 0, rest = 0;

	return begin(context, seal, 1) && EVP_EncryptUpdate(context, to, &put, text, len) > 0 &&
	       EVP_EncryptFinal_ex(context, to + put, &rest) > 0 && put + rest == len &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SE_SEAL_TAG_BYTES, to + len) > 0;
}

enum se_code
se_seal_close(const struct se_seal *seal, const void *text, size_t len, struct se_buffer *sealed,
	struct se_error *error)
{
	EVP_CIPHER_CTX *context;
	enum se_code code = SE_OK;
	char *to;

	if (len > INT_MAX / 2 || (to = se_buffer_room(sealed, len + SE_SEAL_TAG_BYTES)) == NULL)
		return se_error_memory(error);
	se_crypto_begin();
	context = EVP_CIPHER_CTX_new();
	if (context == NULL)
		code = se_error_memory(error);
	else if (!encrypt(context, seal, text, (int)len, (unsigned char *)to))
		code = refused(error);
	else
		se_buffer_grown(sealed, len + SE_SEAL_TAG_BYTES);
	EVP_CIPHER_CTX_free(context); /* wipes */
	se_crypto_end();
	return code;
}

/* Writes what may be the text, and tells whether it is. */
static enum se_code
decrypt(EVP_CIPHER_CTX *context, const struct se_seal *seal, const unsigned char *sealed, int len,
	unsigned char *to, struct se_error *error)
{
	unsigned char tag[SE_SEAL_TAG_BYTES];
	int put = 0, rest = 0;

	memcpy(tag, sealed + len, sizeof(tag)); /* OpenSSL wants one that is not const */
	if (!begin(context, seal, 0) ||
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) <= 0 ||
		EVP_DecryptUpdate(context, to, &put, sealed, len) <= 0)
		return refused(error);
	return EVP_DecryptFinal_ex(context, to + put, &rest) > 0 && put + rest == len ? SE_OK
										      : SE_ABSENT;
}

enum se_code
se_seal_open(const struct se_seal *seal, const void *sealed, size_t len, struct se_buffer *text,
	struct se_error *error)
{
	EVP_CIPHER_CTX *context;
	enum se_code code;
	char *to;

	if (len < SE_SEAL_TAG_BYTES || len > INT_MAX / 2)
		return SE_ABSENT;
	len -= SE_SEAL_TAG_BYTES;
	to = se_buffer_room(text, len);
	if (to == NULL)
		return se_error_memory(error);
	se_crypto_begin();
	context = EVP_CIPHER_CTX_new();
	code = context != NULL
		       ? decrypt(context, seal, sealed, (int)len, (unsigned char *)to, error)
		       : se_error_memory(error);
	if (code == SE_OK)
		se_buffer_grown(text, len);
	else
		se_wipe(to, len); /* nobody may use it */
	EVP_CIPHER_CTX_free(context);
	se_crypto_end();
	return code;
}
