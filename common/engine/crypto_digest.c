#include <limits.h>

#include <openssl/evp.h>

#include "engine/crypto_digest.h"

bool
se_digest_hex(const void *data, size_t len, char *hex, size_t digits)
{
	static const char alphabet[] = "0123456789abcdef";
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int sum_len = 0;
	size_t i;

	hex[0] = '\0';
	if (!EVP_Digest(data, len, sum, &sum_len, EVP_sha256(), NULL) ||
		(size_t)sum_len * 2 < digits)
		return false;
	for (i = 0; i < digits / 2; i++) {
		hex[2 * i] = alphabet[sum[i] >> 4];
		hex[2 * i + 1] = alphabet[sum[i] & 15];
	}
	hex[digits] = '\0';
	return true;
}

bool
se_base64_decode(const char *text, size_t len, void *out, size_t *count)
{
	const unsigned char *bytes = (const unsigned char *)text;
	int decoded;
	size_t padding = 0;

	*count = 0;
	if (len % 4 != 0 || len > INT_MAX)
		return false;
	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	decoded = EVP_DecodeBlock(out, bytes, (int)len);
	if (decoded < (int)padding)
		return false;
	*count = (size_t)decoded - padding; /* OpenSSL counts the padding as bytes */
	return true;
}
