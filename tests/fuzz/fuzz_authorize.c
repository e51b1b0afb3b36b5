/* Fuzzes what a browser, or a person who pastes, brings back from the authorization endpoint: it is
 * a code for this sign-in, no answer to it, or the server's refusal with a sentence. */
#include <stdlib.h>
#include <string.h>

#include "core/source.h"
#include "engine/sign_in.h"

#include "fuzz.h"

/* In the seeds. */
#define STATE "dGhlIHN0YXRlIG9mIHRoaXMgc2lnbi1pbiBhbG9uZQ"

/* The code, where it stands without an escape, must not be in any sentence. */
static void
must_hide_code(const struct input *input, const struct se_error *error)
{
	char *text = malloc(input->len + 1), *code, *end;

	must(text != NULL);
	if (input->len > 0)
		memcpy(text, input->data, input->len);
	text[input->len] = '\0';
	for (code = strstr(text, "code="); code != NULL; code = strstr(end, "code=")) {
		code += strlen("code=");
		end = code + strcspn(code, "&#");
		if (*end != '\0')
			*end++ = '\0';
		if (strlen(code) >= FUZZ_SECRET_MIN)
			must(strstr(error->text, code) == NULL);
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	struct se_secret *authorization;
	struct se_sign_in sign_in;
	struct se_error error;
	enum se_code code;

	must(se_sign_in_begin(&sign_in, person_account(), FUZZ_LOGIN, &error) == SE_OK);
	(void)se_copy(sign_in.state, sizeof(sign_in.state), STATE);
	se_error_clear(&error);
	code = se_sign_in_answer(&sign_in, input.data, input.len, &authorization, &error);
	must((code == SE_OK) == (authorization != NULL));
	if (code == SE_OK) {
		must(se_secret_len(authorization) > 0);
		must(strlen(se_secret_reveal(authorization)) == se_secret_len(authorization));
	} else {
		must_explain(&error, code);
		must_hide_code(&input, &error);
	}
	se_secret_free(authorization);
	/* Without a sign-in under way nothing is an answer. */
	sign_in.state[0] = '\0';
	code = se_sign_in_answer(&sign_in, input.data, input.len, &authorization, &error);
	must(code == SE_ABSENT && authorization == NULL);
	se_sign_in_end(&sign_in);
	return 0;
}
