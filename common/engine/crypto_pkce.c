#include <string.h>

#include <openssl/evp.h>

#include "core/buffer.h"
#include "core/secret.h"
#include "engine/base64url.h"
#include "engine/crypto_pkce.h"

enum { BYTES = 32 };

static bool
encode(const unsigned char bytes[BYTES], char text[SE_RANDOM_TEXT_SIZE])
{
	struct se_buffer out;
	bool ok;

	se_buffer_init(&out, SE_RANDOM_TEXT_SIZE - 1);
	ok = se_base64url_add(&out, bytes, BYTES) && out.len == SE_RANDOM_TEXT_SIZE - 1;
	memcpy(text, ok ? out.data : "", ok ? out.len + 1 : 1);
	se_buffer_free(&out);
	return ok;
}

bool
se_random_text(const struct se_world *world, char text[SE_RANDOM_TEXT_SIZE])
{
	unsigned char bytes[BYTES];
	bool filled = world->random(world->context, bytes, sizeof(bytes));

	text[0] = '\0';
	filled = filled && encode(bytes, text);
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
	return encode(sum, challenge);
}
