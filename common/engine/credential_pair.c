#include <errno.h>
#include <string.h>

#include "core/buffer.h"
#include "core/file.h"
#include "core/secret.h"
#include "engine/credential_pair.h"
#include "engine/values.h"

/* What is read, and what was found: to see afterwards whether it is still there. */
struct reading {
	const char *label;
	const char *certificate, *key; /* key: NULL where it is in the certificate's file */
	struct se_key_password password;
	struct se_file_id certificate_id, key_id;
	enum se_key about; /* what is being read, for what goes wrong with it */
	bool mismatch;     /* both were read, and do not belong together */
};

enum se_code
se_pair_read_file(
	const char *path, struct se_buffer *content, struct se_file_id *id, struct se_error *error)
{
	enum se_code code = se_file_read(path, SE_FILE_CONFIG, content, id, error);

	if (code != SE_OK || !se_private_key_in(content))
		return code;
	se_buffer_reset(content);
	return se_file_read(path, SE_FILE_SECRET, content, id, error);
}

enum se_code
se_pair_read_password(
	const struct se_account *account, struct se_secret **secret, struct se_error *error)
{
	const char *path = account->value[SE_KEY_PRIVATE_KEY_PASSWORD_FILE].text;
	struct se_buffer text;
	enum se_code code;

	*secret = NULL;
	if (path == NULL)
		return SE_OK;
	se_buffer_init(&text, SE_KEY_PASSWORD_MAX);
	code = se_file_read(path, SE_FILE_SECRET, &text, NULL, error);
	se_buffer_drop_line_end(&text);
	if (code == SE_OK && text.len == 0)
		code = se_error_set(error, SE_CONFIG,
			"%s is empty; write the password of the private key, or the PIN, to it, or "
			"remove private_key_password_file",
			path);
	else if (code == SE_OK && memchr(text.data, '\0', text.len) != NULL)
		code = se_error_set(
			error, SE_CONFIG, "%s holds a NUL byte; it is no password", path);
	else if (code == SE_OK && (*secret = se_secret_new(text.data, text.len)) == NULL)
		code = se_error_memory(error);
	se_buffer_free(&text);
	return code;
}

/* The key of a file of its own, of a store, or of the certificate's file. */
static enum se_code
read_key(struct reading *reading, const struct se_buffer *certificate, struct se_private_key **key,
	struct se_error *error)
{
	struct se_buffer content;
	enum se_code code;

	if (reading->key == NULL)
		return se_private_key_read(
			reading->certificate, certificate, &reading->password, key, error);
	reading->about = SE_KEY_PRIVATE_KEY;
	if (se_value_is_uri(reading->key))
		return se_private_key_open(reading->key, &reading->password, key, error);
	se_buffer_init(&content, SE_CERTIFICATE_FILE_MAX);
	code = se_file_read(reading->key, SE_FILE_SECRET, &content, &reading->key_id, error);
	if (code == SE_OK)
		code = se_private_key_read(reading->key, &content, &reading->password, key, error);
	se_buffer_free(&content);
	return code;
}

static enum se_code
match(struct reading *reading, const struct se_certificates *list, struct se_pair *pair,
	struct se_error *error)
{
	struct se_certificate_facts first = {.subject = ""};

	if (se_certificates_find(list, pair->key, &pair->facts))
		return SE_OK;
	reading->mismatch = true;
	reading->about = SE_KEY_CERTIFICATE;
	(void)se_certificates_first(list, &first);
	if (reading->key == NULL)
		return se_error_set(error, SE_CONFIG,
			"%s holds a private key and a certificate (%s) that do not belong "
			"together; put the certificate of that key in, or name another key with "
			"private_key",
			reading->certificate, first.subject);
	return se_error_set(error, SE_CONFIG,
		"the private key %s is not that of the certificate in %s (%s); \"certificate\" and "
		"\"private_key\" must name two that were made together",
		reading->key, reading->certificate, first.subject);
}

/* Nobody has a certificate at first. */
static enum se_code
read_certificate(struct reading *reading, struct se_buffer *content, struct se_error *error)
{
	enum se_code code =
		se_pair_read_file(reading->certificate, content, &reading->certificate_id, error);
	struct se_file_id id;
	struct se_error cause;

	if (code != SE_CONFIG || error == NULL || se_file_identify(reading->certificate, &id) ||
		errno != ENOENT)
		return code;
	cause = *error;
	return se_error_set(error, code,
		"%s. A new certificate is made by: sasl-entra certificate new %s", cause.text,
		reading->label);
}

static enum se_code
read_once(struct reading *reading, struct se_pair *pair, struct se_error *error)
{
	struct se_certificates *list = NULL;
	struct se_buffer content;
	enum se_code code;

	reading->mismatch = false;
	reading->about = SE_KEY_CERTIFICATE;
	se_buffer_init(&content, SE_CERTIFICATE_FILE_MAX);
	code = read_certificate(reading, &content, error);
	if (code == SE_OK)
		code = se_certificates_read(
			reading->certificate, &content, &reading->password, &list, error);
	if (code == SE_OK)
		code = read_key(reading, &content, &pair->key, error);
	if (code == SE_OK)
		code = match(reading, list, pair, error);
	se_certificates_free(list);
	se_buffer_free(&content);
	if (code != SE_OK)
		se_pair_free(pair);
	return code;
}

static bool
is_unchanged(const char *path, const struct se_file_id *before)
{
	struct se_file_id now;

	(void)se_file_identify(path, &now);
	return now.device == before->device && now.inode == before->inode &&
	       now.size == before->size && now.changed_ns == before->changed_ns;
}

static bool
is_being_replaced(const struct reading *reading)
{
	return reading->mismatch && reading->key != NULL &&
	       (!is_unchanged(reading->certificate, &reading->certificate_id) ||
		       (!se_value_is_uri(reading->key) &&
			       !is_unchanged(reading->key, &reading->key_id)));
}

enum se_code
se_pair_read(const struct se_account *account, struct se_pair *pair, struct se_error *error)
{
	struct reading reading = {
		.label = account->label,
		.certificate = account->value[SE_KEY_CERTIFICATE].text,
		.key = account->value[SE_KEY_PRIVATE_KEY].text,
		.password = {.file = account->value[SE_KEY_PRIVATE_KEY_PASSWORD_FILE].text},
		.about = SE_KEY_PRIVATE_KEY_PASSWORD_FILE,
	};
	struct se_secret *password = NULL;
	enum se_code code = se_pair_read_password(account, &password, error);

	memset(pair, 0, sizeof(*pair));
	if (reading.key != NULL && strcmp(reading.key, reading.certificate) == 0)
		reading.key = NULL;
	reading.password.secret = password;
	if (code == SE_OK)
		code = read_once(&reading, pair, error);
	if (code != SE_OK && is_being_replaced(&reading))
		code = read_once(&reading, pair, error);
	pair->about = reading.about;
	se_secret_free(password);
	return code;
}

void
se_pair_free(struct se_pair *pair)
{
	se_private_key_free(pair->key);
	memset(pair, 0, sizeof(*pair));
}
