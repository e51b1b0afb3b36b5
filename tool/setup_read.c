#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool/setup.h"

/* A link is somebody's way to keep the file elsewhere: it would be replaced. */
static enum se_code
judge_link(const char *path, bool *exists, struct se_error *error)
{
	struct stat found;

	*exists = lstat(path, &found) == 0;
	if (!*exists && errno != ENOENT)
		return se_error_set(
			error, se_code_of_errno(errno), "%s: %s", path, strerror(errno));
	if (*exists && S_ISLNK(found.st_mode))
		return se_error_set(error, SE_CONFIG,
			"%s is a symbolic link, and would be replaced; name the file that it leads "
			"to with --config",
			path);
	return SE_OK;
}

/* What is wrong already is not written over: it would not be known what was meant. */
static enum se_code
judge_old(const struct se_setup *setup, struct se_error *error)
{
	const char *path = setup->command->identity.configuration;
	struct se_config *config = NULL;
	enum se_code code;

	if (!setup->exists)
		return SE_OK;
	code = se_config_parse(
		se_buffer_text(&setup->old), setup->old.len, path, &config, NULL, error);
	se_config_free(config);
	if (code == SE_CONFIG) {
		struct se_error first = *error;

		(void)se_error_set(error, SE_CONFIG,
			"%s; nothing was changed: set that right first (sasl-entra check says all "
			"that is wrong)",
			first.text);
	}
	return code;
}

enum se_code
se_setup_read(struct se_setup *setup, struct se_error *error)
{
	const char *path = setup->command->identity.configuration;
	enum se_code code = judge_link(path, &setup->exists, error);

	if (code == SE_OK && setup->exists)
		code = se_file_read(path, SE_FILE_CONFIG, &setup->old, &setup->id, error);
	if (code == SE_OK)
		code = judge_old(setup, error);
	for (int key = 0; code == SE_OK && key < SE_KEY_COUNT; key++) {
		setup->before[key] =
			se_setup_text_value(&setup->old, setup->label, (enum se_key)key);
		setup->defaults[key] = se_setup_text_value(&setup->old, NULL, (enum se_key)key);
	}
	return code;
}

const char *
se_setup_value(const struct se_setup *setup, enum se_key key)
{
	if (setup->value[key] != NULL)
		return setup->value[key];
	return setup->before[key] != NULL ? setup->before[key] : setup->defaults[key];
}
