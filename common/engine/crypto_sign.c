#include <openssl/rsa.h>

#include "engine/crypto_parts.h"

static bool
set_padding(EVP_PKEY_CTX *context, enum se_signature how)
{
	if (how == SE_RS256)
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

static bool
sign(EVP_MD_CTX *context, const struct se_private_key *key, enum se_signature how, const void *text,
	size_t len, struct se_buffer *signature)
{
	EVP_PKEY_CTX *padding = NULL;
	size_t size = 0;
	char *room;

	if (EVP_DigestSignInit(context, &padding, EVP_sha256(), NULL, key->pkey) <= 0 ||
		!set_padding(padding, how) || EVP_DigestSign(context, NULL, &size, text, len) <= 0)
		return false;
	room = se_buffer_room(signature, size);
	if (room == NULL || EVP_DigestSign(context, (unsigned char *)room, &size, text, len) <= 0)
		return false;
	se_buffer_grown(signature, size);
	return true;
}

bool
se_private_key_sign(const struct se_private_key *key, enum se_signature how, const void *text,
	size_t len, struct se_buffer *signature)
{
	EVP_MD_CTX *context;
	bool ok;

	se_crypto_begin();
	context = EVP_MD_CTX_new();
	ok = context != NULL && sign(context, key, how, text, len, signature);
	EVP_MD_CTX_free(context);
	se_crypto_end();
	return ok;
}
