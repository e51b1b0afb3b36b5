#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "engine/store_reseal.h"

#include "tool/import_sign_in.h"
#include "tool/journal_copy.h"
#include "tool/keep_sign_in.h"

/* --- there ------------------------------------------------------------------------------------ */

/* Under the lock, which is the caller's from here on. *kept: there is one. */
static enum se_code
look(struct se_place *place, int *lock, bool *kept, struct se_state *state, struct se_error *error)
{
	enum se_code code = se_identity_become_owner(place->identity, false, error);

	if (code == SE_OK)
		code = se_place_open(place, error);
	if (code == SE_OK)
		code = se_place_lock(place, SE_PLACE_WAIT_MS, lock, error);
	*kept = code == SE_OK && se_store_has(place->store, &place->key);
	if (*kept)
		code = se_store_read(place->store, &place->key, state, error);
	se_identity_return();
	return code;
}

/* The journal is root's. It is told first what makes out the sign-in that is going to be there: after
 * a crash in between, what is there is known not to be it. */
static enum se_code
write(struct se_place *place, struct se_journal *journal, struct se_state *state,
	struct se_error *error)
{
	char path[PATH_MAX];
	enum se_code code;

	(void)snprintf(
		path, sizeof(path), "%s/%s.json", se_store_path(place->store), place->key.name);
	code = se_journal_keep_sign_in(journal, path, &state->signed_in, error);
	if (code == SE_OK)
		code = se_identity_become_owner(place->identity, false, error);
	if (code == SE_OK)
		code = se_store_write(place->store, &place->key, state, error);
	se_identity_return();
	return code;
}

static enum se_code
take_over(struct se_place *place, const struct se_secret *token, struct se_journal *journal,
	struct se_state *state, struct se_error *error)
{
	struct se_secret *copy = se_secret_copy(token);

	if (copy == NULL)
		return se_error_memory(error);
	return se_sign_in_replace(state, copy) ? write(place, journal, state, error) : SE_OK;
}

enum se_code
se_import_sign_in(struct se_place *place, const struct se_import_account *account, bool replace,
	struct se_journal *journal, struct se_error *error)
{
	struct se_state state = {.access_token = NULL};
	int lock = -1;
	bool kept, stays;
	enum se_code code = look(place, &lock, &kept, &state, error);

	stays = kept && !replace;
	if (stays) {
		fprintf(stderr,
			"%s: a sign-in is kept for it already, and stays; --replace puts the one "
			"of %s in its place\n",
			account->login, account->file);
		code = SE_OK;
	} else if (code == SE_OK) {
		code = take_over(place, account->refresh_token, journal, &state, error);
	}
	se_store_unlock(lock);
	se_state_free(&state);
	if (code == SE_OK && !stays)
		se_place_tell_agent(place);
	return code;
}

/* --- and back --------------------------------------------------------------------------------- */

enum verdict {
	PUT,     /* what was before the import */
	IS_BACK, /* by an undo that was interrupted; or it never went */
	LEAVE,   /* it is somebody's */
	UNKNOWN  /* it may be */
};

/* The state directory and the key's name, which is all that the lock takes. The configuration only has
 * the key that seals; it may be gone already when an undo is begun again. */
static enum se_code
open_place(struct se_place *place, const char *path, struct se_error *error)
{
	static const struct se_state_key none = {.file = NULL};
	const char *name = strrchr(path, '/') + 1;
	char directory[PATH_MAX];
	struct se_error unused;

	if (strlen(name) != SE_TOKEN_KEY_DIGITS + strlen(".json") || name - path > PATH_MAX)
		return se_error_set(error, SE_CONFIG,
			"the journal has %s, which is no state file; it is damaged", path);
	memcpy(place->key.name, name, SE_TOKEN_KEY_DIGITS);
	(void)snprintf(directory, sizeof(directory), "%.*s", (int)(name - path - 1), path);
	(void)se_config_load(place->identity->configuration, &place->config, NULL, &unused);
	place->store = se_store_open(directory, false, error);
	if (place->store == NULL)
		return error->code;
	return se_store_seal_with(
		place->store, place->config != NULL ? &place->config->state_key : &none, error);
}

