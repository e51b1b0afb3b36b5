#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "engine/base64url.h"
#include "engine/crypto_certificate.h"
#include "engine/crypto_parts.h"

enum { CERTIFICATES_MAX = 50 };

struct se_certificates {
	STACK_OF(X509) * list;
};

/* --- reading ----------------------------------------------------------------------------------- */

/* The next one, over whatever else is there, as a private key: OpenSSL's own PEM_read_bio_X509()
 * leaves in freed memory what it goes over. Certificates are not encrypted; a callback all the same,
 * so that nobody is asked. */
static X509 *
next_pem(BIO *bio)
{
	const struct se_key_password none = {.secret = NULL};
	struct se_crypto_asked asked = {.password = &none};
	unsigned char *data = NULL;
	const unsigned char *at;
	long len = 0;
	X509 *certificate;

	if (!PEM_bytes_read_bio_secmem(
		    &data, &len, NULL, PEM_STRING_X509, bio, se_crypto_give_password, &asked))
		return NULL;
	at = data;
	certificate = d2i_X509(NULL, &at, len);
	OPENSSL_secure_clear_free(data, (size_t)len);
	return certificate;
}

static STACK_OF(X509) * read_pem(const struct se_buffer *content)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	BIO *bio = se_crypto_source(content);
	X509 *certificate = NULL;

	while (bio != NULL && list != NULL && sk_X509_num(list) < CERTIFICATES_MAX) {
		certificate = next_pem(bio);
		if (certificate == NULL || !sk_X509_push(list, certificate))
			break;
		certificate = NULL;
	}
	X509_free(certificate);
	BIO_free(bio);
	return list;
}

static STACK_OF(X509) * read_der(const struct se_buffer *content)
{
	const unsigned char *at = (const unsigned char *)content->data;
	STACK_OF(X509) *list = sk_X509_new_null();
	X509 *certificate = NULL;

	if (content->len > 0 && content->len <= LONG_MAX)
		certificate = d2i_X509(NULL, &at, (long)content->len);
	if (list != NULL && certificate != NULL && sk_X509_push(list, certificate))
		certificate = NULL;
	X509_free(certificate);
	return list;
}

static enum se_code
read_any(const char *path, const struct se_buffer *content, const struct se_key_password *password,
	STACK_OF(X509) * *list, struct se_error *error)
{
	EVP_PKEY *key = NULL;
	enum se_code code = SE_OK;

	if (se_crypto_is_pem(content)) {
		*list = read_pem(content);
	} else {
		code = se_crypto_read_pkcs12(path, content, password, &key, list, error);
		EVP_PKEY_free(key);
		if (code == SE_ABSENT) {
			*list = read_der(content);
			code = SE_OK;
		}
	}
	if (code == SE_OK && (*list == NULL || sk_X509_num(*list) <= 0))
		code = se_error_set(error, SE_CONFIG,
			"%s holds no certificate, in PEM form, DER or PKCS#12; \"certificate\" "
			"names the file of the one that was uploaded to Entra",
			path);
	return code;
}

enum se_code
se_certificates_read(const char *path, const struct se_buffer *content,
	const struct se_key_password *password, struct se_certificates **list,
	struct se_error *error)
{
	STACK_OF(X509) *found = NULL;
	enum se_code code;

	*list = NULL;
	se_crypto_begin();
	code = read_any(path, content, password, &found, error);
	if (code == SE_OK && (*list = malloc(sizeof(**list))) == NULL)
		code = se_error_memory(error);
	if (*list != NULL)
		(*list)->list = found;
	else
		sk_X509_pop_free(found, X509_free);
	se_crypto_end();
	return code;
}

void
se_certificates_free(struct se_certificates *list)
{
	if (list == NULL)
		return;
	sk_X509_pop_free(list->list, X509_free);
	free(list);
}

