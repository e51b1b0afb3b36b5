#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/world.h"
#include "engine/account.h"
#include "engine/names.h"
#include "engine/state_dir.h"

#include "tool/ask.h"
#include "tool/interrupt.h"
#include "tool/output.h"
#include "tool/place.h"

enum { LOCK_PAUSE_MS = 50, LOCK_SILENT_MS = 1000 };

/* --- account, key and store ------------------------------------------------------------------- */

void
se_place_free(struct se_place *place)
{
	se_token_key_free(&place->key);
	se_store_close(place->store);
	se_config_free(place->config);
	memset(place, 0, sizeof(*place));
}

/* The login name whose sign-in it is; a label stands for one only where `identity` names it. */
static enum se_code
make_key(struct se_place *place, const char *name, struct se_error *error)
{
	const struct se_account *account = place->account;

	if (!account->app_only && account->value[SE_KEY_IDENTITY].text == NULL &&
		strchr(name, '@') == NULL && se_name_equal(name, account->label))
		return se_error_set(error, SE_CONFIG,
			"%s is the label of an account without 'identity'; give the login name "
			"whose sign-in this is",
			name);
	return se_token_key_make(account, name, &place->key, error);
}

static bool
uses_password(const struct se_account *account)
{
	const char *from = account->value[SE_KEY_TOKEN_FROM].text;

	return from != NULL && strcmp(from, "password") == 0;
}

enum se_code
se_place_find(const struct se_identity *identity, const char *name, struct se_place *place,
	struct se_error *error)
{
	enum se_code code;

	memset(place, 0, sizeof(*place));
	place->identity = identity;
	code = se_config_load(identity->configuration, &place->config, NULL, error);
	if (code != SE_OK)
		return code;
	place->account = se_account_named(place->config, name, error);
	if (place->account == NULL)
		return error->code;
	if (uses_password(place->account))
		return se_error_set(error, SE_CONFIG,
			"%s: account %s takes its token from the password (token_from = password); "
			"nothing is kept for it",
			name, place->account->label);
	return make_key(place, name, error);
}

enum se_code
se_place_check_person(
	const struct se_place *place, const char *name, const char *what, struct se_error *error)
{
	if (!place->account->app_only)
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"%s: account %s signs in as an app, with its own credential; it has no use for %s",
		name, place->account->label, what);
}

enum se_code
se_place_open(struct se_place *place, struct se_error *error)
{
	char *path = se_state_dir(place->config, SE_ROLE_TOOL, place->identity->users_own);

	if (path == NULL && errno == ENOMEM)
		return se_error_memory(error);
	if (path == NULL)
		return se_error_set(error, SE_CONFIG,
			"there is no directory to keep a sign-in in; name one with state_dir in "
			"[defaults] of %s",
			place->identity->configuration);
	place->store = se_state_dir_open(path, place->config, error);
	if (place->store == NULL && error->code == SE_ABSENT)
		(void)se_error_set(error, SE_CONFIG,
			"the state directory %s does not exist or may not be entered; start the "
			"agent once, or make it, mode 0700, owned by the agent's user",
			path);
	free(path);
	return place->store != NULL ? SE_OK : error->code;
}

/* --- the lock --------------------------------------------------------------------------------- */

static int64_t
now(void)
{
	return se_world_system.monotonic(se_world_system.context);
}

/* Of a file alone not even that is known. */
static const char *
whose(const struct se_place *place)
{
	if (place->key.app_only && place->account != NULL)
		return place->account->label;
	return place->key.holder != NULL ? place->key.holder : place->key.name;
}

static void
say_waiting(const struct se_place *place, int wait)
{
	fprintf(stderr,
		"sasl-entra: %s: another process is getting a token; waiting for it, for at most "
		"%d seconds\n",
		whose(place), wait / 1000);
}

