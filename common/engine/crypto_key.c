#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "engine/crypto_parts.h"

/* Entra's, and what OpenSSL takes for a public key: a signature with that one takes a second, and the time
 * grows with the third power. */
enum { BITS_MIN = 2048, BITS_MAX = 16384 };

bool
se_private_key_in(const struct se_buffer *content)
{
	const unsigned char *at = (const unsigned char *)content->data;
	X509 *certificate;

	if (se_crypto_is_pem(content))
		return se_crypto_has(content, "PRIVATE KEY-----");
	if (content->len == 0 || at[0] != 0x30 || content->len > LONG_MAX)
		return false;
	se_crypto_begin();
	certificate = d2i_X509(NULL, &at, (long)content->len);
	X509_free(certificate);
	se_crypto_end();
	return certificate == NULL;
}

static enum se_code
read_pem(const char *path, const struct se_buffer *content, const struct se_key_password *password,
	EVP_PKEY **key, struct se_error *error)
{
	struct se_crypto_asked asked = {.password = password};
	enum se_code code = se_crypto_bound_pem(path, content, error);
	BIO *bio = code == SE_OK ? se_crypto_source(content) : NULL;

	if (bio == NULL)
		return code == SE_OK ? se_error_memory(error) : code;
	*key = PEM_read_bio_PrivateKey(bio, NULL, se_crypto_give_password, &asked);
	BIO_free(bio);
	if (*key != NULL)
		return SE_OK;
	if (asked.asked)
		return se_crypto_refuse_password(path, password, error);
	if (se_private_key_in(content))
		return se_error_set(error, SE_CONFIG,
			"the private key in %s is damaged or of a kind that OpenSSL does not know; "
			"copy it anew",
			path);
	return se_error_set(error, SE_CONFIG,
		"%s holds no private key; append it to the certificate's file (PEM), or name its "
		"own file with private_key",
		path);
}

static enum se_code
read_der(const char *path, const struct se_buffer *content, const struct se_key_password *password,
	EVP_PKEY **key, struct se_error *error)
{
	const unsigned char *at = (const unsigned char *)content->data;
	STACK_OF(X509) *list = NULL;
	enum se_code code = se_crypto_read_pkcs12(path, content, password, key, &list, error);

	sk_X509_pop_free(list, X509_free);
	if (code == SE_ABSENT && se_private_key_in(content)) {
		*key = d2i_AutoPrivateKey(NULL, &at, (long)content->len);
		code = SE_OK;
	} else if (code == SE_ABSENT) {
		code = SE_OK;
	}
	if (code == SE_OK && *key == NULL)
		code = se_error_set(error, SE_CONFIG,
			"%s holds no private key in PEM form nor PKCS#12; a key in DER form "
			"becomes PEM with: openssl pkey -inform DER -in %s -out NEW.pem",
			path, path);
	return code;
}

static enum se_code
judge(const char *path, EVP_PKEY *key, struct se_error *error)
{
	const char *type =
		EVP_PKEY_base_id(key) == EVP_PKEY_EC ? "EC" : OBJ_nid2sn(EVP_PKEY_base_id(key));

	if (EVP_PKEY_base_id(key) != EVP_PKEY_RSA && EVP_PKEY_base_id(key) != EVP_PKEY_RSA_PSS)
		return se_error_set(error, SE_CONFIG,
			"%s holds a key of type %s, and Entra takes RSA keys only; make one with "
			"\"sasl-entra certificate new\"",
			path, type != NULL ? type : "?");
	if (EVP_PKEY_bits(key) < BITS_MIN)
		return se_error_set(error, SE_CONFIG,
			"%s holds an RSA key of %d bits, and Entra takes none below %d; make one "
			"with \"sasl-entra certificate new\"",
			path, EVP_PKEY_bits(key), BITS_MIN);
	if (EVP_PKEY_bits(key) > BITS_MAX)
		return se_error_set(error, SE_CONFIG,
			"%s holds an RSA key of %d bits, and one above %d takes too long to sign "
			"with; make one with \"sasl-entra certificate new\"",
			path, EVP_PKEY_bits(key), BITS_MAX);
	return SE_OK;
}

static enum se_code
keep(const char *name, EVP_PKEY *pkey, struct se_private_key **key, struct se_error *error)
{
	enum se_code code = judge(name, pkey, error);

	if (code != SE_OK) {
		EVP_PKEY_free(pkey);
		return code;
	}
	*key = se_crypto_wrap(pkey);
	return *key != NULL ? SE_OK : se_error_memory(error);
}

enum se_code
se_private_key_read(const char *path, const struct se_buffer *content,
	const struct se_key_password *password, struct se_private_key **key, struct se_error *error)
{
	EVP_PKEY *pkey = NULL;
	enum se_code code;

	*key = NULL;
	se_crypto_begin();
	code = se_crypto_is_pem(content) ? read_pem(path, content, password, &pkey, error)
					 : read_der(path, content, password, &pkey, error);
	if (code == SE_OK)
		code = keep(path, pkey, key, error);
	se_crypto_end();
	return code;
}

enum se_code
se_private_key_open(const char *uri, const struct se_key_password *password,
	struct se_private_key **key, struct se_error *error)
{
	EVP_PKEY *pkey = NULL;
	enum se_code code;

	*key = NULL;
	se_crypto_begin();
	code = se_crypto_find_key(uri, password, &pkey, error);
	if (code == SE_OK)
		code = keep(uri, pkey, key, error);
	se_crypto_end();
	return code;
}

void
se_private_key_free(struct se_private_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}
