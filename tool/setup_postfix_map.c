#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tool/setup_postfix_parts.h"

/* --- which table -------------------------------------------------------------------------------- */

/* Tables that postmap(1) makes of a text of lines "KEY VALUE", or that are that text. */
static bool
is_made_of_text(const char *type)
{
	static const char *const known[] = {
		"hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash", NULL};

	for (const char *const *word = known; *word != NULL; word++)
		if (strcmp(type, *word) == 0)
			return true;
	return false;
}

/* "TYPE:PATH", the first of a list. False where it is none whose text could be edited. */
static bool
take_first(const char *list, struct se_postfix_file *file)
{
	size_t len = strcspn(list, ", \t\n");
	const char *colon = memchr(list, ':', len);
	size_t type;

	if (colon == NULL || colon[1] != '/')
		return false;
	type = (size_t)(colon - list);
	if (type >= sizeof(file->type) || len - type - 1 >= sizeof(file->path))
		return false;
	(void)snprintf(file->type, sizeof(file->type), "%.*s", (int)type, list);
	(void)snprintf(file->path, sizeof(file->path), "%.*s", (int)(len - type - 1), colon + 1);
	return is_made_of_text(file->type);
}

/* What this Postfix makes tables of: hash on Debian 12, lmdb where Berkeley DB is gone. */
static enum se_code
choose_type(
	const struct se_postfix_plan *plan, struct se_postfix_file *file, struct se_error *error)
{
	char usual[SE_POSTFIX_VALUE_MAX], all[SE_POSTFIX_VALUE_MAX];
	size_t len;

	if (se_postfix_ask(plan, "-hx", "default_database_type", usual, error) != SE_OK ||
		se_postfix_ask(plan, "-m", NULL, all, error) != SE_OK)
		return error->code;
	(void)se_copy(file->type, sizeof(file->type), "texthash");
	for (const char *line = all; *line != '\0'; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (len == strlen(usual) && strncmp(line, usual, len) == 0 &&
			is_made_of_text(usual))
			(void)se_copy(file->type, sizeof(file->type), usual);
	}
	return SE_OK;
}

enum se_code
se_postfix_map_find(const struct se_postfix_plan *plan, struct se_postfix_file *file,
	const char *ours, char value[SE_POSTFIX_VALUE_MAX], struct se_error *error)
{
	char before[SE_POSTFIX_VALUE_MAX];
	int n;

	(void)se_copy(before, sizeof(before), value);
	if (!take_first(before, file)) {
		if (choose_type(plan, file, error) != SE_OK)
			return error->code;
		n = snprintf(file->path, sizeof(file->path), "%s/%s", plan->directory, ours);
		if (n < 0 || (size_t)n >= sizeof(file->path))
			return se_error_set(error, SE_CONFIG, "%s: too long", plan->directory);
		/* Ours comes first: the first table with the key counts. */
		n = snprintf(value, SE_POSTFIX_VALUE_MAX, "%s:%s%s%s", file->type, file->path,
			before[0] != '\0' ? ", " : "", before);
		if (n < 0 || n >= SE_POSTFIX_VALUE_MAX)
			return se_error_set(error, SE_CONFIG, "the list of tables is too long");
	}
	return se_postfix_file_load(file, error);
}

/* --- one entry of it ------------------------------------------------------------------------------ */

/* A line and those that continue it. */
static size_t
entry_len(const char *text)
{
	size_t len = 0;

	do {
		len += strcspn(text + len, "\n");
		len += text[len] == '\n';
	} while (text[len] == ' ' || text[len] == '\t');
	return len;
}

bool
se_postfix_map_set(
	struct se_postfix_file *file, const char *key, const char *value, const char *enough)
{
	const char *text = se_buffer_text(&file->old);
	struct se_buffer *out = &file->text;
	bool done = false;
	size_t len;

	for (; *text != '\0'; text += len) {
		size_t word = strcspn(text, " \t\n");
		const char *rest = text + word + strspn(text + word, " \t");

		len = entry_len(text);
		if (word != strlen(key) || strncasecmp(text, key, word) != 0) {
			se_buffer_add(out, text, len);
		} else if (!done && strncmp(rest, enough, strlen(enough)) == 0) {
			se_buffer_add(out, text, len);
			done = true;
		} else if (!done) {
			se_buffer_addf(out, "%s\t%s\n", key, value);
			done = true;
		}
	}
	if (!done && out->len > 0 && out->data[out->len - 1] != '\n')
		se_buffer_add_text(out, "\n");
	if (!done)
		se_buffer_addf(out, "%s\t%s\n", key, value);
	return !out->failed;
}
