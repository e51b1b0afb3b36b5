#include <ctype.h>
#include <string.h>

#include "core/buffer.h"
#include "core/file.h"
#include "engine/credential_secret.h"

static bool
is_printable(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return true;
}

enum se_code
se_credential_secret_read(
	const struct se_account *account, struct se_secret **secret, struct se_error *error)
{
	const struct se_value *value = &account->value[SE_KEY_CLIENT_SECRET_FILE];
	const char *path = value->text;
	struct se_buffer text;
	enum se_code code;

	*secret = NULL;
	se_buffer_init(&text, SE_CLIENT_SECRET_MAX);
	code = se_file_read(
		path, value->credential ? SE_FILE_CONFIG : SE_FILE_SECRET, &text, NULL, error);
	se_buffer_drop_line_end(&text);
	if (code == SE_OK && text.len == 0)
		code = se_error_set(error, SE_CONFIG,
			"%s is empty; write the client secret's value "
			"to it",
			path);
	else if (code == SE_OK && !is_printable(text.data, text.len))
		code = se_error_set(error, SE_CONFIG,
			"%s holds more than one line or control "
			"characters; it must hold the client secret's value and nothing else",
			path);
	else if (code == SE_OK && (*secret = se_secret_new(text.data, text.len)) == NULL)
		code = se_error_memory(error);
	se_buffer_free(&text);
	return code;
}

bool
se_credential_secret_is_id(const struct se_secret *secret)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	const char *text = se_secret_reveal(secret);
	size_t i;

	if (se_secret_len(secret) != sizeof(form) - 1)
		return false;
	for (i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != form[i])
			return false;
	return true;
}
