#include <string.h>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "engine/crypto_make.h"
#include "engine/crypto_parts.h"

enum { BITS = 3072, NAME_MAX_BYTES = 64, SERIAL_BYTES = 16, PEM_MAX = 64 * 1024, DAY = 86400 };

static EVP_PKEY *
make_key(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	EVP_PKEY *key = NULL;

	if (context == NULL || EVP_PKEY_keygen_init(context) <= 0 ||
		EVP_PKEY_CTX_set_rsa_keygen_bits(context, BITS) <= 0 ||
		EVP_PKEY_keygen(context, &key) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

static bool
set_serial(X509 *certificate)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *number;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] &= 0x7f;
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	BN_free(number);
	return ok;
}

static bool
set_name(X509 *certificate, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(certificate);
	size_t len = strlen(name);

	if (len > NAME_MAX_BYTES)
		len = NAME_MAX_BYTES;
	return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name,
		       (int)len, -1, 0) &&
	       X509_set_issuer_name(certificate, subject);
}

static bool
add_extension(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool ok;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	ok = extension != NULL && X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return ok;
}

/* The whole days are ASN1_TIME's own, so that a year beyond 2038 needs no large time_t. */
static bool
set_dates(X509 *certificate, const struct se_certificate_wish *wish)
{
	time_t now = (time_t)wish->now;

	return X509_time_adj_ex(X509_getm_notBefore(certificate), 0, 0, &now) != NULL &&
	       X509_time_adj_ex(X509_getm_notAfter(certificate), (int)wish->days, 0, &now) != NULL;
}

static X509 *
make_certificate(EVP_PKEY *key, const struct se_certificate_wish *wish)
{
	X509 *certificate = X509_new();

	if (certificate != NULL && X509_set_version(certificate, 2) && set_serial(certificate) &&
		set_dates(certificate, wish) && set_name(certificate, wish->name) &&
		X509_set_pubkey(certificate, key) &&
		add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
		add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
		add_extension(certificate, NID_subject_key_identifier, "hash") &&
		X509_sign(certificate, key, EVP_sha256()) > 0)
		return certificate;
	X509_free(certificate);
	return NULL;
}

static bool
write_key(EVP_PKEY *key, const struct se_secret *password, struct se_buffer *out)
{
	const struct se_key_password given = {.secret = password};
	struct se_crypto_asked asked = {.password = &given};
	BIO *bio = BIO_new(BIO_s_secmem());
	bool ok =
		bio != NULL &&
		PEM_write_bio_PKCS8PrivateKey(bio, key, password != NULL ? EVP_aes_256_cbc() : NULL,
			NULL, 0, se_crypto_give_password, &asked) &&
		se_crypto_take(bio, out);

	BIO_free(bio);
	return ok;
}

static bool
write_certificate(X509 *certificate, struct se_buffer *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok = bio != NULL && PEM_write_bio_X509(bio, certificate) && se_crypto_take(bio, out);

	BIO_free(bio);
	return ok;
}

enum se_code
se_certificate_make(const struct se_certificate_wish *wish, struct se_certificate_made *made,
	struct se_error *error)
{
	X509 *certificate = NULL;
	EVP_PKEY *key;
	bool ok;

	se_buffer_init(&made->key, PEM_MAX);
	se_buffer_init(&made->certificate, PEM_MAX);
	se_crypto_begin();
	key = make_key();
	if (key != NULL)
		certificate = make_certificate(key, wish);
	ok = certificate != NULL && write_key(key, wish->password, &made->key) &&
	     write_certificate(certificate, &made->certificate);
	X509_free(certificate);
	EVP_PKEY_free(key);
	se_crypto_end();
	return ok ? SE_OK
		  : se_error_set(error, SE_INTERNAL,
			    "OpenSSL could not make a key and a certificate for it");
}

void
se_certificate_made_free(struct se_certificate_made *made)
{
	se_buffer_free(&made->key);
	se_buffer_free(&made->certificate);
}
