#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"

#include "tool/directory_lock.h"
#include "tool/setup_postfix_parts.h"

/* --- one file ------------------------------------------------------------------------------------- */

enum se_code
se_postfix_file_put(const char *path, const struct se_file_look *look, const struct se_buffer *text,
	struct se_error *error)
{
	const char *name;
	int directory = se_install_open_parent(path, &name, error);
	enum se_code code;

	if (directory < 0)
		return error->code;
	code = se_install_file(directory, name, look, se_buffer_text(text), text->len, error);
	close(directory);
	return code;
}

enum se_code
se_postfix_file_make(const struct se_postfix_plan *plan, const char *type, const char *path,
	struct se_error *error)
{
	char table[PATH_MAX + 40];
	const char *const words[3] = {table, NULL, NULL};

	if (type[0] == '\0' || strcmp(type, "-") == 0 || strcmp(type, "texthash") == 0)
		return SE_OK;
	(void)snprintf(table, sizeof(table), "%s:%s", type, path);
	return se_postfix_program("postmap", plan->directory, words, NULL, error);
}

/* --- all of them ---------------------------------------------------------------------- */

static enum se_code
put_in_place(const struct se_postfix_plan *plan, struct se_error *error)
{
	enum se_code code = SE_OK;

	for (int i = 0; code == SE_OK && i < SE_POSTFIX_FILES; i++) {
		const struct se_postfix_file *file = &plan->file[i];

		if (!se_postfix_file_changes(file))
			continue;
		code = se_postfix_file_put(file->path, &file->look, &file->text, error);
		if (code == SE_OK)
			code = se_postfix_file_make(plan, file->type, file->path, error);
	}
	return code;
}

/* Postfix takes up what it reads anew; one that does not run has nothing to take up. */
static enum se_code
reload(const struct se_postfix_plan *plan, struct se_error *error)
{
	static const char *const status[3] = {"status"}, *const again[3] = {"reload"};

	if (se_postfix_program("postfix", plan->directory, status, NULL, error) != SE_OK) {
		se_error_clear(error);
		return SE_OK;
	}
	return se_postfix_program("postfix", plan->directory, again, NULL, error);
}

/* Keeps, replaces, and puts back what Postfix does not like. */
static enum se_code
change(struct se_postfix_plan *plan, struct se_error *error)
{
	static const char *const check[3] = {"check"};
	struct se_error after;
	enum se_code code = se_postfix_keep(plan, error);

	if (code != SE_OK)
		return code;
	code = put_in_place(plan, error);
	if (code == SE_OK)
		code = se_postfix_program("postfix", plan->directory, check, NULL, error);
	if (code == SE_OK) {
		plan->applied = true;
		return reload(plan, error);
	}
	se_error_clear(&after);
	if (se_postfix_put_back(plan, &after) != SE_OK) {
		fprintf(stderr, "sasl-entra: %s\nsasl-entra: what was there before is in %s\n",
			after.text, plan->backup);
		return code;
	}
	se_postfix_retire(plan);
	fprintf(stderr, "sasl-entra: everything in %s is as it was before.\n", plan->directory);
	return code;
}

/* Puts back what the youngest backup has; without that where nothing shall be changed. */
static enum se_code
change_back(struct se_postfix_plan *plan, struct se_error *error)
{
	enum se_code socket, code = se_postfix_find_backup(plan->directory, plan->backup, error);
	struct se_error socket_error;

	plan->changed = code == SE_OK;
	if (code != SE_OK || plan->wish->dry_run)
		return code;
	code = se_postfix_put_back(plan, error);
	if (code != SE_OK)
		return code;
	se_postfix_retire(plan);
	plan->applied = true;
	/* Both, whatever the other says: the backup is retired, and nobody comes back for the rest. */
	se_error_clear(&socket_error);
	socket = se_postfix_stop_agent(plan, &socket_error);
	code = reload(plan, error);
	if (code == SE_OK && socket != SE_OK)
		code = se_error_set(error, socket, "%s", socket_error.text);
	return code;
}

static enum se_code
alone(struct se_postfix_plan *plan,
	enum se_code (*act)(struct se_postfix_plan *plan, struct se_error *error),
	struct se_error *error)
{
	const int lock = se_directory_lock_of(plan->file[SE_POSTFIX_MAIN].path, error);
	enum se_code code = lock >= 0 ? act(plan, error) : error->code;

	if (lock >= 0)
		close(lock);
	return code;
}

enum se_code
se_postfix_apply(struct se_postfix_plan *plan, struct se_error *error)
{
	return alone(plan, change, error);
}

enum se_code
se_postfix_undo(struct se_postfix_plan *plan, struct se_error *error)
{
	return alone(plan, change_back, error);
}
