/* Fuzzes the answers of token endpoints. An input is "STATUS RETRY_AFTER", a line end, and the
 * body: it is a token, or an error with a sentence. */
#include <string.h>

#include "engine/answer.h"

#include "fuzz.h"

static void
read_answer(const struct se_account *account, const struct input *body, unsigned status,
	unsigned retry_after)
{
	struct se_error error;
	struct se_grant grant;
	enum se_code code;

	se_error_clear(&error);
	code = se_answer_read(account, FUZZ_LOGIN, (long)status, body->data, body->len, retry_after,
		&grant, &error);
	if (code == SE_OK) {
		must(grant.access_token != NULL && se_secret_len(grant.access_token) > 0);
		must(!account->app_only || grant.refresh_token == NULL);
		must(strlen(grant.fingerprint) == SE_FINGERPRINT_MAX);
		must(grant.expires_in >= -1 && grant.refresh_in >= -1);
	} else {
		must(grant.access_token == NULL);
		must(grant.refresh_token == NULL || (!account->app_only && status == 200));
		must_explain(&error, code);
		must_hold_no_secret(error.text, body->data, body->len);
	}
	se_grant_free(&grant);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	unsigned status = input_number(&input);
	unsigned retry_after = input_number(&input);

	read_answer(app_account(), &input, status, retry_after);
	read_answer(person_account(), &input, status, retry_after);
	return 0;
}
