/*
 * engine_pkcs12: PKCS#12 files as other programs than the openssl command write them, and how much work they
 * may ask for.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "core/secret.h"
#include "engine/crypto_certificate.h"
#include "engine/crypto_key.h"

#include "engine_openssl.h"

#define PASSWORD "sesame"

/* What wants MANY rounds is made with MADE, of as many bytes, and says then that it was many. */
enum { FEW = 10, MADE = 65537, MANY = 3000001 };

/* Made before the tests: OpenSSL forgets what it has where memory runs out while it makes them. */
enum {
	PLAIN,
	PLAIN_MAC,
	KEY,
	KEY_NO_MAC,
	KEY_IN_ALL,
	NESTED,
	NESTED_TWICE,
	SCRYPT,
	NO_PASSWORD,
	LONG_KEY,
	LONG_NESTED,
	LONG_ALL,
	LONG_SCRYPT,
	DEEP,
	FILES
};
static struct se_buffer files[FILES];

static struct se_error error;
static EVP_PKEY *relay;
static X509 *certificate, *other;

/* --- making --------------------------------------------------------------------------------------- */

static STACK_OF(PKCS12_SAFEBAG) * bags_of(PKCS12_SAFEBAG *bag)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();

	assert_non_null(bag);
	assert_non_null(bags);
	assert_true(sk_PKCS12_SAFEBAG_push(bags, bag) > 0);
	return bags;
}

static PKCS12_SAFEBAG *
encrypted_key(const char *password, int rounds)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(relay);
	PKCS12_SAFEBAG *bag;

	assert_non_null(info);
	bag = PKCS12_SAFEBAG_create_pkcs8_encrypt(
		NID_aes_256_cbc, password, (int)strlen(password), NULL, 0, rounds, info);
	PKCS8_PRIV_KEY_INFO_free(info);
	return bag;
}

static void
say_many(unsigned char *der, int len)
{
	static const unsigned char made[] = {0x02, 0x03, MADE >> 16, 0, 1};
	static const unsigned char many[] = {
		0x02, 0x03, MANY >> 16, (MANY >> 8) & 0xff, MANY & 0xff};

	for (int i = 0; i + (int)sizeof(made) <= len; i++)
		if (memcmp(der + i, made, sizeof(made)) == 0) {
			memcpy(der + i, many, sizeof(many));
			return;
		}
	fail_msg("it was not made with %d rounds", MADE);
}

static PKCS12_SAFEBAG *
longer(PKCS12_SAFEBAG *bag)
{
	unsigned char *der = NULL;
	const unsigned char *at;
	int len = i2d_PKCS12_SAFEBAG(bag, &der);

	PKCS12_SAFEBAG_free(bag);
	assert_true(len > 0);
	say_many(der, len);
	at = der;
	bag = d2i_PKCS12_SAFEBAG(NULL, &at, len);
	OPENSSL_free(der);
	return bag;
}

/* scrypt with N = 2, r = 1. */
static PKCS12_SAFEBAG *
scrypt_key(unsigned parallel)
{
	unsigned char salt[8] = {1};
	X509_ALGOR *algorithm =
		PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof(salt), NULL, 2, 1, parallel);
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(relay);
	X509_SIG *sealed;

	assert_non_null(algorithm);
	assert_non_null(info);
	sealed = PKCS8_set0_pbe(PASSWORD, (int)strlen(PASSWORD), info, algorithm);
	PKCS8_PRIV_KEY_INFO_free(info);
	assert_non_null(sealed);
	return PKCS12_SAFEBAG_create0_pkcs8(sealed);
}

/* RFC 7292, 4.2.6: a bag that is a list of bags. OpenSSL makes none itself. */
static PKCS12_SAFEBAG *
nested(PKCS12_SAFEBAG *inner)
{
	static const unsigned char type[] = {
		0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x06};
	STACK_OF(PKCS12_SAFEBAG) *bags = bags_of(inner);
	unsigned char *list = NULL, outer[8192], *to = outer;
	const unsigned char *from = outer;
	int len = ASN1_item_i2d((ASN1_VALUE *)bags, &list, ASN1_ITEM_rptr(PKCS12_SAFEBAGS));
	PKCS12_SAFEBAG *bag;

	assert_in_range(len, 1, sizeof(outer) - 64);
	ASN1_put_object(&to, 1, (int)sizeof(type) + ASN1_object_size(1, len, 0), V_ASN1_SEQUENCE,
		V_ASN1_UNIVERSAL);
	memcpy(to, type, sizeof(type));
	to += sizeof(type);
	ASN1_put_object(&to, 1, len, 0, V_ASN1_CONTEXT_SPECIFIC);
	memcpy(to, list, (size_t)len);
	to += len;
	bag = (PKCS12_SAFEBAG *)ASN1_item_d2i(
		NULL, &from, to - outer, ASN1_ITEM_rptr(PKCS12_SAFEBAG));
	OPENSSL_free(list);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return bag;
}

/* A file with the certificates and that bag, which is freed; `rounds` to encrypt all of it, 0: it is not. NULL for
 * the MAC's password: it has none. */
static struct se_buffer
pack(PKCS12_SAFEBAG *bag, int rounds, const char *mac)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = bags_of(bag);
	STACK_OF(PKCS7) *safes = NULL;
	struct se_buffer out;
	unsigned char *der = NULL;
	PKCS12 *file;
	int len;

	assert_non_null(PKCS12_add_cert(&bags, other));
	assert_non_null(PKCS12_add_cert(&bags, certificate));
	assert_true(
		PKCS12_add_safe(&safes, bags, rounds > 0 ? NID_aes_256_cbc : -1, rounds, PASSWORD));
	file = PKCS12_add_safes(safes, 0);
	assert_non_null(file);
	if (mac != NULL)
		assert_true(
			PKCS12_set_mac(file, mac, (int)strlen(mac), NULL, 0, FEW, EVP_sha256()));
	len = i2d_PKCS12(file, &der);
	assert_true(len > 0);
	se_buffer_init(&out, 1 << 20);
	assert_true(se_buffer_add(&out, der, (size_t)len));
	OPENSSL_free(der);
	PKCS12_free(file);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return out;
}

