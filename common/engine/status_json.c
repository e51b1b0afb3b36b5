/* status_json: a status as a line of JSON. The members only ever become more. */
#include <string.h>

#include "core/json_text.h"
#include "engine/status.h"

static void
add_text(struct se_buffer *out, const char *name, const char *text)
{
	se_buffer_addf(out, ", \"%s\": ", name);
	(void)se_json_text_add(out, text != NULL && text[0] != '\0' ? text : NULL);
}

static void
add_number(struct se_buffer *out, const char *name, bool known, int64_t value)
{
	if (known)
		se_buffer_addf(out, ", \"%s\": %lld", name, (long long)value);
	else
		se_buffer_addf(out, ", \"%s\": null", name);
}

static bool
is_passwords(const struct se_account *account)
{
	const char *from = account->value[SE_KEY_TOKEN_FROM].text;

	return from != NULL && strcmp(from, "password") == 0;
}

static const char *
state_of(const struct se_status *status)
{
	if (is_passwords(status->account))
		return "password";
	if (status->code == SE_OK)
		return status->used ? "ok" : "unused";
	return se_code_name(status->code);
}

static void
add_failure(struct se_buffer *out, const struct se_status *status)
{
	const bool failed = status->failure_last != 0;

	add_number(out, "failure_first", failed, status->failure_first);
	add_number(out, "failure_last", failed, status->failure_last);
	add_number(out, "failure_until", failed, status->failure_until);
	add_number(out, "failures", true, status->failures);
}

static void
add_kept(struct se_buffer *out, const struct se_status *status)
{
	const bool there = status->directory != NULL && status->token_key != NULL &&
			   status->kept != NULL && strcmp(status->kept, "file") == 0;

	add_text(out, "kept", status->kept);
	se_buffer_add_text(out, ", \"state_file\": ");
	if (there) {
		struct se_error path; /* bounded, and without control characters */

		se_error_set(&path, SE_OK, "%s/%s.json", status->directory, status->token_key);
		(void)se_json_text_add(out, path.text);
	} else {
		se_buffer_add_text(out, "null");
	}
}

bool
se_status_line(const struct se_status *status, struct se_buffer *out)
{
	const struct se_account *account = status->account;
	const bool token = status->fingerprint[0] != '\0';

	se_buffer_add_text(out, "{\"account\": ");
	(void)se_json_text_add(out, account->label);
	add_text(out, "name", se_status_name(status));
	add_text(out, "sign_in", account->app_only ? "app" : "user");
	add_text(out, "credential", account->value[SE_KEY_CREDENTIAL].text);
	add_text(out, "identity", status->identity);
	add_text(out, "token_key", status->token_key);
	add_text(out, "state", state_of(status));
	add_text(out, "needs", status->needs);
	add_text(out, "text", status->text);
	add_text(out, "fingerprint", status->fingerprint);
	add_number(out, "seconds_left", token, status->seconds_left);
	add_number(out, "obtained", token, status->times.obtained);
	add_number(out, "expires", token, status->times.expires);
	add_number(out, "renews", token, status->times.renew);
	add_failure(out, status);
	add_number(out, "refresh_token_days", status->refresh_token_days != SE_DAYS_UNKNOWN,
		status->refresh_token_days);
	add_number(out, "certificate_days", status->certificate_days != SE_DAYS_UNKNOWN,
		status->certificate_days);
	add_kept(out, status);
	return se_buffer_add_text(out, "}\n");
}
