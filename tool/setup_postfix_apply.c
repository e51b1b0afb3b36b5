/*
 * A backup is a directory "sasl-entra.DATE" beside the files, with a copy of each file that gets
 * replaced, and in "list" a line for each: its number, "kept" or "new", the type of its table or "-",
 * and its path. What was put back is renamed to "undone.DATE".
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"

#include "tool/run.h"
#include "tool/setup_postfix_parts.h"

#define PREFIX "sasl-entra."
#define LIST "list"

/* --- one file ------------------------------------------------------------------------------------- */

/* The open directory that a file is in; `name` becomes what it is called there. */
static int
open_parent(const char *path, const char **name, struct se_error *error)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');

	*name = slash + 1;
	(void)snprintf(
		parent, sizeof(parent), "%.*s", (int)(slash > path ? slash - path : 1), path);
	return se_directory_open(parent, error);
}

static enum se_code
put(const char *path, const struct se_file_look *look, const struct se_buffer *text,
	struct se_error *error)
{
	const char *name;
	int directory = open_parent(path, &name, error);
	enum se_code code;

	if (directory < 0)
		return error->code;
	code = se_install_file(directory, name, look, se_buffer_text(text), text->len, error);
	close(directory);
	return code;
}

static enum se_code
drop(const char *path, struct se_error *error)
{
	if (unlink(path) == 0 || errno == ENOENT)
		return SE_OK;
	return se_error_set(error, se_code_of_errno(errno), "%s: %s", path, strerror(errno));
}

/* The file that postmap(1) makes of a table. */
static void
drop_made(const char *type, const char *path)
{
	char made[PATH_MAX + 40];

	(void)snprintf(made, sizeof(made), "%s.%s", path,
		strcmp(type, "lmdb") == 0 || strcmp(type, "cdb") == 0 ? type : "db");
	(void)unlink(made);
}

static enum se_code
make_table(const struct se_postfix_plan *plan, const char *type, const char *path,
	struct se_error *error)
{
	char table[PATH_MAX + 40];
	const char *const words[3] = {table, NULL, NULL};

	if (type[0] == '\0' || strcmp(type, "-") == 0 || strcmp(type, "texthash") == 0)
		return SE_OK;
	(void)snprintf(table, sizeof(table), "%s:%s", type, path);
	return se_postfix_program("postmap", plan->directory, words, NULL, error);
}

/* --- the backup ------------------------------------------------------------------------------------ */

static enum se_code
make_backup_directory(struct se_postfix_plan *plan, struct se_error *error)
{
	time_t now = time(NULL);
	struct tm date;

	for (int tries = 0; tries < 10; tries++, now++) {
		char text[32];
		int n;

		if (gmtime_r(&now, &date) == NULL ||
			strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &date) == 0)
			break;
		n = snprintf(plan->backup, sizeof(plan->backup), "%s/" PREFIX "%s", plan->directory,
			text);
		if (n < 0 || (size_t)n >= sizeof(plan->backup) - 8)
			break;
		if (mkdir(plan->backup, 0700) == 0)
			return SE_OK;
		if (errno != EEXIST)
			break;
	}
	return se_error_set(error, se_code_of_errno(errno), "%s: the backup cannot be made: %s",
		plan->backup, strerror(errno));
}

static enum se_code
fill_backup(const struct se_postfix_plan *plan, int directory, struct se_error *error)
{
	const struct se_file_look look = {.uid = geteuid(), .gid = getegid(), .mode = 0600};
	struct se_buffer list;
	enum se_code code = SE_OK;

	se_buffer_init(&list, (size_t)SE_POSTFIX_FILES * (PATH_MAX + 64));
	for (int i = 0; code == SE_OK && i < SE_POSTFIX_FILES; i++) {
		const struct se_postfix_file *file = &plan->file[i];
		char name[8];

		if (!se_postfix_file_changes(file))
			continue;
		(void)snprintf(name, sizeof(name), "%d", i);
		se_buffer_addf(&list, "%d %s %s %s\n", i, file->exists ? "kept" : "new",
			file->type[0] != '\0' ? file->type : "-", file->path);
		if (file->exists)
			code = se_install_file(directory, name, &file->look,
				se_buffer_text(&file->old), file->old.len, error);
	}
	if (code == SE_OK)
		code = list.failed ? se_error_memory(error)
				   : se_install_file(directory, LIST, &look, se_buffer_text(&list),
					     list.len, error);
	se_buffer_free(&list);
	return code;
}

static enum se_code
keep(struct se_postfix_plan *plan, struct se_error *error)
{
	int directory;
	enum se_code code = make_backup_directory(plan, error);

	if (code != SE_OK)
		return code;
	directory = se_directory_open(plan->backup, error);
	if (directory < 0)
		return error->code;
	code = fill_backup(plan, directory, error);
	close(directory);
	return code;
}

/* --- there and back ---------------------------------------------------------------------------------- */

