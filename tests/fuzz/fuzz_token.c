/* Fuzzes how a token, or what might be one, is looked at: whether a password is a token, what its
 * claims are, and the message it goes into. */
#include <string.h>

#include "core/message.h"
#include "core/source.h"
#include "engine/jwt.h"

#include "fuzz.h"

/* A password is only sent where it is evidently a token: it can be one, and does no harm. */
static void
judge_shape(const struct input *input)
{
	bool token = se_message_is_token(input->data, input->len);
	bool jwt = se_message_is_jwt(input->data, input->len);
	bool possible = se_message_can_be_token(input->data, input->len);

	must(!token || (possible && input->len >= 100));
	must(!jwt || possible);
	if (jwt)
		must(memchr(input->data, '.', input->len) != NULL);
	if (token && !jwt)
		must(memcmp(input->data, "ya29.", 5) == 0 || memcmp(input->data, "Ew", 2) == 0);
}

static void
look_into(const struct se_secret *token)
{
	struct se_json *claims = se_jwt_claims(token);
	bool roleless = claims != NULL && !se_json_has(claims, "roles");

	must(se_jwt_is_roleless(token) == roleless);
	se_json_free(claims);
}

/* No byte of a token can end its field of the message. */
static void
send(const struct se_secret *token)
{
	const char *text = se_secret_reveal(token);
	size_t len = se_secret_len(token), i, separators = 0;
	struct se_buffer out;
	struct se_error error;
	enum se_code code;

	se_buffer_init(&out, SE_TOKEN_MAX + 1024);
	se_error_clear(&error);
	code = se_message_xoauth2(FUZZ_LOGIN, token, &out, &error);
	if (code == SE_OK) {
		for (i = 0; i < out.len; i++)
			separators += out.data[i] == '\001';
		must(separators == 3 && out.len > len + 2);
		must(memcmp(out.data + out.len - 2 - len, text, len) == 0);
	} else if (code != SE_MEMORY) {
		must_explain(&error, code);
		must(strlen(text) < FUZZ_SECRET_MIN || strstr(error.text, text) == NULL);
	} else {
		must(out.failed);
	}
	if (se_message_can_be_token(text, len) && len <= SE_TOKEN_MAX)
		must(code == SE_OK);
	se_buffer_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	struct se_secret *token = se_secret_new(data, size);

	must(token != NULL);
	judge_shape(&input);
	look_into(token);
	send(token);
	se_secret_free(token);
	return 0;
}