/* The refresh token does not tell: the agent may have renewed it, and that is still the import's sign-in.
 * That one may go: its token file is where it was, and what is in there goes on being good, as Microsoft
 * ends no older refresh token when it gives a newer one. */
static enum verdict
judge(const struct se_state *state, const struct se_journal_sign_in *kept)
{
	if (state->signed_in == kept->signed_in)
		return PUT;
	return kept->exists && state->signed_in < kept->signed_in ? IS_BACK : LEAVE;
}

/* What cannot be made sense of may have a refresh token in it, and is nobody's to remove: UNKNOWN, and
 * `error` says why. */
static enum se_code
find_verdict(struct se_place *place, const struct se_journal_sign_in *kept, enum verdict *verdict,
	struct se_error *error)
{
	struct se_state state = {.access_token = NULL};
	char name[SE_TOKEN_KEY_DIGITS + 1];
	enum se_code code;

	memcpy(name, place->key.name, sizeof(name));
	code = se_store_key_of(place->store, name, &place->key, error);
	if (code == SE_OK)
		code = se_store_read(place->store, &place->key, &state, error);
	else
		memcpy(place->key.name, name, sizeof(name));
	if (code == SE_OK)
		*verdict = judge(&state, kept);
	else if (code == SE_ABSENT)
		*verdict = PUT;
	else
		*verdict = UNKNOWN;
	se_state_free(&state);
	return code == SE_ABSENT || code == SE_CONFIG ? SE_OK : code;
}

static enum se_code
put(struct se_place *place, const struct se_copy *copy, const struct se_journal_sign_in *kept,
	struct se_error *error)
{
	enum se_code code;

	if (kept->exists)
		return se_copy_put(copy, kept->path, error);
	code = se_store_remove(place->store, &place->key, error);
	return code == SE_ABSENT ? SE_OK : code;
}

/* As the owner, all of it under the lock. */
static enum se_code
put_under_lock(struct se_place *place, const struct se_copy *copy,
	const struct se_journal_sign_in *kept, enum verdict *verdict, struct se_error *error)
{
	int lock = -1;
	enum se_code code = se_identity_become_owner(place->identity, false, error);

	if (code == SE_OK)
		code = open_place(place, kept->path, error);
	if (code == SE_ABSENT && !kept->exists) /* with the directory it has gone, too */
		code = SE_OK;
	else if (code == SE_OK)
		code = se_place_lock(place, SE_PLACE_WAIT_MS, &lock, error);
	if (lock >= 0) {
		se_copy_sweep(kept->path);
		code = find_verdict(place, kept, verdict, error);
		if (code == SE_OK && *verdict == PUT)
			code = put(place, copy, kept, error);
	}
	se_store_unlock(lock);
	se_identity_return();
	return code;
}

static void
say(const struct se_place *place, const struct se_journal_sign_in *kept, enum verdict verdict,
	const struct se_error *error)
{
	if (verdict == LEAVE)
		fprintf(stderr,
			"%s: somebody has signed in since the import; that sign-in stays, in %s\n",
			place->key.holder, kept->path);
	else
		fprintf(stderr, "sasl-entra: warning: %s\n", error->text);
}

static void
say_where(const char *path, struct se_error *error)
{
	if (strstr(error->text, path) == NULL)
		se_error_about(error, path);
}

enum se_code
se_import_put_sign_in(void *context, const struct se_journal_sign_in *kept, struct se_error *error)
{
	struct se_import_putting *putting = context;
	struct se_place place = {.identity = putting->identity};
	struct se_copy copy = {.list_len = 0};
	enum verdict verdict = PUT;
	enum se_code code = SE_OK;

	if (kept->exists)
		code = se_copy_take(kept->directory, kept->copy, &copy, error);
	if (code == SE_OK)
		code = put_under_lock(&place, &copy, kept, &verdict, error);
	if (code == SE_OK && verdict == PUT)
		se_place_tell_agent(&place);
	/* Once, where the path's last one is at its end. */
	if (code == SE_OK && kept->last && (verdict == LEAVE || verdict == UNKNOWN)) {
		say(&place, kept, verdict, error);
		putting->left++;
	}
	if (code != SE_OK)
		say_where(kept->path, error);
	se_copy_free(&copy);
	se_place_free(&place);
	return code == SE_ABSENT ? SE_CONFIG : code;
}
