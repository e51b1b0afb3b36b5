#include <string.h>

#include "tool/import_postfix.h"

enum { MESSAGES_MAX = 65536 };

enum se_code
se_import_postfix_read(
	const char *directory, struct se_import_postfix *postfix, struct se_error *error)
{
	enum se_code code = se_postfix_read(directory, &postfix->config, error);
	struct se_postfix_map beyond;
	const char *list;

	if (code != SE_OK)
		return code;
	list = se_postfix_get(&postfix->config, "smtp_sasl_password_maps");
	while (postfix->map_count < SE_IMPORT_MAPS_MAX &&
		se_postfix_next_map(&postfix->config, &list, &postfix->maps[postfix->map_count]))
		postfix->map_count++;
	/* An entry in it may name a token file, and the plugin that reads it would be gone. */
	if (se_postfix_next_map(&postfix->config, &list, &beyond))
		return se_error_set(error, SE_CONFIG,
			"%s/main.cf: smtp_sasl_password_maps names more than %d maps, and %s with "
			"all "
			"after it would not be looked at; put several of them together in one file",
			postfix->config.dir, SE_IMPORT_MAPS_MAX, beyond.name);
	return SE_OK;
}

void
se_import_postfix_free(struct se_import_postfix *postfix)
{
	se_postfix_free(&postfix->config);
	postfix->map_count = 0;
}

bool
se_import_map_has_text(const struct se_postfix_map *map)
{
	static const char *const types[] = {"hash", "btree", "lmdb", "cdb", "texthash", NULL};

	for (const char *const *type = types; *type != NULL; type++)
		if (strcmp(map->type, *type) == 0)
			return true;
	return false;
}

static enum se_code
run(const char *const *argv, struct se_error *error)
{
	struct se_buffer unused;
	int status = 0;
	enum se_code code;

	se_buffer_init(&unused, MESSAGES_MAX);
	code = se_postfix_run(argv, &unused, &status, error);
	if (code == SE_OK && status != 0) {
		code = SE_CONFIG;
		if (error->text[0] == '\0')
			(void)se_error_set(error, code, "%s ended with %d", argv[0], status);
	}
	se_buffer_free(&unused);
	return code;
}

enum se_code
se_import_postmap(const struct se_import_postfix *postfix, const struct se_postfix_map *map,
	struct se_error *error)
{
	const char *const argv[] = {"postmap", "-c", postfix->config.dir, map->name, NULL};

	return run(argv, error);
}

enum se_code
se_import_postfix_reload(const char *directory, struct se_error *error)
{
	const char *const status[] = {"postfix", "-c", directory, "status", NULL};
	const char *const reload[] = {"postfix", "-c", directory, "reload", NULL};
	struct se_error unused;

	return run(status, &unused) == SE_OK ? run(reload, error) : SE_OK;
}
