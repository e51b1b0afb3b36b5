#include <string.h>

#include "engine/status.h"

static const int64_t day = 86400;

void
se_status_begin(struct se_status *status, const struct se_account *account)
{
	memset(status, 0, sizeof(*status));
	status->account = account;
	status->refresh_token_days = SE_DAYS_UNKNOWN;
	status->certificate_days = SE_DAYS_UNKNOWN;
}

static void
take_failure(struct se_status *status, const struct se_failure *failure)
{
	if (failure->code == SE_OK)
		return;
	status->code = failure->code;
	status->used = true;
	status->failure_first = failure->first;
	status->failure_last = failure->since;
	status->failure_until = failure->until;
	status->failures = failure->count;
	(void)se_copy(status->text, sizeof(status->text), failure->text);
}

void
se_status_take(struct se_status *status, const struct se_state *state, int64_t now)
{
	if (state->access_token != NULL) {
		status->used = true;
		status->times = state->times;
		(void)se_copy(status->fingerprint, sizeof(status->fingerprint), state->fingerprint);
		if (se_policy_still_valid(&state->times, now))
			status->seconds_left = state->times.expires - now;
	}
	if (state->refresh_token != NULL && state->refresh_token_since > 0 &&
		state->refresh_token_since <= now)
		status->refresh_token_days = (now - state->refresh_token_since) / day;
	take_failure(status, &state->failure);
	if (!status->account->app_only && state->refresh_token == NULL && status->code != SE_CONFIG)
		status->code = SE_SIGN_IN;
}

void
se_status_certificate(struct se_status *status, int64_t ends, int64_t now)
{
	int64_t left = ends - now;

	status->certificate_days = left >= 0 ? left / day : -((day - 1 - left) / day);
}

void
se_status_wrong(struct se_status *status, enum se_code code, const char *text)
{
	status->code = code;
	(void)se_copy(status->text, sizeof(status->text), text);
	se_text_clean(status->text);
}

/* --- whether somebody must act ---------------------------------------------------------------- */

const char *
se_status_name(const struct se_status *status)
{
	const bool own = !status->account->app_only && status->identity != NULL &&
			 status->account->value[SE_KEY_IDENTITY].text == NULL;

	return own ? status->identity : status->account->label;
}

static void
not_signed_in(const struct se_status *status, struct se_error *line)
{
	if (status->identity != NULL)
		se_error_set(line, SE_OK,
			"nobody has signed in as %s yet; sign in with: sasl-entra login %s",
			status->identity, se_status_name(status));
	else
		se_error_set(line, SE_OK,
			"nobody has signed in for [account %s] yet; sign in with: sasl-entra "
			"login LOGIN-NAME",
			status->account->label);
}

static void
old_sign_in(const struct se_status *status, struct se_error *line)
{
	se_error_set(line, SE_OK,
		"this sign-in was used %lld days ago, and Entra forgets it after 90; use it once "
		"with: sasl-entra refresh %s",
		(long long)status->refresh_token_days, se_status_name(status));
}

static void
certificate_ends(const struct se_status *status, struct se_error *line)
{
	const char *path = status->account->value[SE_KEY_CERTIFICATE].text;

	if (status->certificate_days < 0)
		se_error_set(line, SE_OK,
			"the certificate %s has ended; upload a new one at the tenant and put it "
			"there",
			path != NULL ? path : "");
	else
		se_error_set(line, SE_OK,
			"the certificate %s ends in %lld days; upload a new one at the tenant and "
			"put it there",
			path != NULL ? path : "", (long long)status->certificate_days);
}

static const char *
need_of(const struct se_status *status)
{
	switch (status->code) {
	case SE_SIGN_IN:
		return "sign in";
	case SE_ADMIN:
		return "admin";
	case SE_CONFIG:
		return "config";
	default:
		break;
	}
	if (status->certificate_days != SE_DAYS_UNKNOWN &&
		status->certificate_days <= SE_CERTIFICATE_SOON_DAYS)
		return "certificate";
	if (!status->account->app_only && status->refresh_token_days >= SE_SIGN_IN_OLD_DAYS)
		return "old sign-in";
	return NULL;
}

void
se_status_judge(struct se_status *status)
{
	struct se_error line;

	status->needs = need_of(status);
	if (status->text[0] != '\0' || status->needs == NULL)
		return;
	se_error_clear(&line);
	if (status->code == SE_SIGN_IN)
		not_signed_in(status, &line);
	else if (strcmp(status->needs, "certificate") == 0)
		certificate_ends(status, &line);
	else if (strcmp(status->needs, "old sign-in") == 0)
		old_sign_in(status, &line);
	(void)se_copy(status->text, sizeof(status->text), line.text);
}
