#include <string.h>

#include "core/buffer.h"
#include "engine/state_json.h"

enum { STATE_VERSION = 1 };

#define TIME_MAX INT64_C(253402300799) /* the last second of the year 9999 */

/* --- reading ---------------------------------------------------------------------------------- */

void
se_state_free(struct se_state *state)
{
	se_secret_free(state->access_token);
	se_secret_free(state->refresh_token);
	memset(state, 0, sizeof(*state));
}

static bool
read_secret(const struct se_json *json, const char *name, struct se_secret **secret)
{
	const char *text = se_json_string(json, name);

	if (text == NULL)
		return true;
	*secret = se_secret_new(text, strlen(text));
	return *secret != NULL;
}

/* What is beyond every calendar comes of a damaged file, and would overflow in sums. */
static void
read_time(const struct se_json *json, const char *name, int64_t *time)
{
	int64_t found;

	if (!se_json_integer(json, name, &found))
		return;
	*time = found < -TIME_MAX ? -TIME_MAX : found < TIME_MAX ? found : TIME_MAX;
}

static void
read_failure(const struct se_json *json, struct se_failure *failure)
{
	const struct se_json *inner = se_json_object(json, "failure");
	int64_t code = 0, count = 0;
	const char *text = se_json_string(inner, "text");
	const char *cause = se_json_string(inner, "cause");

	if (inner == NULL || text == NULL || cause == NULL ||
		!se_json_integer(inner, "class", &code) || code <= SE_OK || code >= SE_ABSENT)
		return;
	read_time(inner, "until", &failure->until);
	read_time(inner, "since", &failure->since);
	failure->first = failure->since;
	read_time(inner, "first", &failure->first);
	(void)se_json_integer(inner, "count", &count);
	failure->code = (enum se_code)code;
	failure->count = count > 0 && count < 1000 ? (unsigned)count : 1;
	(void)se_copy(failure->cause, sizeof(failure->cause), cause);
	(void)se_copy(failure->text, sizeof(failure->text), text);
	se_text_clean(failure->text);
}

static bool
same(const struct se_json *json, const char *name, const char *value)
{
	const char *text = se_json_string(json, name);

	return text != NULL && strcmp(text, value) == 0;
}

bool
se_state_is_for(const struct se_json *json, const struct se_token_key *key)
{
	const struct se_json *inner = se_json_object(json, "key");

	return inner != NULL && same(inner, "endpoint", key->endpoint) &&
	       same(inner, "client_id", key->client_id) && same(inner, "scope", key->scope) &&
	       same(inner, key->app_only ? "credential" : "identity", key->holder);
}

enum se_code
se_state_get_key(const struct se_json *json, struct se_token_key *key)
{
	const struct se_json *inner = se_json_object(json, "key");
	const char *endpoint = se_json_string(inner, "endpoint");
	const char *client_id = se_json_string(inner, "client_id");
	const char *scope = se_json_string(inner, "scope");
	const char *holder = se_json_string(inner, "credential");

	memset(key, 0, sizeof(*key));
	key->app_only = holder != NULL;
	if (holder == NULL)
		holder = se_json_string(inner, "identity");
	if (endpoint == NULL || client_id == NULL || scope == NULL || holder == NULL)
		return SE_CONFIG;
	key->endpoint = strdup(endpoint);
	key->client_id = strdup(client_id);
	key->scope = strdup(scope);
	key->holder = strdup(holder);
	if (key->endpoint != NULL && key->client_id != NULL && key->scope != NULL &&
		key->holder != NULL && se_token_key_make_name(key))
		return SE_OK;
	se_token_key_free(key);
	return SE_MEMORY;
}

enum se_code
se_state_from_json(
	const struct se_json *json, const struct se_token_key *key, struct se_state *state)
{
	int64_t version = 0;
	const char *fingerprint = se_json_string(json, "fingerprint");

	if (!se_json_integer(json, "version", &version) || version != STATE_VERSION ||
		!se_state_is_for(json, key))
		return SE_CONFIG;
	if (!read_secret(json, "access_token", &state->access_token) ||
		!read_secret(json, "refresh_token", &state->refresh_token))
		return SE_MEMORY;
	read_time(json, "obtained", &state->times.obtained);
	read_time(json, "expires", &state->times.expires);
	read_time(json, "usable", &state->times.usable);
	read_time(json, "renew", &state->times.renew);
	read_time(json, "refresh_token_since", &state->refresh_token_since);
	read_time(json, "signed_in", &state->signed_in);
	read_time(json, "warned", &state->warned);
	if (fingerprint != NULL)
		(void)se_copy(state->fingerprint, sizeof(state->fingerprint), fingerprint);
	read_failure(json, &state->failure);
	return SE_OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

bool
se_state_set_key(struct se_json *json, const struct se_token_key *key)
{
	struct se_json *inner = se_json_new();

	if (inner != NULL && se_json_set_string(inner, "endpoint", key->endpoint) &&
		se_json_set_string(inner, "client_id", key->client_id) &&
		se_json_set_string(inner, "scope", key->scope) &&
		se_json_set_string(inner, key->app_only ? "credential" : "identity", key->holder))
		return se_json_set_object(json, "key", inner);
	se_json_free(inner);
	return false;
}

static struct se_json *
failure_object(const struct se_failure *failure)
{
	struct se_json *json = se_json_new();

	if (json == NULL)
		return NULL;
	if (se_json_set_integer(json, "class", (int)failure->code) &&
		se_json_set_integer(json, "first", failure->first) &&
		se_json_set_integer(json, "since", failure->since) &&
		se_json_set_integer(json, "until", failure->until) &&
		se_json_set_integer(json, "count", failure->count) &&
		se_json_set_string(json, "cause", failure->cause) &&
		se_json_set_string(json, "text", failure->text))
		return json;
	se_json_free(json);
	return NULL;
}

static bool
set_secret(struct se_json *json, const char *name, const struct se_secret *secret)
{
	return secret == NULL || se_json_set_string(json, name, se_secret_reveal(secret));
}

bool
se_state_to_json(const struct se_state *state, const struct se_token_key *key, struct se_json *json)
{
	bool ok = se_json_set_integer(json, "version", STATE_VERSION);

	ok = ok && se_state_set_key(json, key);
	ok = ok && se_json_set_integer(json, "obtained", state->times.obtained);
	if (state->access_token != NULL) {
		ok = ok && set_secret(json, "access_token", state->access_token);
		ok = ok && se_json_set_string(json, "fingerprint", state->fingerprint);
		ok = ok && se_json_set_integer(json, "expires", state->times.expires);
		ok = ok && se_json_set_integer(json, "usable", state->times.usable);
		ok = ok && se_json_set_integer(json, "renew", state->times.renew);
	}
	if (state->refresh_token != NULL) {
		ok = ok && set_secret(json, "refresh_token", state->refresh_token);
		ok = ok &&
		     se_json_set_integer(json, "refresh_token_since", state->refresh_token_since);
	}
	if (state->signed_in != 0)
		ok = ok && se_json_set_integer(json, "signed_in", state->signed_in);
	if (state->warned != 0)
		ok = ok && se_json_set_integer(json, "warned", state->warned);
	if (state->failure.code != SE_OK)
		ok = ok && se_json_set_object(json, "failure", failure_object(&state->failure));
	return ok;
}
