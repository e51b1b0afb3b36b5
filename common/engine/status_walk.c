#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/account.h"
#include "engine/names.h"
#include "engine/status_put.h"
#include "engine/status_walk.h"
#include "engine/store_names.h"
#include "engine/token_key.h"

/* Where the walk is: what is to be looked at next. */
struct place {
	size_t account;
	size_t pattern;         /* of its `match`, where people sign in under their login names */
	se_token_key_name file; /* the state file looked at last for the account; "": none yet */
	unsigned found;         /* the account has had a line */
};

struct walk {
	const struct se_status_source *source;
	struct place place;
	unsigned looks;
	se_token_key_name *files; /* listed when first needed */
	size_t file_count;
	bool listed;
	struct se_buffer lines;
	struct se_error *error;
};

/* --- the cursor ------------------------------------------------------------------------------- */

static void
write_cursor(const struct place *place, char more[SE_NAME_MAX + 1])
{
	(void)snprintf(more, SE_NAME_MAX + 1, "%zu.%zu.%u.%s", place->account, place->pattern,
		place->found, place->file);
}

static bool
read_cursor(const char *cursor, struct place *place)
{
	char rest;
	int end = 0;

	memset(place, 0, sizeof(*place));
	if (cursor[0] == '\0')
		return true;
	if (sscanf(cursor, "%zu.%zu.%u%c%n", &place->account, &place->pattern, &place->found, &rest,
		    &end) != 4 ||
		rest != '.')
		return false;
	cursor += end;
	if (cursor[0] == '\0')
		return true;
	return strspn(cursor, "0123456789abcdef") == SE_TOKEN_KEY_DIGITS &&
	       se_copy(place->file, sizeof(place->file), cursor);
}

/* --- one account ------------------------------------------------------------------------------ */

/* Counts a look; false when this answer has had enough of them. */
static bool
may_look(struct walk *walk)
{
	return walk->looks++ < SE_STATUS_LOOKS;
}

static enum se_put
note(struct walk *walk, enum se_put put)
{
	if (put == SE_PUT_NEXT)
		walk->place.found = 1;
	return put;
}

static enum se_put
put_key(struct walk *walk, const struct se_account *account, const char *login)
{
	if (!may_look(walk))
		return SE_PUT_FULL;
	return note(
		walk, se_status_put_key(walk->source, account, login, &walk->lines, walk->error));
}

static enum se_put
put_plain(struct walk *walk, const struct se_account *account, enum se_code code, const char *text)
{
	if (!may_look(walk))
		return SE_PUT_FULL;
	return note(walk,
		se_status_put_plain(walk->source, account, code, text, &walk->lines, walk->error));
}

static bool
is_login(const char *pattern)
{
	return pattern[0] != '*';
}

static bool
names_login(const struct se_account *account, const char *login)
{
	size_t i;

	for (i = 0; account->match[i] != NULL; i++)
		if (is_login(account->match[i]) && se_name_equal(account->match[i], login))
			return true;
	return false;
}

static enum se_put
walk_logins(struct walk *walk, const struct se_account *account)
{
	struct place *place = &walk->place;
	enum se_put step;
	size_t i;

	/* The cursor may be of another configuration. */
	for (i = 0; i < place->pattern; i++)
		if (account->match[i] == NULL)
			return SE_PUT_NEXT;
	for (; account->match[place->pattern] != NULL; place->pattern++) {
		if (!is_login(account->match[place->pattern]))
			continue;
		step = put_key(walk, account, account->match[place->pattern]);
		if (step != SE_PUT_NEXT)
			return step;
	}
	return SE_PUT_NEXT;
}

/* Whether a state file keeps a sign-in that the account's patterns, and no other account's, let
 * somebody use, and that has had no line yet. */
