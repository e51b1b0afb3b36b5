#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/import_postfix.h"
#include "tool/run.h"

enum { VALUE_MAX = 65536 };

static enum se_code
value(const char *directory, const char *name, char **found, struct se_error *error)
{
	const char *argv[7] = {"postconf"};
	struct se_buffer out, errors;
	struct se_run run = {.argv = argv, .output = &out, .errors = &errors};
	int status = 0;
	size_t n = 1;
	enum se_code code;

	if (directory != NULL) {
		argv[n++] = "-c";
		argv[n++] = directory;
	}
	argv[n++] = "-xh";
	argv[n++] = name;
	se_buffer_init(&out, VALUE_MAX);
	se_buffer_init(&errors, VALUE_MAX);
	code = se_run(&run, &status, error);
	if (code == SE_OK && status != 0)
		code = se_error_set(error, SE_CONFIG, "postconf %s ended with %d: %s", name, status,
			se_buffer_text(&errors));
	se_buffer_drop_line_end(&out);
	*found = code == SE_OK ? strdup(se_buffer_text(&out)) : NULL;
	if (code == SE_OK && *found == NULL)
		code = se_error_memory(error);
	se_buffer_free(&out);
	se_buffer_free(&errors);
	return code;
}

static enum se_code
split_maps(struct se_import_postfix *postfix, const char *text, struct se_error *error)
{
	size_t n = 0;

	while (*(text += strspn(text, ", \t\n")) != '\0' && n < SE_IMPORT_MAPS_MAX) {
		size_t len = strcspn(text, ", \t\n");
		const char *proxy = "proxy:";

		if (strncmp(text, proxy, strlen(proxy)) == 0) {
			text += strlen(proxy);
			len -= strlen(proxy);
		}
		postfix->maps[n] = strndup(text, len);
		if (postfix->maps[n++] == NULL)
			return se_error_memory(error);
		text += len;
	}
	return SE_OK;
}

enum se_code
se_import_postfix_read(
	const char *directory, struct se_import_postfix *postfix, struct se_error *error)
{
	char *maps = NULL;
	enum se_code code = value(directory, "config_directory", &postfix->directory, error);

	if (code == SE_OK)
		code = value(directory, "queue_directory", &postfix->queue, error);
	if (code == SE_OK)
		code = value(directory, "relayhost", &postfix->relayhost, error);
	if (code == SE_OK)
		code = value(directory, "smtp_sasl_password_maps", &maps, error);
	if (code == SE_OK)
		code = split_maps(postfix, maps, error);
	free(maps);
	return code;
}

void
se_import_postfix_free(struct se_import_postfix *postfix)
{
	free(postfix->directory);
	free(postfix->queue);
	free(postfix->relayhost);
	for (size_t i = 0; postfix->maps[i] != NULL; i++)
		free(postfix->maps[i]);
	memset(postfix, 0, sizeof(*postfix));
}

static const struct {
	const char *type, *ending;
} types[] = {{"hash:", ".db"}, {"btree:", ".db"}, {"lmdb:", ".lmdb"}, {"cdb:", ".cdb"},
	{"texthash:", NULL}, {NULL, NULL}};

const char *
se_import_map_text(const char *map)
{
	for (size_t i = 0; types[i].type != NULL; i++)
		if (strncmp(map, types[i].type, strlen(types[i].type)) == 0)
			return map + strlen(types[i].type);
	return NULL;
}

char *
se_import_map_compiled(const char *map)
{
	char path[4096];

	for (size_t i = 0; types[i].type != NULL; i++)
		if (types[i].ending != NULL &&
			strncmp(map, types[i].type, strlen(types[i].type)) == 0) {
			(void)snprintf(path, sizeof(path), "%s%s", map + strlen(types[i].type),
				types[i].ending);
			return strdup(path);
		}
	return NULL;
}

static enum se_code
postfix_command(const char *const *argv, struct se_error *error)
{
	struct se_buffer errors;
	const struct se_run run = {.argv = argv, .errors = &errors};
	int status = 0;
	enum se_code code;

	se_buffer_init(&errors, VALUE_MAX);
	code = se_run(&run, &status, error);
	if (code == SE_OK && status != 0)
		code = se_error_set(error, SE_CONFIG, "%s %s ended with %d: %s", argv[0], argv[3],
			status, se_buffer_text(&errors));
	se_buffer_free(&errors);
	return code;
}

enum se_code
se_import_postmap(const struct se_import_postfix *postfix, const char *map, struct se_error *error)
{
	const char *const argv[] = {"postmap", "-c", postfix->directory, map, NULL};

	return postfix_command(argv, error);
}

enum se_code
se_import_postfix_reload(const char *directory, bool *ran, struct se_error *error)
{
	const char *const status[] = {"postfix", "-c", directory, "status", NULL};
	const char *const reload[] = {"postfix", "-c", directory, "reload", NULL};

	*ran = postfix_command(status, NULL) == SE_OK;
	return *ran ? postfix_command(reload, error) : SE_OK;
}
