#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/aadsts.h"
#include "engine/answer.h"
#include "engine/crypto_digest.h"
#include "engine/json.h"
#include "engine/jwt.h"
#include "engine/places.h"
#include "engine/provider.h"
#include "engine/reasons.h"

void
se_grant_free(struct se_grant *grant)
{
	se_secret_free(grant->access_token);
	se_secret_free(grant->refresh_token);
	memset(grant, 0, sizeof(*grant));
}

/* --- tokens ---------------------------------------------------------------------------------- */

/* What a SASL message and an HTTP header can carry: visible ASCII. */
static bool
is_token_text(const char *text)
{
	size_t len = strlen(text), i;

	for (i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return false;
	return len > 0 && len <= SE_TOKEN_MAX;
}

static enum se_code
take_access_token(const char *endpoint, const struct se_json *json, struct se_grant *grant,
	struct se_error *error)
{
	const char *token = se_json_string(json, "access_token");
	const char *type = se_json_string(json, "token_type");

	if (token == NULL)
		return se_error_set(error, SE_AGAIN,
			"%s said yes but sent no access_token; is it the right address?", endpoint);
	if (!is_token_text(token))
		return se_error_set(error, SE_AGAIN,
			"%s sent an access_token that no mail server could be given (empty, longer "
			"than %d bytes, or with characters that are not visible ASCII); is it the "
			"right address?",
			endpoint, SE_TOKEN_MAX);
	if (type != NULL && strcasecmp(type, "Bearer") != 0)
		return se_error_set(error, SE_CONFIG,
			"%s sent a token of another type than Bearer, which XOAUTH2 cannot use; "
			"look at \"token_endpoint\"",
			endpoint);
	grant->access_token = se_secret_new(token, strlen(token));
	if (grant->access_token == NULL ||
		!se_digest_hex(token, strlen(token), grant->fingerprint, SE_FINGERPRINT_MAX))
		return se_error_memory(error);
	return SE_OK;
}

static enum se_code
take_refresh_token(const struct se_json *json, struct se_grant *grant, struct se_error *error)
{
	const char *token = se_json_string(json, "refresh_token");

	/* A bad one must not replace a good one. */
	if (token == NULL || !is_token_text(token))
		return SE_OK;
	grant->refresh_token = se_secret_new(token, strlen(token));
	return grant->refresh_token != NULL ? SE_OK : se_error_memory(error);
}

/* Elsewhere permissions are called otherwise, or are in no token. */
static bool
wants_roles(const struct se_account *account)
{
	return account->app_only && account->provider->microsoft &&
	       account->provider->app_scope == NULL;
}

enum se_code
se_answer_take_grant(const struct se_account *account, const char *endpoint,
	const struct se_json *json, struct se_grant *grant, struct se_error *error)
{
	enum se_code code = take_access_token(endpoint, json, grant, error), other = SE_OK;

	if (!account->app_only)
		other = take_refresh_token(json, grant, code == SE_OK ? error : NULL);
	if (code == SE_OK)
		code = other;
	if (code != SE_OK) {
		se_secret_free(grant->access_token);
		grant->access_token = NULL;
		grant->fingerprint[0] = '\0';
		return code;
	}
	if (!se_json_integer(json, "expires_in", &grant->expires_in) || grant->expires_in < 0)
		grant->expires_in = -1;
	if (!se_json_integer(json, "refresh_in", &grant->refresh_in) || grant->refresh_in < 0)
		grant->refresh_in = -1;
	grant->roleless = wants_roles(account) && se_jwt_is_roleless(grant->access_token);
	return SE_OK;
}

/* --- refusals -------------------------------------------------------------------------------- */

struct refusal {
	const char *login;
	char reason[64]; /* `error` */
	char detail[64]; /* `suberror`, Microsoft's addition */
	unsigned number; /* AADSTS; 0: none */
	char trace[64];
};

/* RFC 6749 section 5.2 names the characters of `error`; a trace id is a GUID. Anything else is
 * not copied into a log. */
static void
copy_word(char *to, size_t size, const char *from)
{
	size_t len = from != NULL
			     ? strspn(from, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					    "0123456789_-.")
			     : 0;

	if (len == 0 || from[len] != '\0' || len >= size)
		len = 0;
	if (len > 0)
		memcpy(to, from, len);
	to[len] = '\0';
}

static unsigned
number_in(const char *description)
{
	const char *at = description != NULL ? strstr(description, "AADSTS") : NULL;

	return at != NULL && strspn(at + 6, "0123456789") <= 8 ? (unsigned)strtoul(at + 6, NULL, 10)
							       : 0;
}

static unsigned
aadsts_number(const struct se_json *json)
{
	int64_t number;

	if (se_json_first_integer(json, "error_codes", &number) && number > 0 && number < 100000000)
		return (unsigned)number;
	return number_in(se_json_string(json, "error_description"));
}

/* "... Trace ID: 7a1c... Correlation ID: ...", where there is no member for it. */
static void
trace_in(const char *description, char *trace, size_t size)
{
	static const char label[] = "Trace ID: ";
	const char *at = strstr(description, label);
	size_t len;

	trace[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(label);
	len = strspn(at, "0123456789abcdefABCDEF-");
	if (len < size) {
		memcpy(trace, at, len);
		trace[len] = '\0';
	}
}

static const char *
speaker(const struct se_account *account)
{
	if (account->provider->microsoft)
		return "Entra";
	return strcmp(account->provider->name, "google") == 0 ? "Google" : "The token endpoint";
}

static enum se_code
say(const struct se_account *account, const struct refusal *refusal, long status, enum se_code code,
	const char *what, const char *todo, struct se_error *error)
{
	struct se_places places;
	struct se_buffer text;

	se_places_of(account, refusal->login, &places);
	se_buffer_init(&text, SE_ERROR_TEXT_MAX);
	se_buffer_addf(&text, "%s ", speaker(account));
	se_places_fill(what, &places, &text);
	se_buffer_addf(&text, " (%s", refusal->reason[0] != '\0' ? refusal->reason : "no reason");
	if (refusal->number != 0)
		se_buffer_addf(&text, ", AADSTS%u", refusal->number);
	else if (status != 0)
		se_buffer_addf(&text, ", status %ld", status);
	if (refusal->detail[0] != '\0')
		se_buffer_addf(&text, ", %s", refusal->detail);
	if (refusal->trace[0] != '\0')
		se_buffer_addf(&text, ", trace %s", refusal->trace);
	se_buffer_add_text(&text, "). ");
	se_places_fill(todo, &places, &text);
	se_error_set(error, code, "%s", se_buffer_text(&text));
	se_buffer_free(&text);
	return code;
}

/* The number knows more than `error` where the table has it; `suberror` and `error` decide
 * elsewhere. */
static enum se_code
explain(const struct se_account *account, const struct refusal *refusal, long status,
	struct se_error *error)
{
	const struct se_aadsts *known = se_aadsts_find(refusal->number);
	const struct se_reason *reason = se_reason_suberror(refusal->detail);

	if (known != NULL)
		return say(account, refusal, status, known->code, known->what, known->todo, error);
	if (reason == NULL)
		reason = se_reason_error(refusal->reason);
	if (reason != NULL)
		return say(
			account, refusal, status, reason->code, reason->what, reason->todo, error);
	if (status == 429 || status == 408 || status >= 500)
		return say(account, refusal, status, SE_AGAIN,
			status == 429 ? "says that it is asked too often"
				      : "has a fault of its own",
			"It is asked again by itself.", error);
	return say(account, refusal, status, SE_CONFIG, "refused the request",
		"Look at authority and token_endpoint of [account {label}].", error);
}

static enum se_code
read_refusal(const struct se_account *account, const char *login, const struct se_json *json,
	long status, unsigned retry_after, struct se_error *error)
{
	struct refusal refusal = {login, {0}, {0}, 0, {0}};
	enum se_code code;

	copy_word(refusal.reason, sizeof(refusal.reason), se_json_string(json, "error"));
	copy_word(refusal.detail, sizeof(refusal.detail), se_json_string(json, "suberror"));
	copy_word(refusal.trace, sizeof(refusal.trace), se_json_string(json, "trace_id"));
	refusal.number = aadsts_number(json);
	code = explain(account, &refusal, status, error);
	/* Whatever the body says: throttled is throttled, and a fault of the server's passes. */
	if (status == 429 || status == 408 || status >= 500)
		code = error->code = SE_AGAIN;
	if (code == SE_AGAIN)
		error->retry_after = retry_after;
	/* Loop detection: Microsoft asks for minutes, not seconds. */
	if (refusal.number == 50196 && error->retry_after < 300)
		error->retry_after = 300;
	return code;
}

/* In a browser a person says no, or the tenant: the number tells, where there is one. */
static const struct se_reason denied_in_browser = {"access_denied", SE_SIGN_IN,
	"denied the sign-in",
	"If the person declined it, start it again and agree: {sign_in}. Else an administrator of "
	"{tenant} has to allow it for app {app}."};

enum se_code
se_answer_explain(const struct se_account *account, const char *login, const char *reason,
	const char *description, struct se_error *error)
{
	struct refusal refusal = {login, {0}, {0}, number_in(description), {0}};

	copy_word(refusal.reason, sizeof(refusal.reason), reason);
	trace_in(description, refusal.trace, sizeof(refusal.trace));
	if (se_aadsts_find(refusal.number) == NULL && strcmp(refusal.reason, "access_denied") == 0)
		return say(account, &refusal, 0, denied_in_browser.code, denied_in_browser.what,
			denied_in_browser.todo, error);
	return explain(account, &refusal, 0, error);
}

/* --- the whole ------------------------------------------------------------------------------- */

static enum se_code
not_json(const struct se_account *account, const char *login, long status, unsigned retry_after,
	struct se_error *error)
{
	const struct refusal none = {login, "no JSON", "", 0, ""};

	if (status == 200)
		se_error_set(error, SE_AGAIN,
			"%s answered with status 200 and something that is not "
			"a whole JSON object; is a proxy or a portal in between?",
			account->token_endpoint);
	else if (status >= 300 && status < 400)
		se_error_set(error, SE_CONFIG,
			"%s answered with a redirect (status %ld), which is "
			"never followed with credentials; look at authority and token_endpoint of "
			"[account %s]",
			account->token_endpoint, status, account->label);
	else
		explain(account, &none, status, error);
	if (error->code == SE_AGAIN)
		error->retry_after = retry_after;
	return error->code;
}

enum se_code
se_answer_read(const struct se_account *account, const char *login, long status, const char *body,
	size_t len, unsigned retry_after, struct se_grant *grant, struct se_error *error)
{
	struct se_json *json;
	enum se_code code;

	memset(grant, 0, sizeof(*grant));
	json = se_json_parse(body, len);
	if (json == NULL && errno == ENOMEM)
		code = se_error_memory(error);
	else if (json == NULL || (status >= 300 && status < 400))
		code = not_json(account, login, status, retry_after, error);
	else if (status == 200)
		code = se_answer_take_grant(account, account->token_endpoint, json, grant, error);
	else
		code = read_refusal(account, login, json, status, retry_after, error);
	se_json_free(json);
	return code;
}
