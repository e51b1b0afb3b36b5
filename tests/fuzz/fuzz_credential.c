/* Fuzzes the files that hold a credential and nothing else: a client secret, a federated token, a
 * key's password. Any bytes are that, or refused with a sentence that names the file. */
#include <stdio.h>
#include <string.h>

#include "core/message.h"
#include "engine/credential_federated.h"
#include "engine/credential_pair.h"
#include "engine/credential_secret.h"

#include "fuzz.h"

typedef enum se_code
reader(const struct se_account *account, struct se_secret **secret, struct se_error *error);

static char path[4096];

static struct se_account *
account(void)
{
	static struct se_account account;

	if (path[0] == '\0') {
		(void)snprintf(path, sizeof(path), "%s", scratch("credential"));
		account = *app_account();
		account.value[SE_KEY_CLIENT_SECRET_FILE].text = path;
		account.value[SE_KEY_PRIVATE_KEY_PASSWORD_FILE].text = path;
		account.federated_token_file = path;
	}
	return &account;
}

/* It is the beginning of the file, and what is left of the file is white. */
static struct se_secret *
read_by(reader *read, const struct input *input)
{
	struct se_secret *secret;
	struct se_error error;
	enum se_code code;
	size_t len;

	se_error_clear(&error);
	code = read(account(), &secret, &error);
	must((code == SE_OK) == (secret != NULL));
	if (code != SE_OK) {
		must_explain(&error, code);
		must(strstr(error.text, path) != NULL);
		return NULL;
	}
	len = se_secret_len(secret);
	must(len > 0 && len <= input->len);
	must(memcmp(se_secret_reveal(secret), input->data, len) == 0);
	must(strlen(se_secret_reveal(secret)) == len);
	for (; len < input->len; len++)
		must(strchr(" \t\r\n", input->data[len]) != NULL && input->data[len] != '\0');
	return secret;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	struct se_secret *secret;

	(void)account();
	write_file(path, data, size);
	secret = read_by(se_credential_secret_read, &input);
	if (secret != NULL)
		(void)se_credential_secret_is_id(secret);
	se_secret_free(secret);
	secret = read_by(se_credential_federated_read, &input);
	if (secret != NULL)
		must(se_message_is_jwt(se_secret_reveal(secret), se_secret_len(secret)));
	se_secret_free(secret);
	secret = read_by(se_pair_read_password, &input);
	se_secret_free(secret);
	return 0;
}
