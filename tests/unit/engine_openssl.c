#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "engine_openssl.h"

static const char script[] =
	"umask 077\n"
	"pair() { name=$1; shift; openssl req -x509 -newkey \"$@\" -nodes -keyout $name.key -out "
	"$name.crt -days 365 -subj \"/CN=$name\" 2> log || { cat log >&2; exit 1; }; }\n"
	"pair relay rsa:2048 && pair other rsa:2048 && pair large rsa:3072 && pair small rsa:1024\n"
	"pair ec ec -pkeyopt ec_paramgen_curve:P-256\n"
	"pair pss rsa-pss -pkeyopt rsa_keygen_bits:2048\n"
	"cat relay.crt relay.key > relay.pem\n"
	"cat relay.key other.crt relay.crt > chain.pem\n"
	"cat relay.key other.crt > strangers.pem\n"
	"printf 'open sesame\\n' > password; printf 'wrong' > wrong; : > empty\n"
	"openssl pkcs8 -topk8 -in relay.key -passout file:password -out encrypted.key\n"
	"openssl rsa -traditional -aes128 -in relay.key -passout file:password -out "
	"traditional.key 2> log\n"
	"openssl rsa -traditional -in relay.key -out pkcs1.key 2> log\n"
	"openssl pkcs12 -export -inkey relay.key -in relay.crt -certfile other.crt -passout "
	"file:password -out relay.p12\n"
	"openssl pkcs12 -export -inkey relay.key -in relay.crt -passout pass: -out plain.p12\n"
	"openssl pkcs12 -export -iter 100000 -inkey relay.key -in relay.crt -passout file:password "
	"-out "
	"slow.p12\n"
	"openssl pkcs12 -export -nokeys -in relay.crt -passout pass: -out nokey.p12\n"
	"openssl x509 -in relay.crt -outform DER -out relay.der\n"
	"openssl pkey -in relay.key -outform DER -out relay.key.der\n"
	"sed '3,9d' relay.key > cut.key; cat relay.crt cut.key > cut.pem\n"
	"head -c 5000 /dev/urandom > garbage; head -c 300000 /dev/zero > large.file\n"
	"mkdir directory; cp relay.pem loose.pem; cp relay.crt open.crt\n"
	"chmod 644 loose.pem open.crt\n";

void
openssl_run(const char *command)
{
	char line[8192];

	snprintf(line, sizeof(line), "cd '%s' && { %s\n}", scratch("."), command);
	assert_int_equal(system(line), 0);
}

void
openssl_fixtures(void)
{
	if (system("openssl version > /dev/null 2>&1") != 0) {
		printf("Bail out! there is no openssl command\n");
		exit(99);
	}
	openssl_run(script);
}

static EVP_PKEY *
public_key_of(const char *certificate)
{
	FILE *file = fopen(scratch(certificate), "r");
	X509 *x509;
	EVP_PKEY *key;

	assert_non_null(file);
	x509 = PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);
	assert_non_null(x509);
	key = X509_get_pubkey(x509);
	X509_free(x509);
	assert_non_null(key);
	return key;
}

bool
openssl_verifies(const char *certificate, bool pss, const char *text, size_t len,
	const unsigned char *signature, size_t signature_len)
{
	EVP_PKEY *key = public_key_of(certificate);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding;
	bool ok;

	assert_int_equal(EVP_DigestVerifyInit(context, &padding, EVP_sha256(), NULL, key), 1);
	assert_true(EVP_PKEY_CTX_set_rsa_padding(
			    padding, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) > 0);
	if (pss)
		assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, 32) > 0);
	ok = EVP_DigestVerify(
		     context, signature, signature_len, (const unsigned char *)text, len) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return ok;
}
