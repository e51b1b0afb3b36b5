/* crypto_work: how long a password would take to try. A file says itself how many rounds make a key of it, and
 * whoever waits for the agent waits for them. */
#include <limits.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "engine/crypto_parts.h"

/* A million each for the MAC, the certificates and the key, with SHA-256 half a second for all, with the slowest
 * digests one. OpenSSL and Windows write 2048 and 2000, keytool 10000; a million is more than anybody advises. */
enum { ROUNDS_MAX = 3000000 };

static uint64_t
rounds_of_number(const ASN1_INTEGER *number)
{
	uint64_t rounds = 1;

	if (number != NULL && !ASN1_INTEGER_get_uint64(&rounds, number))
		return UINT_MAX; /* larger than can be, or negative, which OpenSSL refuses */
	return rounds < UINT_MAX ? rounds : UINT_MAX;
}

/* Two numbers of at most UINT_MAX. */
static uint64_t
times(uint64_t one, uint64_t other)
{
	return one * other < UINT_MAX ? one * other : UINT_MAX;
}

static uint64_t
rounds_of_pbkdf2(const ASN1_TYPE *parameter)
{
	PBKDF2PARAM *function = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), parameter);
	uint64_t rounds = function != NULL ? rounds_of_number(function->iter) : 0;

	PBKDF2PARAM_free(function);
	return rounds;
}

/* N * r * p, each of which is some 100 bytes that are mixed: about as long as a round of PBKDF2. */
static uint64_t
rounds_of_scrypt(const ASN1_TYPE *parameter)
{
#ifndef OPENSSL_NO_SCRYPT
	SCRYPT_PARAMS *function =
		ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), parameter);
	uint64_t rounds = 0;

	if (function != NULL)
		rounds = times(times(rounds_of_number(function->costParameter),
				       rounds_of_number(function->blockSize)),
			rounds_of_number(function->parallelizationParameter));
	SCRYPT_PARAMS_free(function);
	return rounds;
#else
	(void)parameter;
	return 0;
#endif
}

/* PBKDF2 or scrypt in PBES2 or (RFC 9579) in PBMAC1, whose parameters have the same form; or an algorithm of
 * PKCS#12. 0: there is nothing that OpenSSL would derive. */
static uint64_t
rounds_of(const X509_ALGOR *algorithm)
{
	const ASN1_TYPE *parameter = algorithm != NULL ? algorithm->parameter : NULL;
	PBE2PARAM *two = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), parameter);
	PBEPARAM *one = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), parameter);
	int function = two != NULL ? OBJ_obj2nid(two->keyfunc->algorithm) : NID_undef;
	uint64_t rounds = 0;

	if (function == NID_id_pbkdf2)
		rounds = rounds_of_pbkdf2(two->keyfunc->parameter);
	else if (function == NID_id_scrypt)
		rounds = rounds_of_scrypt(two->keyfunc->parameter);
	else if (one != NULL)
		rounds = rounds_of_number(one->iter);
	PBE2PARAM_free(two);
	PBEPARAM_free(one);
	return rounds;
}

static enum se_code
add(struct se_crypto_work *work, uint64_t rounds, struct se_error *error)
{
	work->rounds += rounds;
	if (work->rounds <= ROUNDS_MAX)
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"%s wants %llu rounds of work to try a password, and more than %d are not done, "
		"for all else would wait; write it anew: openssl %s -in %s -out NEW.pem",
		work->path, (unsigned long long)work->rounds, ROUNDS_MAX,
		work->pem ? "pkey -aes256" : "pkcs12 -nodes", work->path);
}

enum se_code
se_crypto_work_add(struct se_crypto_work *work, const X509_ALGOR *algorithm, struct se_error *error)
{
	return add(work, rounds_of(algorithm), error);
}

enum se_code
se_crypto_work_add_mac(struct se_crypto_work *work, const PKCS12 *file, struct se_error *error)
{
	const ASN1_INTEGER *number = NULL;
	const X509_ALGOR *algorithm = NULL;

	PKCS12_get0_mac(NULL, &algorithm, NULL, &number, file);
	return add(work, rounds_of_number(number) + rounds_of(algorithm), error);
}

/* The traditional form beside it takes one round always. */
enum se_code
se_crypto_bound_pem(const char *path, const struct se_buffer *content, struct se_error *error)
{
	const struct se_key_password none = {.secret = NULL};
	struct se_crypto_asked asked = {.password = &none};
	struct se_crypto_work work = {.path = path, .pem = true};
	BIO *bio = se_crypto_source(content);
	unsigned char *data = NULL;
	long len = 0;
	enum se_code code = SE_OK;

	while (code == SE_OK && bio != NULL &&
		PEM_bytes_read_bio_secmem(&data, &len, NULL, PEM_STRING_PKCS8, bio,
			se_crypto_give_password, &asked)) {
		const unsigned char *at = data;
		X509_SIG *sealed = d2i_X509_SIG(NULL, &at, len);
		const X509_ALGOR *algorithm = NULL;

		if (sealed != NULL)
			X509_SIG_get0(sealed, &algorithm, NULL);
		code = se_crypto_work_add(&work, algorithm, error);
		X509_SIG_free(sealed);
		OPENSSL_secure_clear_free(data, (size_t)len);
	}
	BIO_free(bio);
	return code;
}
