/* Fuzzes files of certificates and private keys, in PEM, DER and PKCS#12, with a password and
 * without one: whatever is in them is read, or refused with a sentence that names the file. */
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"
#include "engine/crypto_certificate.h"
#include "engine/crypto_key.h"

#include "fuzz.h"

#define PATH "/etc/sasl-entra/relay.pem"
#define PASSWORD "Op3n-sesame!" /* of the seeds; no sentence has it by itself */

static void
must_be_facts(const struct se_certificate_facts *facts)
{
	must_be_printable(facts->subject);
	must(strlen(facts->subject) < sizeof(facts->subject));
	must(strlen(facts->sha256) == sizeof(facts->sha256) - 1);
	must(strlen(facts->sha1) == sizeof(facts->sha1) - 1);
	must(strlen(facts->sha1_hex) == sizeof(facts->sha1_hex) - 1);
}

/* What is written as PEM is read again as the same. */
static void
write_again(const struct se_certificates *list, const struct se_certificate_facts *first)
{
	const struct se_key_password none = {NULL, NULL};
	struct se_certificates *again = NULL;
	struct se_certificate_facts facts;
	struct se_buffer out;
	struct se_error error;

	se_buffer_init(&out, 1 << 22);
	must(se_certificates_write(list, &out));
	must(!se_private_key_in(&out));
	must(se_certificates_read(PATH, &out, &none, &again, &error) == SE_OK);
	must(se_certificates_first(again, &facts));
	must_be_same(facts.sha256, first->sha256);
	se_certificates_free(again);
	se_buffer_free(&out);
}

/* Whether a password was wanted, and so another try makes sense, is said by the sentence alone. */
static struct se_certificates *
read_certificates(
	const struct se_buffer *content, const struct se_key_password *password, bool *wanted)
{
	struct se_certificates *list = NULL;
	struct se_certificate_facts facts;
	struct se_error error;
	enum se_code code;

	se_error_clear(&error);
	code = se_certificates_read(PATH, content, password, &list, &error);
	must((code == SE_OK) == (list != NULL));
	if (code != SE_OK) {
		must_explain(&error, code);
		must(strstr(error.text, PATH) != NULL);
		*wanted = strstr(error.text, "password") != NULL;
	} else if (se_certificates_first(list, &facts)) {
		must_be_facts(&facts);
		write_again(list, &facts);
	}
	return list;
}

static struct se_private_key *
read_key(const struct se_buffer *content, const struct se_key_password *password, bool *wanted)
{
	struct se_private_key *key = NULL;
	struct se_error error;
	enum se_code code;

	se_error_clear(&error);
	code = se_private_key_read(PATH, content, password, &key, &error);
	must((code == SE_OK) == (key != NULL));
	if (code == SE_OK) {
		/* The file was then read by the rule for secrets. */
		must(se_private_key_in(content));
	} else {
		must_explain(&error, code);
		must(strstr(error.text, PATH) != NULL);
		must(strstr(error.text, PASSWORD) == NULL);
		*wanted = strstr(error.text, "password") != NULL;
	}
	return key;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct se_key_password none = {NULL, NULL};
	struct se_secret *secret = se_secret_new(PASSWORD, strlen(PASSWORD));
	const struct se_key_password password = {secret, "/etc/sasl-entra/relay.password"};
	struct se_certificates *list;
	struct se_certificate_facts facts;
	struct se_private_key *key;
	struct se_buffer content;
	bool wanted = false;

	must(secret != NULL);
	se_buffer_init(&content, size + 1);
	if (size > 0)
		must(se_buffer_add(&content, data, size));
	list = read_certificates(&content, &none, &wanted);
	if (wanted)
		list = read_certificates(&content, &password, &wanted);
	wanted = false;
	key = read_key(&content, &none, &wanted);
	if (wanted)
		key = read_key(&content, &password, &wanted);
	if (list != NULL && key != NULL && se_certificates_find(list, key, &facts))
		must_be_facts(&facts);
	se_private_key_free(key);
	se_certificates_free(list);
	se_buffer_free(&content);
	se_secret_free(secret);
	return 0;
}
