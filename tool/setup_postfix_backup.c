/*
 * A backup is a directory "sasl-entra.DATE" beside the files, with a copy of each file that gets
 * replaced, and in "list" a line for each: its number, "kept" or "new", the type of its table or "-",
 * and its path; setup_postfix_agent.c may add a record. What was put back is renamed to "undone.DATE".
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

#include "tool/postfix_map.h"
#include "tool/setup_postfix_parts.h"

#define PREFIX "sasl-entra."
#define LIST "list"

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

/* A person may have thought for a while about the plan, and others may have edited meanwhile. */
static enum se_code
check_unchanged(const struct se_postfix_file *file, struct se_error *error)
{
	struct se_postfix_file now = {.path = ""};
	enum se_code code;

	(void)se_copy(now.path, sizeof(now.path), file->path);
	code = se_postfix_file_load(&now, error);
	if (code == SE_OK && (now.exists != file->exists || now.old.len != file->old.len ||
				     memcmp(se_buffer_text(&now.old), se_buffer_text(&file->old),
					     now.old.len) != 0))
		code = se_error_set(error, SE_AGAIN,
			"%s was changed by somebody else meanwhile; nothing was done: try again",
			file->path);
	se_buffer_free(&now.old);
	se_buffer_free(&now.text);
	return code;
}

/* It must outlast a crash better than what replaces its originals. */
static enum se_code
sync_name(const struct se_postfix_plan *plan, struct se_error *error)
{
	int directory = se_directory_open(plan->directory, error);
	enum se_code code = directory >= 0 ? SE_OK : error->code;

	if (directory >= 0 && !se_directory_sync(directory))
		code = se_error_set(
			error, se_code_of_errno(errno), "%s: %s", plan->directory, strerror(errno));
	if (directory >= 0)
		close(directory);
	return code;
}

/* One that is not complete would be in the way of those before it. */
static void
discard(const struct se_postfix_plan *plan, int directory)
{
	(void)unlinkat(directory, SE_INSTALL_TEMPORARY, 0);
	(void)unlinkat(directory, LIST, 0);
	for (int i = 0; i < SE_POSTFIX_FILES; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "%d", i);
		(void)unlinkat(directory, name, 0);
	}
	(void)rmdir(plan->backup);
}

enum se_code
se_postfix_keep(struct se_postfix_plan *plan, struct se_error *error)
{
	int directory;
	enum se_code code = SE_OK;

	for (int i = 0; code == SE_OK && i < SE_POSTFIX_FILES; i++)
		if (se_postfix_file_changes(&plan->file[i]))
			code = check_unchanged(&plan->file[i], error);
	if (code == SE_OK)
		code = make_backup_directory(plan, error);
	if (code != SE_OK)
		return code;
	directory = se_directory_open(plan->backup, error);
	if (directory < 0) {
		(void)rmdir(plan->backup);
		return error->code;
	}
	code = fill_backup(plan, directory, error);
	if (code == SE_OK)
		code = sync_name(plan, error);
	if (code != SE_OK)
		discard(plan, directory);
	close(directory);
	return code;
}

/* --- there and back ---------------------------------------------------------------------------------- */

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
	const char *suffix = se_postfix_map_suffix(type);
	char made[PATH_MAX + 40];

	if (suffix == NULL)
		return;
	(void)snprintf(made, sizeof(made), "%s%s", path, suffix);
	(void)unlink(made);
}

/* Somebody may have gone on with what setup wrote: that is kept, too, as "0.undone". */
static enum se_code
keep_replaced(const struct se_postfix_plan *plan, const char *number, const char *path,
	struct se_error *error)
{
	struct se_postfix_file now = {.path = ""};
	char copy[PATH_MAX];
	enum se_code code;

	(void)se_copy(now.path, sizeof(now.path), path);
	(void)snprintf(copy, sizeof(copy), "%.4000s/%s.undone", plan->backup, number);
	code = se_postfix_file_load(&now, error);
	if (code == SE_OK && now.exists)
		code = se_postfix_file_put(copy, &now.look, &now.old, error);
	se_buffer_free(&now.old);
	se_buffer_free(&now.text);
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
	code = keep_replaced(plan, number, path, error);
	if (code != SE_OK)
		return code;
	if (strcmp(state, "new") == 0) {
		drop_made(type, path);
		return drop(path, error);
	}
	(void)snprintf(saved.path, sizeof(saved.path), "%.4000s/%s", plan->backup, number);
	code = se_postfix_file_load(&saved, error);
	if (code == SE_OK && !saved.exists)
		code = se_error_set(error, SE_CONFIG, "%s is missing", saved.path);
	if (code == SE_OK)
		code = se_postfix_file_put(path, &saved.look, &saved.old, error);
	if (code == SE_OK)
		code = se_postfix_file_make(plan, type, path, error);
	se_buffer_free(&saved.old);
	se_buffer_free(&saved.text);
	return code;
}

enum se_code
se_postfix_put_back(const struct se_postfix_plan *plan, struct se_error *error)
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
void
se_postfix_retire(struct se_postfix_plan *plan)
{
	char done[PATH_MAX];
	const char *slash = strrchr(plan->backup, '/');
	int n = snprintf(done, sizeof(done), "%.*s/undone.%s", (int)(slash - plan->backup),
		plan->backup, slash + 1 + strlen(PREFIX));

	if (n > 0 && (size_t)n < sizeof(done) && rename(plan->backup, done) == 0)
		(void)se_copy(plan->backup, sizeof(plan->backup), done);
}

/* What a crash left before anything was changed has no list. */
static bool
is_backup(int directory, const char *name)
{
	char list[300];
	struct stat found;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 ||
		snprintf(list, sizeof(list), "%s/" LIST, name) >= (int)sizeof(list))
		return false;
	return fstatat(directory, list, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Their names sort by date. */
enum se_code
se_postfix_find_backup(const char *in, char backup[PATH_MAX], struct se_error *error)
{
	char last[256] = "";
	DIR *directory = opendir(in);
	const struct dirent *entry;

	if (directory == NULL)
		return se_error_set(error, se_code_of_errno(errno), "%s: %s", in, strerror(errno));
	while ((entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, last) > 0 && is_backup(dirfd(directory), entry->d_name))
			(void)se_copy(last, sizeof(last), entry->d_name);
	closedir(directory);
	if (last[0] == '\0')
		return se_error_set(error, SE_CONFIG,
			"%s: there is no backup (" PREFIX "DATE): nothing to undo", in);
	(void)snprintf(backup, PATH_MAX, "%.3800s/%s", in, last);
	return SE_OK;
}
