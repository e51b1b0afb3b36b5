#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"

#include "tool/setup_postfix_parts.h"

#define PLACE "/tmp/sasl-entra.XXXXXX"

static const struct {
	enum se_postfix_file_id id;
	const char *name;
} staged[] = {{SE_POSTFIX_MAIN, "main.cf"}, {SE_POSTFIX_MASTER, "master.cf"}};

enum { STAGED = sizeof(staged) / sizeof(staged[0]) };

static enum se_code
copy(const struct se_postfix_plan *plan, const char *place, struct se_error *error)
{
	enum se_code code = SE_OK;
	int directory = se_directory_open(place, error);

	if (directory < 0)
		return error->code;
	for (size_t i = 0; code == SE_OK && i < STAGED; i++) {
		const struct se_postfix_file *file = &plan->file[staged[i].id];

		code = se_file_replace(directory, staged[i].name, se_buffer_text(&file->old),
			file->old.len, error);
	}
	close(directory);
	return code;
}

static enum se_code
edit(const struct se_postfix_plan *plan, const char *place, struct se_error *error)
{
	enum se_code code = SE_OK;

	for (size_t i = 0; code == SE_OK && i < plan->change_count; i++) {
		const struct se_postfix_change *change = &plan->change[i];
		const char *const words[3] = {change->option, change->text, NULL};

		code = se_postfix_program("postconf", place, words, NULL, error);
	}
	return code;
}

static enum se_code
read_back(struct se_postfix_plan *plan, const char *place, struct se_error *error)
{
	enum se_code code = SE_OK;

	for (size_t i = 0; code == SE_OK && i < STAGED; i++) {
		char path[sizeof(PLACE) + 16];

		(void)snprintf(path, sizeof(path), "%s/%s", place, staged[i].name);
		code = se_file_read(
			path, SE_FILE_CONFIG, &plan->file[staged[i].id].text, NULL, error);
	}
	return code;
}

static void
clear_away(const char *place)
{
	int directory = open(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (directory >= 0) {
		for (size_t i = 0; i < STAGED; i++)
			(void)unlinkat(directory, staged[i].name, 0);
		close(directory);
	}
	(void)rmdir(place);
}

bool
se_postfix_file_changes(const struct se_postfix_file *file)
{
	return file->path[0] != '\0' &&
	       (!file->exists || file->old.len != file->text.len ||
		       memcmp(se_buffer_text(&file->old), se_buffer_text(&file->text),
			       file->old.len) != 0);
}

enum se_code
se_postfix_stage(struct se_postfix_plan *plan, struct se_error *error)
{
	char place[] = PLACE;
	enum se_code code;

	if (mkdtemp(place) == NULL)
		return se_error_set(
			error, se_code_of_errno(errno), "%s: %s", place, strerror(errno));
	code = copy(plan, place, error);
	if (code == SE_OK)
		code = edit(plan, place, error);
	if (code == SE_OK)
		code = read_back(plan, place, error);
	clear_away(place);
	for (size_t i = 0; code == SE_OK && i < SE_POSTFIX_FILES; i++)
		plan->changed = plan->changed || se_postfix_file_changes(&plan->file[i]);
	return code;
}