static bool
is_for(struct walk *walk, const struct se_account *account, const char *file,
	char identity[SE_NAME_MAX + 1])
{
	struct se_error error;
	struct se_token_key key;
	bool same;

	if (!se_store_identity(walk->source->store, file, identity) ||
		names_login(account, identity) ||
		se_account_match(walk->source->config, identity, &error) != account ||
		se_token_key_make(account, identity, &key, &error) != SE_OK)
		return false;
	same = strcmp(key.name, file) == 0;
	se_token_key_free(&key);
	return same;
}

static enum se_put
walk_files(struct walk *walk, const struct se_account *account)
{
	struct place *place = &walk->place;
	char identity[SE_NAME_MAX + 1];
	enum se_put step;
	size_t i;

	if (!walk->listed && se_store_names(walk->source->store, &walk->files, &walk->file_count,
				     walk->error) != SE_OK)
		return SE_PUT_FAILED;
	walk->listed = true;
	for (i = 0; i < walk->file_count; i++) {
		if (strcmp(walk->files[i], place->file) <= 0)
			continue;
		if (!may_look(walk))
			return SE_PUT_FULL;
		if (is_for(walk, account, walk->files[i], identity)) {
			step = put_key(walk, account, identity);
			if (step != SE_PUT_NEXT)
				return step;
		}
		(void)se_copy(place->file, sizeof(place->file), walk->files[i]);
	}
	return SE_PUT_NEXT;
}

static bool
has_own_logins(const struct se_account *account)
{
	return !account->app_only && account->value[SE_KEY_IDENTITY].text == NULL;
}

static enum se_put
walk_account(struct walk *walk, const struct se_account *account)
{
	const char *from = account->value[SE_KEY_TOKEN_FROM].text;
	enum se_put step;

	if (from != NULL && strcmp(from, "password") == 0)
		return put_plain(walk, account, SE_OK, "");
	if (account->unusable != NULL)
		return put_plain(walk, account, SE_CONFIG,
			"federated_token_file = env, but the environment does not say all of it; "
			"Azure's workload identity webhook sets it for pods that have the label "
			"azure.workload.identity/use");
	if (!has_own_logins(account))
		return put_key(walk, account, account->label);
	step = walk_logins(walk, account);
	if (step == SE_PUT_NEXT && walk->source->store != NULL)
		step = walk_files(walk, account);
	if (step == SE_PUT_NEXT && !walk->place.found)
		step = put_plain(walk, account, SE_SIGN_IN, "");
	return step;
}

/* --- all of them ------------------------------------------------------------------------------ */

static enum se_put
walk_all(struct walk *walk)
{
	const struct se_config *config = walk->source->config;
	enum se_put step = SE_PUT_NEXT;

	while (step == SE_PUT_NEXT && walk->place.account < config->account_count) {
		step = walk_account(walk, &config->accounts[walk->place.account]);
		if (step == SE_PUT_NEXT)
			walk->place = (struct place){.account = walk->place.account + 1};
	}
	return step;
}

enum se_code
se_status_walk(const struct se_status_source *source, const char *cursor, struct se_answer *answer,
	struct se_error *error)
{
	struct walk walk = {.source = source, .error = error};
	enum se_put step;

	memset(answer, 0, sizeof(*answer));
	if (!read_cursor(cursor, &walk.place))
		return se_error_set(error, SE_CONFIG, "the status cannot go on at \"%s\"", cursor);
	se_buffer_init(&walk.lines, SE_STATUS_MAX);
	step = walk_all(&walk);
	if (step != SE_PUT_FAILED && walk.lines.len > 0) {
		answer->status = strdup(se_buffer_text(&walk.lines));
		if (answer->status == NULL) {
			(void)se_error_memory(error);
			step = SE_PUT_FAILED;
		}
	}
	if (step == SE_PUT_FULL)
		write_cursor(&walk.place, answer->more);
	free(walk.files);
	se_buffer_free(&walk.lines);
	return step == SE_PUT_FAILED ? error->code : SE_OK;
}
