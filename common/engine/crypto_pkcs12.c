#include <limits.h>
#include <string.h>

#include <openssl/pkcs12.h>

#include "engine/crypto_parts.h"

/* An empty password is written in two ways, and files have either. */
static bool
opens(PKCS12 *file, const char *password)
{
	if (!PKCS12_mac_present(file))
		return true;
	if (password[0] != '\0')
		return PKCS12_verify_mac(file, password, -1);
	return PKCS12_verify_mac(file, NULL, 0) || PKCS12_verify_mac(file, "", 0);
}

static enum se_code
unpack(PKCS12 *file, const char *path, const struct se_key_password *password, EVP_PKEY **key,
	STACK_OF(X509) * *list, struct se_error *error)
{
	const char *text = se_secret_reveal(password->secret);
	X509 *leaf = NULL;

	if (strlen(text) != se_secret_len(password->secret) || !opens(file, text))
		return se_crypto_refuse_password(path, password, error);
	if (!PKCS12_parse(file, text, key, &leaf, list)) {
		*key = NULL; /* older ones free it and leave the pointer */
		*list = NULL;
		return se_error_set(error, SE_CONFIG,
			"%s is a PKCS#12 file that OpenSSL cannot unpack: it is damaged, or is "
			"encrypted in an old way (RC2); write it anew as PEM: openssl pkcs12 "
			"-legacy -in %s -nodes -out NEW.pem",
			path, path);
	}
	if (leaf == NULL)
		return SE_OK;
	if (*list == NULL)
		*list = sk_X509_new_null();
	if (*list == NULL || !sk_X509_unshift(*list, leaf)) {
		X509_free(leaf);
		return se_error_memory(error);
	}
	return SE_OK;
}

enum se_code
se_crypto_read_pkcs12(const char *path, const struct se_buffer *content,
	const struct se_key_password *password, EVP_PKEY **key, STACK_OF(X509) * *list,
	struct se_error *error)
{
	const unsigned char *at = (const unsigned char *)content->data;
	PKCS12 *file = content->len <= LONG_MAX ? d2i_PKCS12(NULL, &at, (long)content->len) : NULL;
	enum se_code code;

	*key = NULL;
	*list = NULL;
	if (file == NULL)
		return SE_ABSENT;
	code = se_crypto_bound_pkcs12(path, file, error);
	if (code == SE_OK)
		code = unpack(file, path, password, key, list, error);
	PKCS12_free(file);
	if (code != SE_OK) {
		EVP_PKEY_free(*key);
		sk_X509_pop_free(*list, X509_free);
		*key = NULL;
		*list = NULL;
	}
	return code;
}
