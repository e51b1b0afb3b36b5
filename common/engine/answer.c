#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/aadsts.h"
#include "engine/answer.h"
#include "engine/crypto_digest.h"
#include "engine/json.h"
#include "engine/jwt.h"
#include "engine/provider.h"

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

enum se_code
se_answer_take_grant(const struct se_account *account, const char *endpoint,
	const struct se_json *json, struct se_grant *grant, struct se_error *error)
{
	enum se_code code = take_access_token(endpoint, json, grant, error);

	if (code == SE_OK && !account->app_only)
		code = take_refresh_token(json, grant, error);
	if (code != SE_OK) {
		se_grant_free(grant);
		return code;
	}
	if (!se_json_integer(json, "expires_in", &grant->expires_in) || grant->expires_in < 0)
		grant->expires_in = -1;
	if (!se_json_integer(json, "refresh_in", &grant->refresh_in) || grant->refresh_in < 0)
		grant->refresh_in = -1;
	grant->roleless = account->app_only && se_jwt_is_roleless(grant->access_token);
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

struct meaning {
	const char *reason;
	enum se_code code;
	const char *what;
	const char *todo;
};

static const struct meaning reasons[] = {
	{"invalid_request", SE_CONFIG, "found the request wrong",
		"Compare tenant, client_id and scope of [account {label}] with the app "
		"registration."},
	{"invalid_client", SE_CONFIG, "refused the app's credential",
		"Compare the credential of [account {label}] with app {app}'s certificates and "
		"secrets."},
	{"invalid_grant", SE_SIGN_IN, "no longer accepts the sign-in", "Sign in again: {sign_in}"},
	{"interaction_required", SE_SIGN_IN, "wants a person to sign in",
		"Sign in again: {sign_in}"},
	{"login_required", SE_SIGN_IN, "wants a person to sign in", "Sign in again: {sign_in}"},
	{"consent_required", SE_SIGN_IN, "misses consent to what the app asks for",
		"Sign in again: {sign_in}; or have an administrator of {tenant} consent "
		"for app {app}."},
	{"unauthorized_client", SE_ADMIN, "does not let this app use this grant",
		"Ask an administrator of {tenant} to look at app {app}."},
	{"access_denied", SE_ADMIN, "denied access",
		"Ask an administrator of {tenant} about app {app}."},
	{"authorization_declined", SE_SIGN_IN, "says that the person declined the sign-in",
		"Sign in again and agree: {sign_in}"},
	{"expired_token", SE_SIGN_IN, "says that the sign-in's code has expired",
		"Start it again: {sign_in}"},
	{"bad_verification_code", SE_SIGN_IN, "does not know the sign-in's code",
		"Start it again: {sign_in}"},
	{"unsupported_response_type", SE_CONFIG, "does not support the kind of sign-in asked for",
		"Look at authorization_endpoint of [account {label}]."},
	{"redirect_uri_mismatch", SE_CONFIG,
		"refused the address that the browser would be sent back to",
		"Register http://localhost for app {app}, as a desktop app has it."},
	{"unsupported_grant_type", SE_CONFIG, "does not know this grant",
		"Look at authority and token_endpoint of [account {label}]."},
	{"invalid_scope", SE_CONFIG, "does not know the scope {scope}",
		"Look at scope and cloud of [account {label}]."},
	{"invalid_resource", SE_CONFIG, "does not know the resource of the scope {scope}",
		"Look at scope and cloud of [account {label}]."},
	{"server_error", SE_AGAIN, "had an error of its own", "It is asked again by itself."},
	{"temporarily_unavailable", SE_AGAIN, "is too busy", "It is asked again by itself."},
};

/* Those that say more than invalid_grant or interaction_required, with which they come. */
static const struct meaning details[] = {
	{"additional_action", SE_SIGN_IN, "wants the person to do more before signing in",
		"Let the person sign in with a browser once and do what it asks, then: {sign_in}"},
	{"message_only", SE_ADMIN, "refuses this sign-in, and another one would not help",
		"Ask an administrator of {tenant}, with the trace id."},
	{"consent_required", SE_SIGN_IN, "misses consent to what the app asks for",
		"Sign in again: {sign_in}; or have an administrator of {tenant} consent for app "
		"{app}."},
	{"user_password_expired", SE_SIGN_IN, "says that the person's password has expired",
		"Let the person choose a new one, then sign in again: {sign_in}"},
	{"client_mismatch", SE_CONFIG, "says that the refresh token belongs to another app",
		"Look at client_id of [account {label}], or sign in with this app: {sign_in}"},
	{"protection_policy_required", SE_ADMIN, "asks for an app protection policy",
		"Ask an administrator of {tenant} to except app {app} from that policy."},
	{"device_authentication_failed", SE_ADMIN, "could not authenticate the device",
		"Ask an administrator of {tenant} to except app {app} from that policy."},
};

static const struct meaning *
find_meaning(const struct meaning *table, size_t count, const char *reason)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(table[i].reason, reason) == 0)
			return &table[i];
	return NULL;
}

static const char *
credential_file(const struct se_account *account)
{
	static const enum se_key keys[] = {SE_KEY_CLIENT_SECRET_FILE, SE_KEY_CLIENT_SECRET_COMMAND,
		SE_KEY_CERTIFICATE, SE_KEY_FEDERATED_TOKEN_FILE};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (account->value[keys[i]].text != NULL)
			return account->value[keys[i]].text;
	return NULL;
}

static const char *
value_of(const struct se_account *account, const char *name, size_t len)
{
	const struct {
		const char *name;
		const char *value;
	} values[] = {
		{"app", account->value[SE_KEY_CLIENT_ID].text},
		{"tenant", account->value[SE_KEY_TENANT].text},
		{"file", credential_file(account)},
		{"scope", account->scope},
		{"label", account->label},
	};
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strlen(values[i].name) == len && strncmp(values[i].name, name, len) == 0)
			return values[i].value != NULL ? values[i].value : "(not set)";
	return "";
}

/* Puts the account's values in the place of {app}, {tenant} and so on, and the command that
 * renews a sign-in in the place of {sign_in}. */
static void
fill_in(const struct se_account *account, const char *login, const char *text,
	struct se_buffer *out)
{
	static const char command[] = "sasl-entra login ";
	const char *open, *close;

	while ((open = strchr(text, '{')) != NULL && (close = strchr(open, '}')) != NULL) {
		se_buffer_add(out, text, (size_t)(open - text));
		if (strncmp(open, "{sign_in}", 9) == 0)
			se_buffer_addf(out, "%s%s", command, login);
		else
			se_buffer_add_text(
				out, value_of(account, open + 1, (size_t)(close - open - 1)));
		text = close + 1;
	}
	se_buffer_add_text(out, text);
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
	struct se_buffer text;

	se_buffer_init(&text, SE_ERROR_TEXT_MAX);
	se_buffer_addf(&text, "%s ", speaker(account));
	fill_in(account, refusal->login, what, &text);
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
	fill_in(account, refusal->login, todo, &text);
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
	const struct meaning *meaning =
		find_meaning(details, sizeof(details) / sizeof(details[0]), refusal->detail);

	if (known != NULL)
		return say(account, refusal, status, known->code, known->what, known->todo, error);
	if (meaning == NULL)
		meaning = find_meaning(
			reasons, sizeof(reasons) / sizeof(reasons[0]), refusal->reason);
	if (meaning != NULL)
		return say(account, refusal, status, meaning->code, meaning->what, meaning->todo,
			error);
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
static const struct meaning denied_in_browser = {"access_denied", SE_SIGN_IN, "denied the sign-in",
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
