#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "engine/crypto_parts.h"

void
se_crypto_begin(void)
{
	(void)ERR_set_mark();
}

void
se_crypto_end(void)
{
	(void)ERR_pop_to_mark();
}

struct se_private_key *
se_crypto_wrap(EVP_PKEY *pkey)
{
	struct se_private_key *key = malloc(sizeof(*key));

	if (key == NULL)
		EVP_PKEY_free(pkey);
	else
		key->pkey = pkey;
	return key;
}

int
se_crypto_give_password(char *to, int size, int writing, void *data)
{
	struct se_crypto_asked *asked = data;
	const struct se_secret *secret = asked->password->secret;
	size_t len = se_secret_len(secret);

	(void)writing;
	asked->asked = true;
	if (secret == NULL || size <= 0 || len > (size_t)size)
		return -1;
	memcpy(to, se_secret_reveal(secret), len);
	return (int)len;
}

enum se_code
se_crypto_refuse_password(
	const char *path, const struct se_key_password *password, struct se_error *error)
{
	if (password->secret != NULL)
		return se_error_set(error, SE_CONFIG,
			"the password in %s does not open %s; write the right one to it",
			password->file, path);
	return se_error_set(error, SE_CONFIG,
		"the private key in %s is encrypted; write its password to a file that nobody else "
		"may read, and name that with private_key_password_file",
		path);
}

BIO *
se_crypto_source(const struct se_buffer *content)
{
	BIO *bio = content->len <= INT_MAX ? BIO_new(BIO_s_secmem()) : NULL;

	if (bio != NULL && content->len > 0 &&
		BIO_write(bio, content->data, (int)content->len) != (int)content->len) {
		BIO_free(bio);
		bio = NULL;
	}
	return bio;
}

bool
se_crypto_take(BIO *bio, struct se_buffer *out)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	return len > 0 && se_buffer_add(out, data, (size_t)len);
}

bool
se_crypto_has(const struct se_buffer *content, const char *text)
{
	const char *at = se_buffer_text(content), *end = at + content->len;
	size_t len = strlen(text);

	for (; (size_t)(end - at) >= len; at++) {
		at = memchr(at, text[0], (size_t)(end - at) - len + 1);
		if (at == NULL)
			return false;
		if (memcmp(at, text, len) == 0)
			return true;
	}
	return false;
}

bool
se_crypto_is_pem(const struct se_buffer *content)
{
	return se_crypto_has(content, "-----BEGIN ");
}
