#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/account.h"

#include "tool/agent_reload.h"
#include "tool/import_apply.h"
#include "tool/import_sign_in.h"
#include "tool/import_write.h"
#include "tool/journal.h"
#include "tool/journal_copy.h"

struct work {
	const struct se_import_plan *plan;
	struct se_journal *journal;
};

static enum se_code
write_secrets(const struct work *work, struct se_error *error)
{
	const struct se_import_accounts *accounts = &work->plan->accounts;
	const char *configuration = work->plan->identity->configuration;
	enum se_code code = SE_OK;

	for (size_t i = 0; code == SE_OK && i < accounts->count; i++) {
		char *file = se_import_secret_file(&accounts->list[i], configuration);

		if (file == NULL)
			continue;
		code = se_journal_keep(work->journal, file, false, error);
		if (code == SE_OK)
			code = se_import_write_secret(
				work->plan->identity, file, accounts->list[i].secret, error);
		free(file);
	}
	return code;
}

static enum se_code
write_configuration(const struct work *work, struct se_error *error)
{
	const struct se_import_plan *plan = work->plan;
	const char *path = plan->identity->configuration;
	enum se_code code;

	if (plan->after.len == plan->text.len)
		return SE_OK;
	code = se_journal_keep(work->journal, path, false, error);
	return code == SE_OK ? se_import_write(path, 0644, plan->after.data, plan->after.len, error)
			     : code;
}

static enum se_code
import_tokens(const struct work *work, struct se_error *error)
{
	const struct se_import_accounts *accounts = &work->plan->accounts;
	enum se_code code = SE_OK;

	for (size_t i = 0; code == SE_OK && i < accounts->count; i++) {
		struct se_place place;

		if (accounts->list[i].refresh_token == NULL)
			continue;
		code = se_place_find(work->plan->identity, accounts->list[i].login, &place, error);
		if (code == SE_OK)
			code = se_import_sign_in(&place, &accounts->list[i],
				work->plan->options->replace, work->journal, error);
		se_place_free(&place);
		if (code != SE_OK)
			se_error_about(error, accounts->list[i].login);
	}
	return code;
}

static enum se_code
write_map(const struct work *work, const struct se_import_map *map, struct se_error *error)
{
	const char *path = map->map->file, *compiled = map->map->index;
	enum se_code code = se_journal_keep(work->journal, path, false, error);

	if (code == SE_OK && compiled[0] != '\0')
		code = se_journal_keep(work->journal, compiled, true, error);
	if (code == SE_OK)
		code = se_import_write(path, 0600, map->after.data, map->after.len, error);
	if (code == SE_OK && compiled[0] != '\0')
		code = se_import_postmap(&work->plan->postfix, map->map, error);
	return code;
}

/* Away from where libsasl2 would load it; its copy is in the journal. */
static enum se_code
move_plugins(const struct work *work, struct se_error *error)
{
	enum se_code code = SE_OK;

	for (size_t i = 0; code == SE_OK && i < work->plan->plugin_count; i++) {
		code = se_journal_keep(work->journal, work->plan->plugins[i], false, error);
		if (code == SE_OK)
			code = se_copy_remove(work->plan->plugins[i], error);
	}
	return code;
}

/* There may be several, one a time. */
static enum se_code
note_postfix(const struct work *work, struct se_error *error)
{
	char name[40];

	(void)snprintf(name, sizeof(name), "postfix %zu", se_journal_count(work->journal));
	return se_journal_note(work->journal, name, work->plan->postfix.config.dir, error);
}

static enum se_code
reload_postfixes(struct se_journal *journal, size_t from, size_t to, struct se_error *error)
{
	enum se_code code = SE_OK;
	char name[40];

	for (size_t i = from; code == SE_OK && i <= to; i++) {
		const char *directory;

		(void)snprintf(name, sizeof(name), "postfix %zu", i);
		directory = se_journal_noted(journal, name);
		if (directory != NULL)
			code = se_import_postfix_reload(directory, error);
	}
	return code;
}

