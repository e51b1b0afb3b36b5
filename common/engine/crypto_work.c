/* crypto_work: how long a password would take to try. A file says itself how many rounds make a key of it, and
 * whoever waits for the agent waits for them. */
#include <limits.h>

#include <openssl/pkcs12.h>

#include "engine/crypto_parts.h"

/* A million each for the MAC, the certificates and the key, which together take two seconds. OpenSSL and
 * Windows write 2048 and 2000, keytool 10000; a million is more than anybody advises. */
enum { ROUNDS_MAX = 3000000 };

static uint64_t
rounds_of_number(const ASN1_INTEGER *number)
{
	uint64_t rounds = 1;

	if (number != NULL && !ASN1_INTEGER_get_uint64(&rounds, number))
		return UINT_MAX; /* larger than can be, or negative, which OpenSSL refuses */
	return rounds < UINT_MAX ? rounds : UINT_MAX;
}

/* PBKDF2 in PBES2 or (RFC 9579) in PBMAC1, whose parameters have the same form; or an algorithm of PKCS#12. */
static uint64_t
rounds_of(const X509_ALGOR *algorithm)
{
	const ASN1_TYPE *parameter = algorithm != NULL ? algorithm->parameter : NULL;
	PBE2PARAM *two = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), parameter);
	PBEPARAM *one = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), parameter);
	PBKDF2PARAM *function = NULL;
	uint64_t rounds = 0;

	if (two != NULL && OBJ_obj2nid(two->keyfunc->algorithm) == NID_id_pbkdf2)
		function = ASN1_TYPE_unpack_sequence(
			ASN1_ITEM_rptr(PBKDF2PARAM), two->keyfunc->parameter);
	if (function != NULL)
		rounds = rounds_of_number(function->iter);
	else if (one != NULL)
		rounds = rounds_of_number(one->iter);
	PBKDF2PARAM_free(function);
	PBE2PARAM_free(two);
	PBEPARAM_free(one);
	return rounds;
}

/* What is encrypted as a whole, or the encrypted keys in what is not. */
static uint64_t
rounds_of_safe(PKCS7 *safe)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	uint64_t rounds = 0;

	if (PKCS7_type_is_encrypted(safe))
		return rounds_of(safe->d.encrypted->enc_data->algorithm);
	if (PKCS7_type_is_data(safe))
		bags = PKCS12_unpack_p7data(safe);
	for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
		const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);
		const X509_ALGOR *algorithm = NULL;

		if (PKCS12_SAFEBAG_get_nid(bag) == NID_pkcs8ShroudedKeyBag)
			X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, NULL);
		rounds += rounds_of(algorithm);
	}
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return rounds;
}

enum se_code
se_crypto_bound_pkcs12(const char *path, PKCS12 *file, struct se_error *error)
{
	const ASN1_INTEGER *number = NULL;
	const X509_ALGOR *algorithm = NULL;
	STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(file);
	uint64_t rounds = 0;

	if (PKCS12_mac_present(file)) {
		PKCS12_get0_mac(NULL, &algorithm, NULL, &number, file);
		rounds = rounds_of_number(number) + rounds_of(algorithm);
	}
	for (int i = 0; i < sk_PKCS7_num(safes); i++)
		rounds += rounds_of_safe(sk_PKCS7_value(safes, i));
	sk_PKCS7_pop_free(safes, PKCS7_free);
	if (rounds <= ROUNDS_MAX)
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"%s wants %llu rounds of work to try a password, and more than %d are not done, "
		"for all "
		"else would wait; write it anew as PEM: openssl pkcs12 -in %s -nodes -out NEW.pem",
		path, (unsigned long long)rounds, ROUNDS_MAX, path);
}