bool
se_certificates_write(const struct se_certificates *list, struct se_buffer *out)
{
	BIO *bio;
	bool ok;
	int i;

	se_crypto_begin();
	bio = BIO_new(BIO_s_mem());
	ok = bio != NULL;
	for (i = 0; ok && i < sk_X509_num(list->list); i++)
		ok = PEM_write_bio_X509(bio, sk_X509_value(list->list, i));
	ok = ok && se_crypto_take(bio, out);
	BIO_free(bio);
	se_crypto_end();
	return ok;
}

/* --- facts ------------------------------------------------------------------------------------- */

/* Seconds since 1970, whatever size time_t has. */
static bool
seconds_of(const ASN1_TIME *time, int64_t *seconds)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, rest = 0;
	bool ok = epoch != NULL && ASN1_TIME_diff(&days, &rest, epoch, time);

	ASN1_TIME_free(epoch);
	*seconds = (int64_t)days * 86400 + rest;
	return ok;
}

static bool
describe_subject(X509 *certificate, struct se_certificate_facts *facts)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok =
		bio != NULL && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
				       XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0;
	int len = ok ? BIO_read(bio, facts->subject, sizeof(facts->subject) - 1) : 0;

	facts->subject[len > 0 ? len : 0] = '\0';
	se_text_clean(facts->subject);
	BIO_free(bio);
	return ok;
}

static bool
add_thumbprint(X509 *certificate, const EVP_MD *digest, char *text, size_t size, char *hex)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	size_t i;
	struct se_buffer out;
	bool ok;

	if (!X509_digest(certificate, digest, sum, &len))
		return false;
	for (i = 0; hex != NULL && i < len; i++) {
		hex[2 * i] = "0123456789ABCDEF"[sum[i] >> 4];
		hex[2 * i + 1] = "0123456789ABCDEF"[sum[i] & 15];
	}
	se_buffer_init(&out, size - 1);
	ok = se_base64url_add(&out, sum, len);
	if (ok)
		memcpy(text, out.data, out.len + 1);
	se_buffer_free(&out);
	return ok;
}

static bool
describe(X509 *certificate, struct se_certificate_facts *facts)
{
	/* NULL: of a kind that OpenSSL does not know, or damaged, or memory ran out. */
	const EVP_PKEY *public = X509_get0_pubkey(certificate);

	memset(facts, 0, sizeof(*facts));
	facts->pss_only = public != NULL && EVP_PKEY_base_id(public) == EVP_PKEY_RSA_PSS;
	return describe_subject(certificate, facts) &&
	       add_thumbprint(
		       certificate, EVP_sha256(), facts->sha256, sizeof(facts->sha256), NULL) &&
	       add_thumbprint(certificate, EVP_sha1(), facts->sha1, sizeof(facts->sha1),
		       facts->sha1_hex) &&
	       seconds_of(X509_get0_notBefore(certificate), &facts->not_before) &&
	       seconds_of(X509_get0_notAfter(certificate), &facts->not_after);
}

static bool
belongs(X509 *certificate, const struct se_private_key *key)
{
	EVP_PKEY *public = X509_get0_pubkey(certificate);

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	return public != NULL && EVP_PKEY_eq(public, key->pkey) == 1;
#else
	return public != NULL && EVP_PKEY_cmp(public, key->pkey) == 1;
#endif
}

bool
se_certificates_find(const struct se_certificates *list, const struct se_private_key *key,
	struct se_certificate_facts *facts)
{
	bool found = false;
	int i;

	se_crypto_begin();
	for (i = 0; !found && i < sk_X509_num(list->list); i++)
		if (belongs(sk_X509_value(list->list, i), key))
			found = describe(sk_X509_value(list->list, i), facts);
	se_crypto_end();
	return found;
}

bool
se_certificates_first(const struct se_certificates *list, struct se_certificate_facts *facts)
{
	bool ok;

	se_crypto_begin();
	ok = describe(sk_X509_value(list->list, 0), facts);
	se_crypto_end();
	return ok;
}