static PKCS12_SAFEBAG *
plain_key(void)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(relay);

	assert_non_null(info);
	return PKCS12_SAFEBAG_create0_p8inf(info);
}

static PKCS12_SAFEBAG *
deep_key(void)
{
	PKCS12_SAFEBAG *bag = plain_key();

	for (int depth = 0; depth < 20; depth++)
		bag = nested(bag);
	return bag;
}

static void
pack_all(void)
{
	files[PLAIN] = pack(plain_key(), 0, NULL);
	files[PLAIN_MAC] = pack(plain_key(), 0, PASSWORD);
	files[KEY] = pack(encrypted_key(PASSWORD, FEW), 0, PASSWORD);
	files[KEY_NO_MAC] = pack(encrypted_key(PASSWORD, FEW), 0, NULL);
	files[KEY_IN_ALL] = pack(encrypted_key(PASSWORD, FEW), FEW, PASSWORD);
	files[NESTED] = pack(nested(encrypted_key(PASSWORD, FEW)), FEW, PASSWORD);
	files[NESTED_TWICE] = pack(nested(nested(plain_key())), FEW, PASSWORD);
	files[SCRYPT] = pack(scrypt_key(1), 0, PASSWORD);
	files[NO_PASSWORD] = pack(encrypted_key("", FEW), 0, "");
	files[LONG_KEY] = pack(longer(encrypted_key(PASSWORD, MADE)), FEW, PASSWORD);
	files[LONG_NESTED] = pack(nested(longer(encrypted_key(PASSWORD, MADE))), 0, PASSWORD);
	files[LONG_ALL] = pack(plain_key(), MADE, NULL);
	say_many((unsigned char *)files[LONG_ALL].data, (int)files[LONG_ALL].len);
	files[LONG_SCRYPT] = pack(longer(scrypt_key(MADE)), 0, NULL);
	files[DEEP] = pack(deep_key(), 0, PASSWORD);
}

static X509 *
read_certificate(const char *name)
{
	FILE *file = fopen(scratch(name), "r");
	X509 *read = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

	assert_non_null(read);
	(void)fclose(file);
	return read;
}

static int
set_up(void **state)
{
	FILE *file;

	(void)state;
	scratch_make();
	openssl_fixtures();
	certificate = read_certificate("relay.crt");
	other = read_certificate("other.crt");
	file = fopen(scratch("relay.key"), "r");
	assert_non_null(file);
	relay = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	assert_non_null(relay);
	(void)fclose(file);
	pack_all();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < FILES; i++)
		se_buffer_free(&files[i]);
	EVP_PKEY_free(relay);
	X509_free(certificate);
	X509_free(other);
	scratch_remove();
	return 0;
}

/* --- reading -------------------------------------------------------------------------------------- */

/* Both readings give what was packed, the key's own certificate first. */
static void
good(int file, const char *text)
{
	struct se_secret *secret = se_secret_new(text, strlen(text));
	const struct se_key_password password = {secret, "PASSWORD"};
	struct se_certificates *list = NULL;
	struct se_certificate_facts facts, first;
	struct se_private_key *key = NULL;

	if (se_certificates_read("FILE", &files[file], &password, &list, &error) != SE_OK ||
		se_private_key_read("FILE", &files[file], &password, &key, &error) != SE_OK)
		fail_msg("%s", error.text);
	assert_true(se_certificates_find(list, key, &facts));
	assert_true(se_certificates_first(list, &first));
	assert_string_equal(facts.sha256, first.sha256);
	assert_string_equal(first.subject, "CN=relay");
	se_certificates_free(list);
	se_private_key_free(key);
	se_secret_free(secret);
}

static void
refused(int file, const char *words)
{
	struct se_secret *secret = se_secret_new(PASSWORD, strlen(PASSWORD));
	const struct se_key_password password = {secret, "PASSWORD"};
	struct se_certificates *list = NULL;
	struct se_private_key *key = NULL;

	assert_int_equal(
		se_certificates_read("FILE", &files[file], &password, &list, &error), SE_CONFIG);
	assert_null(list);
	assert_says(error.text, words);
	assert_int_equal(
		se_private_key_read("FILE", &files[file], &password, &key, &error), SE_CONFIG);
	assert_null(key);
	assert_says(error.text, words);
	se_secret_free(secret);
}

static void
test_forms(void **state)
{
	(void)state;
	good(PLAIN, "");
	for (int file = PLAIN_MAC; file <= SCRYPT; file++)
		good(file, PASSWORD);
}

/* An empty password is no bytes, or the two that end a text. */
static void
test_empty_password(void **state)
{
	(void)state;
	good(NO_PASSWORD, "");
	refused(NO_PASSWORD, "does not open");
}

static void
test_work(void **state)
{
	(void)state;
	refused(LONG_KEY, "3000021 rounds of work");
	refused(LONG_NESTED, "3000011 rounds of work");
	refused(LONG_ALL, "3000001 rounds of work");
	refused(LONG_SCRYPT, "6000002 rounds of work");
}

/* Nobody nests so deep but to exhaust a stack. */
static void
test_depth(void **state)
{
	(void)state;
	refused(DEEP, "cannot unpack");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_empty_password),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_depth),
	};

	return cmocka_run_group_tests_name("engine_pkcs12", tests, set_up, tear_down);
}