static enum se_code
waited_in_vain(const struct se_place *place, int wait, struct se_error *error)
{
	const char *directory = se_store_path(place->store);

	if (se_interrupted())
		return se_error_set(error, SE_AGAIN, "interrupted; nothing was changed");
	return se_error_set(error, SE_AGAIN,
		"%s: another process has had the lock %s/%s.lock for %d seconds (fuser shows "
		"which one); try again",
		whose(place), directory, place->key.name, wait / 1000);
}

/* A try that failed because somebody has the lock has no sentence. */
static bool
somebody_has_it(enum se_code code, const struct se_error *error)
{
	return code == SE_AGAIN && error->text[0] == '\0';
}

enum se_code
se_place_lock(const struct se_place *place, int wait, int *lock, struct se_error *error)
{
	const struct timespec pause = {0, LOCK_PAUSE_MS * 1000000L};
	const int64_t began = now();
	bool said = false;
	enum se_code code;

	while (somebody_has_it(
		code = se_store_lock(place->store, &place->key, lock, error), error)) {
		const int64_t waited = now() - began;

		if (waited >= wait || se_interrupted())
			return waited_in_vain(place, wait, error);
		if (!said && waited >= LOCK_SILENT_MS) {
			say_waiting(place, wait);
			said = true;
		}
		(void)nanosleep(&pause, NULL);
	}
	return code;
}

/* --- others that use it ----------------------------------------------------------------------- */

void
se_place_tell_agent(const struct se_place *place)
{
	struct se_answer answer = {.token = NULL};
	struct se_request request;
	struct se_error error;
	enum se_code code = se_ask_prepare(&request, SE_OPERATION_REREAD, place->key.name, &error);

	if (code == SE_OK)
		code = se_ask_agent(place->identity, &request, &answer, &error);
	if (code != SE_OK && code != SE_ABSENT)
		fprintf(stderr, "sasl-entra: warning: the agent could not be told: %s\n",
			error.text);
	se_answer_free(&answer);
}

/* An account without `identity` serves many sign-ins: this one where it serves that login name. */
static bool
shares(const struct se_place *place, const struct se_account *account)
{
	const char *identity = account->value[SE_KEY_IDENTITY].text;
	struct se_token_key key;
	bool same;

	if (account == place->account)
		return true;
	if (account->unusable != NULL || uses_password(account) ||
		account->app_only != place->key.app_only)
		return false;
	if (!account->app_only && identity == NULL &&
		se_account_match(place->config, place->key.holder, NULL) != account)
		return false;
	if (se_token_key_make(
		    account, identity != NULL ? identity : place->key.holder, &key, NULL) != SE_OK)
		return false;
	same = strcmp(key.name, place->key.name) == 0;
	se_token_key_free(&key);
	return same;
}

static void
add_account(const struct se_account *account, enum se_accounts_form form, struct se_buffer *out)
{
	const char *between = " (";

	if (form == SE_ACCOUNTS_JSON) {
		se_output_json(out, account->label);
		return;
	}
	se_buffer_add_text(out, account->label);
	if (form != SE_ACCOUNTS_LINES)
		return;
	for (size_t i = 0; account->services[i] != NULL; i++, between = ", ")
		se_buffer_addf(out, "%s%s", between, account->services[i]);
	se_buffer_add_text(out, account->services[0] != NULL ? ")" : "");
}

void
se_place_accounts(const struct se_place *place, enum se_accounts_form form, struct se_buffer *out)
{
	const char *between = "";

	se_buffer_add_text(out, form == SE_ACCOUNTS_JSON ? "[" : "");
	for (size_t i = 0; i < place->config->account_count; i++) {
		if (!shares(place, &place->config->accounts[i]))
			continue;
		se_buffer_add_text(out, between);
		add_account(&place->config->accounts[i], form, out);
		between = form == SE_ACCOUNTS_LINES ? "\n" : ", ";
	}
	se_buffer_add_text(out, form == SE_ACCOUNTS_JSON ? "]" : "");
}