static enum se_code
do_all(const struct work *work, struct se_error *error)
{
	const struct se_import_plan *plan = work->plan;
	/* The list is there before the first copy is. */
	enum se_code code = se_journal_begin(work->journal, error);

	if (code == SE_OK && plan->has_postfix)
		code = note_postfix(work, error);
	if (code == SE_OK)
		code = write_secrets(work, error);
	if (code == SE_OK)
		code = write_configuration(work, error);
	if (code == SE_OK)
		code = import_tokens(work, error);
	if (code == SE_OK)
		(void)se_agent_reload(plan->identity);
	for (size_t i = 0; code == SE_OK && i < plan->map_count; i++)
		code = write_map(work, &plan->maps[i], error);
	if (code == SE_OK)
		code = move_plugins(work, error);
	if (code == SE_OK && plan->has_postfix)
		code = se_import_postfix_reload(plan->postfix.config.dir, error);
	return code == SE_OK ? se_journal_finish(work->journal, error) : code;
}

/* What this time has changed. Also lets the agent and Postfix read the old files. *left: sign-ins that stay
 * as they are. */
static enum se_code
put_back(const struct se_identity *identity, struct se_journal *journal, size_t *left,
	struct se_error *error)
{
	const size_t from = se_journal_start(journal), to = se_journal_count(journal);
	struct se_import_putting putting = {.identity = identity};
	enum se_code code = se_journal_undo(journal, se_import_put_sign_in, &putting, error);

	*left = putting.left;
	if (code != SE_OK)
		return code;
	(void)se_agent_reload(identity);
	return reload_postfixes(journal, from, to, error);
}

static void
take_back(struct work *work, struct se_error *error)
{
	struct se_error why = *error, undo;
	size_t left;

	if (put_back(work->plan->identity, work->journal, &left, &undo) == SE_OK)
		(void)se_error_set(error, why.code, "%s. Everything %sis as it was before",
			why.text, left > 0 ? "else " : "");
	else
		(void)se_error_set(error, why.code,
			"%s. Not everything could be put back (%s); when that is "
			"mended: " SE_IMPORT_UNDO,
			why.text, undo.text);
}

static struct se_journal *
open_journal(
	const struct se_identity *identity, enum se_journal_state *state, struct se_error *error)
{
	char *path = se_import_journal_path(identity);
	struct se_journal *journal = NULL;

	if (path == NULL)
		(void)se_error_memory(error);
	else
		journal = se_journal_open(path, state, error);
	free(path);
	return journal;
}

enum se_code
se_import_apply(const struct se_import_plan *plan, struct se_error *error)
{
	struct work work = {.plan = plan};
	enum se_journal_state state;
	enum se_code code;

	work.journal = open_journal(plan->identity, &state, error);
	if (work.journal == NULL)
		return error->code;
	if (state == SE_JOURNAL_BEGUN) {
		code = se_error_set(error, SE_CONFIG,
			"an import was begun and interrupted; take back what it did "
			"first: " SE_IMPORT_UNDO);
	} else {
		code = do_all(&work, error);
		if (code != SE_OK)
			take_back(&work, error);
	}
	se_journal_close(work.journal);
	return code;
}

/* Of what was interrupted it is known what it changed, and nobody has looked at it since: it alone is
 * undone, without a check. What was finished is undone as a whole, where nobody has changed it. */
static enum se_code
choose(struct se_journal *journal, enum se_journal_state state, bool force, struct se_error *error)
{
	enum se_code code = SE_OK;

	if (state == SE_JOURNAL_NONE)
		return se_error_set(error, SE_ABSENT, "there is no import to take back");
	if (state == SE_JOURNAL_BEGUN)
		return SE_OK;
	if (!force)
		code = se_journal_check(journal, error);
	return code == SE_OK ? se_journal_begin_undo(journal, error) : code;
}

enum se_code
se_import_undo(const struct se_identity *identity, bool force, struct se_import_undone *undone,
	struct se_error *error)
{
	enum se_journal_state state;
	struct se_journal *journal = open_journal(identity, &state, error);
	enum se_code code;

	if (journal == NULL)
		return error->code;
	code = choose(journal, state, force, error);
	if (code == SE_OK)
		code = put_back(identity, journal, &undone->left, error);
	undone->earlier = se_journal_count(journal) > 0;
	se_journal_close(journal);
	return code;
}
