#include <string.h>

#include "core/buffer.h"
#include "core/file.h"
#include "core/message.h"
#include "engine/credential_federated.h"

/* Others may read it: kubelet's own mode lets everybody in the pod do so, and nobody else is in
 * there. */
enum se_code
se_credential_federated_read(
	const struct se_account *account, struct se_secret **assertion, struct se_error *error)
{
	const char *path = account->federated_token_file;
	struct se_buffer text;
	enum se_code code;

	*assertion = NULL;
	se_buffer_init(&text, SE_FEDERATED_TOKEN_MAX);
	code = se_file_read(path, SE_FILE_CONFIG, &text, NULL, error);
	while (text.len > 0 && memchr(" \t\r\n", text.data[text.len - 1], 4) != NULL)
		text.len--;
	if (code == SE_OK && text.len == 0)
		code = se_error_set(error, SE_CONFIG,
			"%s is empty; whoever writes the federated token there has not yet", path);
	else if (code == SE_OK && !se_message_is_jwt(text.data, text.len))
		code = se_error_set(error, SE_CONFIG,
			"%s holds no signed token (three parts with dots between, and nothing "
			"else); it must be the file that the issuer writes",
			path);
	else if (code == SE_OK && (*assertion = se_secret_new(text.data, text.len)) == NULL)
		code = se_error_memory(error);
	se_buffer_free(&text);
	return code;
}
