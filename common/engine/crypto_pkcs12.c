/* Unpacked piece by piece, and not by PKCS12_parse(): each piece says itself how much work its password is, and
 * that is judged before it is done. */
#include <limits.h>
#include <string.h>

#include <openssl/pkcs12.h>

#include "engine/crypto_parts.h"

enum { DEPTH_MAX = 8 }; /* of bags in bags */

struct unpacking {
	struct se_crypto_work work;
	const char *password; /* NULL: one of the two ways that none is written in */
	EVP_PKEY *key;        /* the first, or NULL */
	STACK_OF(X509) * list;
	struct se_error *error;
};

static enum se_code
refuse(const struct unpacking *unpacking)
{
	return se_error_set(unpacking->error, SE_CONFIG,
		"%s is a PKCS#12 file that OpenSSL cannot unpack: it is damaged, or is encrypted "
		"in an old way (RC2); write it anew as PEM: openssl pkcs12 -legacy -in %s -nodes "
		"-out NEW.pem",
		unpacking->work.path, unpacking->work.path);
}

/* --- what is in it ------------------------------------------------------------------------------ */

static enum se_code
take_key(struct unpacking *unpacking, const PKCS8_PRIV_KEY_INFO *key)
{
	if (unpacking->key == NULL && key != NULL)
		unpacking->key = EVP_PKCS82PKEY(key);
	return unpacking->key != NULL ? SE_OK : refuse(unpacking);
}

static enum se_code
take_encrypted_key(struct unpacking *unpacking, const PKCS12_SAFEBAG *bag)
{
	const X509_ALGOR *algorithm = NULL;
	PKCS8_PRIV_KEY_INFO *key;
	enum se_code code;

	if (unpacking->key != NULL)
		return SE_OK;
	X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, NULL);
	code = se_crypto_work_add(&unpacking->work, algorithm, unpacking->error);
	if (code != SE_OK)
		return code;
	key = PKCS12_decrypt_skey(bag, unpacking->password, -1);
	code = take_key(unpacking, key);
	PKCS8_PRIV_KEY_INFO_free(key);
	return code;
}

static enum se_code
take_certificate(struct unpacking *unpacking, const PKCS12_SAFEBAG *bag)
{
	X509 *certificate;

	if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
		return SE_OK;
	certificate = PKCS12_SAFEBAG_get1_cert(bag);
	if (certificate == NULL)
		return refuse(unpacking);
	if (sk_X509_push(unpacking->list, certificate))
		return SE_OK;
	X509_free(certificate);
	return se_error_memory(unpacking->error);
}

static enum se_code
take_bags(struct unpacking *unpacking, const STACK_OF(PKCS12_SAFEBAG) * bags, unsigned depth)
{
	enum se_code code = bags != NULL && depth < DEPTH_MAX ? SE_OK : refuse(unpacking);

	for (int i = 0; code == SE_OK && i < sk_PKCS12_SAFEBAG_num(bags); i++) {
		const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);

		switch (PKCS12_SAFEBAG_get_nid(bag)) {
		case NID_keyBag:
			code = take_key(unpacking, PKCS12_SAFEBAG_get0_p8inf(bag));
			break;
		case NID_pkcs8ShroudedKeyBag:
			code = take_encrypted_key(unpacking, bag);
			break;
		case NID_certBag:
			code = take_certificate(unpacking, bag);
			break;
		case NID_safeContentsBag:
			code = take_bags(unpacking, PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
			break;
		default:
			break;
		}
	}
	return code;
}

static enum se_code
take_safe(struct unpacking *unpacking, PKCS7 *safe)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	enum se_code code = SE_OK;

	if (PKCS7_type_is_data(safe)) {
		bags = PKCS12_unpack_p7data(safe);
	} else if (PKCS7_type_is_encrypted(safe)) {
		code = se_crypto_work_add(
			&unpacking->work, safe->d.encrypted->enc_data->algorithm, unpacking->error);
		if (code == SE_OK)
			bags = PKCS12_unpack_p7encdata(safe, unpacking->password, -1);
	} else {
		return SE_OK; /* for somebody's public key: not ours to open */
	}
	if (code == SE_OK)
		code = take_bags(unpacking, bags, 0);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return code;
}

/* --- whether the password is right ---------------------------------------------------------------- */

static bool
opens(PKCS12 *file, struct unpacking *unpacking, const char *password, enum se_code *code)
{
	unpacking->password = password;
	*code = se_crypto_work_add_mac(&unpacking->work, file, unpacking->error);
	return *code == SE_OK && PKCS12_verify_mac(file, password, password != NULL ? -1 : 0);
}

/* An empty password is written in two ways, and files have either. */
static enum se_code
try_password(PKCS12 *file, struct unpacking *unpacking, const struct se_key_password *password)
{
	const char *text = se_secret_reveal(password->secret);
	const bool none = text[0] == '\0';
	enum se_code code = SE_OK;

	if (strlen(text) != se_secret_len(password->secret))
		return se_crypto_refuse_password(unpacking->work.path, password, unpacking->error);
	unpacking->password = none ? NULL : text;
	if (!PKCS12_mac_present(file) || opens(file, unpacking, unpacking->password, &code) ||
		(none && code == SE_OK && opens(file, unpacking, "", &code)))
		return SE_OK;
	return code != SE_OK ? code
			     : se_crypto_refuse_password(
				       unpacking->work.path, password, unpacking->error);
}

/* --- all of it ------------------------------------------------------------------------------------ */

/* The key's own certificate comes first. */
static enum se_code
put_first(struct unpacking *unpacking)
{
	STACK_OF(X509) *list = unpacking->list;

	for (int i = 0; unpacking->key != NULL && i < sk_X509_num(list); i++) {
		X509 *certificate = sk_X509_value(list, i);

		if (!X509_check_private_key(certificate, unpacking->key))
			continue;
		(void)sk_X509_delete(list, i);
		if (sk_X509_unshift(list, certificate))
			return SE_OK;
		X509_free(certificate);
		return se_error_memory(unpacking->error);
	}
	return SE_OK;
}

static enum se_code
unpack(PKCS12 *file, struct unpacking *unpacking, const struct se_key_password *password)
{
	STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(file);
	enum se_code code = try_password(file, unpacking, password);

	if (code == SE_OK && safes == NULL)
		code = refuse(unpacking);
	for (int i = 0; code == SE_OK && i < sk_PKCS7_num(safes); i++)
		code = take_safe(unpacking, sk_PKCS7_value(safes, i));
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return code == SE_OK ? put_first(unpacking) : code;
}

enum se_code
se_crypto_read_pkcs12(const char *path, const struct se_buffer *content,
	const struct se_key_password *password, EVP_PKEY **key, STACK_OF(X509) * *list,
	struct se_error *error)
{
	const unsigned char *at = (const unsigned char *)content->data;
	PKCS12 *file = content->len <= LONG_MAX ? d2i_PKCS12(NULL, &at, (long)content->len) : NULL;
	struct unpacking unpacking = {.work = {.path = path}, .error = error};
	enum se_code code;

	*key = NULL;
	*list = NULL;
	if (file == NULL)
		return SE_ABSENT;
	unpacking.list = sk_X509_new_null();
	code = unpacking.list != NULL ? unpack(file, &unpacking, password) : se_error_memory(error);
	PKCS12_free(file);
	if (code == SE_OK) {
		*key = unpacking.key;
		*list = unpacking.list;
	} else {
		EVP_PKEY_free(unpacking.key);
		sk_X509_pop_free(unpacking.list, X509_free);
	}
	return code;
}
