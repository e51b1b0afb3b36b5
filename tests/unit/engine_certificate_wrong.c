/*
 * engine_certificate_wrong: certificates and keys that cannot be used. Each sentence names the file
 * and what to do; none holds a secret, and nobody is asked on the terminal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/secret.h"
#include "engine/credential_certificate.h"

#include "engine_openssl.h"

static struct se_error error;

static int
set_up(void **state)
{
	(void)state;
	scratch_make();
	openssl_fixtures();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

static struct se_config *
configure(const char *certificate, const char *key, const char *password)
{
	struct se_buffer text;
	struct se_config *config;

	se_buffer_init(&text, 8192);
	se_buffer_addf(&text,
		"[account relay]\nmatch = *\ntenant = contoso.com\n"
		"client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\ncredential = certificate\n"
		"certificate = %s\n",
		scratch(certificate));
	if (key != NULL)
		se_buffer_addf(
			&text, "private_key = %s\n", strchr(key, ':') != NULL ? key : scratch(key));
	if (password != NULL)
		se_buffer_addf(&text, "private_key_password_file = %s\n", scratch(password));
	assert_false(text.failed);
	config = config_of(se_buffer_text(&text));
	se_buffer_free(&text);
	return config;
}

/* The sentence has the words and the file's name, and no password. */
static void
refused(const char *certificate, const char *key, const char *password, const char *words,
	const char *file)
{
	struct se_config *config = configure(certificate, key, password);
	struct se_secret *assertion = NULL;

	memset(&error, 0, sizeof(error));
	assert_int_equal(
		se_credential_certificate_assert(&config->accounts[0], &world, &assertion, &error),
		SE_CONFIG);
	assert_null(assertion);
	assert_says(error.text, words);
	if (file != NULL)
		assert_says(error.text, scratch(file));
	assert_silent_about(error.text, "sesame");
	se_config_free(config);
}

static void
test_pairs(void **state)
{
	(void)state;
	refused("relay.crt", "other.key", NULL, "is not that of the certificate", "other.key");
	refused("relay.crt", "other.key", NULL, "CN=relay", "relay.crt");
	refused("strangers.pem", NULL, NULL, "do not belong together", "strangers.pem");
}

static void
test_dates(void **state)
{
	(void)state;
	world_wait((int64_t)86400 * 366);
	refused("relay.pem", NULL, NULL, "has expired on 2", "relay.pem");
	assert_says(error.text, "sasl-entra certificate new relay");
	world_reset();
	world_wait((int64_t)-86400);
	refused("relay.pem", NULL, NULL, "is not valid before 2", "relay.pem");
	assert_says(error.text, "timedatectl");
	world_reset();
}

static void
test_kinds(void **state)
{
	(void)state;
	refused("ec.crt", "ec.key", NULL, "of type EC", "ec.key");
	assert_says(error.text, "RSA keys only");
	refused("small.crt", "small.key", NULL, "1024 bits", "small.key");
	assert_says(error.text, "none below 2048");
}

static void
test_passwords(void **state)
{
	(void)state;
	refused("relay.crt", "encrypted.key", NULL, "is encrypted", "encrypted.key");
	assert_says(error.text, "private_key_password_file");
	refused("relay.crt", "traditional.key", NULL, "is encrypted", "traditional.key");
	refused("relay.p12", NULL, NULL, "is encrypted", "relay.p12");
	refused("relay.crt", "encrypted.key", "wrong", "does not open", "encrypted.key");
	assert_says(error.text, scratch("wrong"));
	refused("relay.crt", "traditional.key", "wrong", "does not open", "traditional.key");
	refused("relay.p12", NULL, "wrong", "does not open", "relay.p12");
	refused("relay.pem", NULL, "empty", "is empty", "empty");
	refused("relay.pem", NULL, "nowhere", "nowhere", NULL);
	refused("relay.pem", NULL, "large.file", "larger than", "large.file");
}

/* Each derivation of a key that a file can ask for, with more rounds than anybody can wait for. */
static void
test_work(void **state)
{
	static const char *const files[] = {
		"mac.p12", "key.p12", "old.p12", "certificate.p12", "sum.p12"};

	(void)state;
	openssl_run(
		"pack() { file=$1; shift; openssl pkcs12 -export -inkey relay.key -in relay.crt "
		"-passout file:password -out $file \"$@\"; }\n"
		"pack mac.p12 -keypbe NONE -certpbe NONE -iter 3000001\n"
		"pack key.p12 -nomac -keypbe AES-256-CBC -certpbe NONE -iter 3000001\n"
		"pack old.p12 -nomac -keypbe PBE-SHA1-3DES -certpbe NONE -iter 3000001\n"
		"pack certificate.p12 -nomac -keypbe NONE -certpbe AES-256-CBC -iter 3000001\n"
		"pack sum.p12 -iter 1000001");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		refused(files[i], NULL, "password", "rounds of work", files[i]);
		assert_says(error.text, "more than 3000000 are not done");
	}
	assert_says(error.text, "3000003 rounds");
}

