#include <string.h>

#include <openssl/evp.h>

#include "core/secret.h"
#include "engine/crypto_pkce.h"

enum { BYTES = 32 };

/* RFC 4648 section 5, without padding. */
static void
encode(const unsigned char bytes[BYTES], char text[SE_RANDOM_TEXT_SIZE])
{
	unsigned char padded[SE_RANDOM_TEXT_SIZE + 1];
	size_t i;

	(void)EVP_EncodeBlock(padded, bytes, BYTES);
	for (i = 0; i < SE_RANDOM_TEXT_SIZE - 1; i++)
		text[i] = (char)(padded[i] == '+' ? '-' : padded[i] == '/' ? '_' : padded[i]);
	text[i] = '\0';
	se_wipe(padded, sizeof(padded));
}

bool
se_random_text(const struct se_world *world, char text[SE_RANDOM_TEXT_SIZE])
{
	unsigned char bytes[BYTES];
	bool filled = world->random(world->context, bytes, sizeof(bytes));

	text[0] = '\0';
	if (filled)
		encode(bytes, text);
	se_wipe(bytes, sizeof(bytes));
	return filled;
}

bool
se_pkce_challenge(const char *verifier, char challenge[SE_RANDOM_TEXT_SIZE])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	challenge[0] = '\0';
	if (!EVP_Digest(verifier, strlen(verifier), sum, &len, EVP_sha256(), NULL) || len != BYTES)
		return false;
	encode(sum, challenge);
	return true;
}