static enum se_code
put_in_place(const struct se_postfix_plan *plan, struct se_error *error)
{
	enum se_code code = SE_OK;

	for (int i = 0; code == SE_OK && i < SE_POSTFIX_FILES; i++) {
		const struct se_postfix_file *file = &plan->file[i];

		if (!se_postfix_file_changes(file))
			continue;
		code = put(file->path, &file->look, &file->text, error);
		if (code == SE_OK)
			code = make_table(plan, file->type, file->path, error);
	}
	return code;
}

/* One line of a backup's list. */
static enum se_code
put_back_line(const struct se_postfix_plan *plan, const char *line, struct se_error *error)
{
	char number[8], state[8], type[32], path[PATH_MAX];
	struct se_postfix_file saved = {.path = ""};
	enum se_code code;

	_Static_assert(PATH_MAX == 4096, "the width below");
	if (sscanf(line, "%7s %7s %31s %4095[^\n]", number, state, type, path) != 4 ||
		path[0] != '/' || number[strspn(number, "0123456789")] != '\0')
		return se_error_set(
			error, SE_CONFIG, "%s/" LIST " is not as setup wrote it", plan->backup);
	if (strcmp(state, "new") == 0) {
		drop_made(type, path);
		return drop(path, error);
	}
	(void)snprintf(saved.path, sizeof(saved.path), "%.4000s/%s", plan->backup, number);
	code = se_postfix_file_load(&saved, error);
	if (code == SE_OK && !saved.exists)
		code = se_error_set(error, SE_CONFIG, "%s is missing", saved.path);
	if (code == SE_OK)
		code = put(path, &saved.look, &saved.old, error);
	if (code == SE_OK)
		code = make_table(plan, type, path, error);
	se_buffer_free(&saved.old);
	se_buffer_free(&saved.text);
	return code;
}

static enum se_code
put_back(const struct se_postfix_plan *plan, struct se_error *error)
{
	struct se_postfix_file list = {.path = ""};
	enum se_code code;
	const char *end;

	(void)snprintf(list.path, sizeof(list.path), "%.4000s/" LIST, plan->backup);
	code = se_postfix_file_load(&list, error);
	if (code == SE_OK && !list.exists)
		code = se_error_set(error, SE_CONFIG, "%s is no complete backup: it has no " LIST,
			plan->backup);
	for (const char *line = se_buffer_text(&list.old); code == SE_OK && *line != '\0';
		line = end + 1) {
		end = strchr(line, '\n');
		if (end == NULL)
			break;
		code = put_back_line(plan, line, error);
	}
	se_buffer_free(&list.old);
	se_buffer_free(&list.text);
	return code;
}

/* What was put back is no backup any more. */
static void
retire(struct se_postfix_plan *plan)
{
	char done[PATH_MAX];
	const char *slash = strrchr(plan->backup, '/');
	int n = snprintf(done, sizeof(done), "%.*s/undone.%s", (int)(slash - plan->backup),
		plan->backup, slash + 1 + strlen(PREFIX));

	if (n > 0 && (size_t)n < sizeof(done) && rename(plan->backup, done) == 0)
		(void)se_copy(plan->backup, sizeof(plan->backup), done);
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

enum se_code
se_postfix_apply(struct se_postfix_plan *plan, struct se_error *error)
{
	static const char *const check[3] = {"check"};
	struct se_error after;
	enum se_code code = keep(plan, error);

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
	if (put_back(plan, &after) != SE_OK) {
		fprintf(stderr, "sasl-entra: %s\nsasl-entra: what was there before is in %s\n",
			after.text, plan->backup);
		return code;
	}
	retire(plan);
	fprintf(stderr, "sasl-entra: everything in %s is as it was before.\n", plan->directory);
	return code;
}

/* The youngest backup; their names sort by date. */
static enum se_code
find_backup(struct se_postfix_plan *plan, struct se_error *error)
{
	char last[256] = "";
	DIR *directory = opendir(plan->directory);
	const struct dirent *entry;

	if (directory == NULL)
		return se_error_set(
			error, se_code_of_errno(errno), "%s: %s", plan->directory, strerror(errno));
	while ((entry = readdir(directory)) != NULL)
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 &&
			strcmp(entry->d_name, last) > 0)
			(void)se_copy(last, sizeof(last), entry->d_name);
	closedir(directory);
	if (last[0] == '\0')
		return se_error_set(error, SE_CONFIG,
			"%s: there is no backup (" PREFIX "DATE): nothing to undo",
			plan->directory);
	(void)snprintf(plan->backup, sizeof(plan->backup), "%.3800s/%s", plan->directory, last);
	return SE_OK;
}

enum se_code
se_postfix_undo(struct se_postfix_plan *plan, struct se_error *error)
{
	enum se_code code = find_backup(plan, error);

	if (code == SE_OK)
		code = put_back(plan, error);
	if (code != SE_OK)
		return code;
	retire(plan);
	plan->changed = plan->applied = true;
	return reload(plan, error);
}
