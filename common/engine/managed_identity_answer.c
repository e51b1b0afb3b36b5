/* managed_identity_answer: the token of a managed identity, or why there is none. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buffer.h"
#include "engine/http.h"
#include "engine/json.h"
#include "engine/jwt.h"
#include "engine/managed_identity.h"
#include "engine/names.h"

enum { WORDS_MAX = 400, WORD_MAX = 40 }; /* bytes */

/* --- when it ends ----------------------------------------------------------------------------- */

/* "2026-11-24 14:30:00", "2026-11-24T14:30:00Z", "11/24/2026 14:30:00 +00:00": always UTC. */
static bool
parse_date(const char *text, int64_t *seconds)
{
	struct tm tm;
	const char *rest;

	memset(&tm, 0, sizeof(tm));
	rest = strptime(text, "%Y-%m-%d%n%H:%M:%S", &tm);
	if (rest == NULL)
		rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest == NULL)
		rest = strptime(text, "%m/%d/%Y%n%H:%M:%S", &tm);
	if (rest == NULL)
		return false;
	*seconds = (int64_t)timegm(&tm);
	return true;
}

/* What is left, from expires_in, else from expires_on. -1: not said. */
static int64_t
seconds_left(const struct se_json *json, int64_t now)
{
	const char *text = se_json_string(json, "expires_on");
	int64_t value;

	if (se_json_integer(json, "expires_in", &value) && value >= 0)
		return value;
	if (!se_json_integer(json, "expires_on", &value) &&
		(text == NULL || !parse_date(text, &value)))
		return -1;
	return value > now ? value - now : 0;
}

/* --- whose it is ------------------------------------------------------------------------------ */

struct selector {
	const char *prefix;   /* of managed_identity_id */
	const char *echo[2];  /* members that name it in the answer */
	const char *claim[2]; /* and in the token */
};

static const struct selector selectors[] = {
	{"client_id:", {"client_id", NULL}, {"appid", "azp"}},
	{"object_id:", {"object_id", "principal_id"}, {"oid", NULL}},
	{"resource_id:", {"msi_res_id", "mi_res_id"}, {"xms_mirid", NULL}},
};

/* The member of either name; `json` may be NULL. */
static const char *
either(const struct se_json *json, const char *const names[2])
{
	const char *text = json != NULL ? se_json_string(json, names[0]) : NULL;

	return text != NULL || json == NULL || names[1] == NULL ? text
								: se_json_string(json, names[1]);
}

/* An agent too old to know identities of its own choice leaves the choice out in silence, and the
 * token is somebody else's. */
static enum se_code
check_identity(const struct se_machine *machine, const struct se_account *account,
	const struct se_json *json, const struct se_secret *token, struct se_error *error)
{
	const char *wanted = account->value[SE_KEY_MANAGED_IDENTITY_ID].text, *found;
	struct se_json *claims = NULL;
	enum se_code code = SE_OK;
	size_t i, len;

	for (i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++) {
		len = strlen(selectors[i].prefix);
		if (strncmp(wanted, selectors[i].prefix, len) != 0)
			continue;
		found = either(json, selectors[i].echo);
		if (found == NULL) {
			claims = se_jwt_claims(token);
			if (claims == NULL && errno == ENOMEM)
				return se_error_memory(error);
			found = either(claims, selectors[i].claim);
		}
		if (found == NULL && machine->kind != SE_MACHINE_ARC)
			break;
		if (found == NULL || !se_name_equal(found, wanted + len))
			code = se_error_set(error, SE_CONFIG,
				"asked for the managed identity %s, this machine answered with the "
				"token of another one%s; it is not used",
				wanted,
				machine->kind == SE_MACHINE_ARC
					? ": this Azure Connected Machine agent may know the "
					  "system's identity only, bring it up to date or write "
					  "managed_identity_id = system"
					: "; compare managed_identity_id with the identities that "
					  "the "
					  "Azure portal shows for this machine");
		break;
	}
	se_json_free(claims);
	return code;
}

/* --- refusals --------------------------------------------------------------------------------- */

/* What an endpoint says in its own words is shown, but no word that is long enough for a key. */
static void
add_words(struct se_buffer *out, const char *text)
{
	size_t len;

	while (text != NULL && *text != '\0' && out->len < WORDS_MAX / 2) {
		len = strcspn(text, " ");
		if (len > WORD_MAX)
			se_buffer_add_text(out, "...");
		else
			se_buffer_add(out, text, len);
		text += len;
		if (*text == ' ') {
			se_buffer_add_text(out, " ");
			text++;
		}
	}
}

/* 404 is what a service says that is not ready, and what Arc says of an identity that it does not
 * have. */
static enum se_code
judge_status(long status, const char *reason, const char **todo)
{
	bool unknown = reason != NULL && strcmp(reason, "identity_not_found") == 0;

	if (status == 400 || unknown)
		*todo = "give this machine the identity that managed_identity_id names (Azure "
			"portal: Identity), or correct managed_identity_id";
	else if (status == 401 || status == 403)
		*todo = "the endpoint does not let this process ask: start it anew, with the "
			"environment that the platform gives";
	else if (status >= 300 && status < 400)
		*todo = "a redirect is never followed there: find out who listens at that address";
	else
		*todo = "it is asked again by itself";
	if (unknown)
		return SE_CONFIG;
	return status == 404 || status == 408 || status == 410 || status == 429 || status >= 500
		       ? SE_AGAIN
		       : SE_CONFIG;
}

static enum se_code
refused(const struct se_account *account, const struct se_json *json,
	const struct se_http_response *response, struct se_error *error)
{
	struct se_buffer words;
	const char *todo, *reason = json != NULL ? se_json_string(json, "error") : NULL;
	enum se_code code = judge_status(response->status, reason, &todo);

	se_buffer_init(&words, WORDS_MAX);
	if (json != NULL) {
		add_words(&words, reason);
		se_buffer_add_text(&words, " ");
		add_words(&words, se_json_string(json, "error_description"));
	}
	se_error_set(error, code,
		"the managed identity endpoint of this machine gave no token for %s (status "
		"%ld%s%s); "
		"%s",
		account->value[SE_KEY_MANAGED_IDENTITY_ID].text, response->status,
		words.len > 1 ? ": " : "", words.len > 1 ? se_buffer_text(&words) : "", todo);
	se_buffer_free(&words);
	error->retry_after = code == SE_AGAIN ? response->retry_after : 0;
	return code;
}

enum se_code
se_machine_answer(const struct se_machine *machine, const struct se_account *account,
	const struct se_http_response *response, int64_t now, struct se_grant *grant,
	struct se_error *error)
{
	struct se_json *json;
	enum se_code code;

	memset(grant, 0, sizeof(*grant));
	json = se_json_parse(response->body, response->body_len);
	if (json == NULL && errno == ENOMEM) {
		code = se_error_memory(error);
	} else if (response->status != 200) {
		code = refused(account, json, response, error);
	} else if (json == NULL) {
		code = se_error_set(error, SE_AGAIN,
			"%s answered with something that is not a whole JSON object; who listens "
			"at %s?",
			SE_MACHINE_ENDPOINT, machine->url);
	} else {
		code = se_answer_take_grant(account, SE_MACHINE_ENDPOINT, json, grant, error);
		if (code == SE_OK)
			code = check_identity(machine, account, json, grant->access_token, error);
		if (code == SE_OK)
			grant->expires_in = seconds_left(json, now);
		else
			se_grant_free(grant);
	}
	se_json_free(json);
	return code;
}