static void
test_work_of_pem(void **state)
{
	static const char *const files[] = {"rounds.key", "scrypt.key", "behind.key"};

	(void)state;
	openssl_run("pem() { file=$1; shift; openssl pkcs8 -topk8 -in relay.key -passout "
		    "file:password -out $file \"$@\"; }\n"
		    "pem rounds.key -iter 3000001\n"
		    "pem scrypt.key -scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 367\n"
		    "cat relay.crt rounds.key > behind.key; chmod 600 behind.key\n"
		    "pem good.key -scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 1");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		refused("relay.crt", files[i], "password", "rounds of work", files[i]);
		assert_says(error.text, "openssl pkey -aes256 -in ");
	}
	refused("relay.crt", "good.key", "wrong", "does not open", "good.key");
}

/* 4100 digits: what it is does not matter, but that it has them. */
static void
test_large(void **state)
{
	(void)state;
	openssl_run(
		"number() { printf 'INTEGER:0x7'; head -c \"$1\" /dev/zero | tr '\\0' 7; echo; }\n"
		"{ echo asn1=SEQUENCE:key; echo '[key]'; echo version=INTEGER:0; printf n=; "
		"number 4099; echo e=INTEGER:65537; for i in d p q dp dq qi; do printf $i=; "
		"number 15; done; } > large.cnf\n"
		"openssl asn1parse -genconf large.cnf -noout -out large.der; chmod 600 large.der");
	refused("relay.crt", "large.der", NULL, "RSA key of 16399 bits", "large.der");
	assert_says(error.text, "above 16384 takes too long");
}

static void
test_content(void **state)
{
	(void)state;
	refused("relay.crt", NULL, NULL, "holds no private key", "relay.crt");
	assert_says(error.text, "private_key");
	refused("relay.der", NULL, NULL, "holds no private key", "relay.der");
	refused("nokey.p12", NULL, NULL, "holds no private key", "nokey.p12");
	refused("relay.crt", "relay.crt", NULL, "holds no private key", "relay.crt");
	refused("relay.crt", "other.crt", NULL, "holds no private key", "other.crt");
	refused("relay.crt", "garbage", NULL, "holds no private key", "garbage");
	refused("relay.key", NULL, NULL, "holds no certificate", "relay.key");
	refused("relay.key.der", NULL, NULL, "holds no certificate", "relay.key.der");
	refused("cut.pem", NULL, NULL, "is damaged", "cut.pem");
	refused("garbage", NULL, NULL, "holds no certificate", "garbage");
	refused("empty", NULL, NULL, "holds no certificate", "empty");
}

static void
test_files(void **state)
{
	(void)state;
	refused("loose.pem", NULL, NULL, "can be read by everyone", "loose.pem");
	assert_says(error.text, "chmod 0640");
	openssl_run("cp relay.key loose.key; cp relay.p12 loose.p12; cp password loose; "
		    "chmod 644 loose.key loose.p12 loose");
	refused("relay.crt", "loose.key", NULL, "can be read by everyone", "loose.key");
	refused("loose.p12", NULL, "password", "can be read by everyone", "loose.p12");
	refused("relay.p12", NULL, "loose", "can be read by everyone", "loose");
	refused("large.file", NULL, NULL, "larger than", "large.file");
	refused("directory", NULL, NULL, "directory", "directory");
	refused("absent.pem", NULL, NULL, "does not exist", "absent.pem");
	assert_says(error.text, "sasl-entra certificate new relay");
	refused("relay.crt", "absent.key", NULL, "absent.key", NULL);
}

/* A scheme that nobody knows; tokens are tested by tests/agent/test_pkcs11.py. */
static void
test_stores(void **state)
{
	(void)state;
	refused("relay.crt", "handle:0x81000001", NULL, "no OpenSSL store knows", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_work_of_pem),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_stores),
	};

	return cmocka_run_group_tests_name("engine_certificate_wrong", tests, set_up, tear_down);
}
