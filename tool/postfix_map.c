#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/source.h"

#include "tool/postfix_map.h"

#define SEPARATORS ", \t\r\n"

/* What postmap(1) writes for a source, by type. */
static const struct {
	const char *type, *suffix;
} indexed[] = {
	{"hash", ".db"},
	{"btree", ".db"},
	{"lmdb", ".lmdb"},
	{"cdb", ".cdb"},
	{"dbm", ".pag"},
	{"sdbm", ".pag"},
};

/* Those that read a text file themselves. */
static const char *const plain[] = {"texthash", "regexp", "pcre", "cidr"};

bool
se_postfix_word(const char **list, char word[SE_POSTFIX_WORD_MAX])
{
	size_t len = 0;
	int depth = 0;

	*list += strspn(*list, SEPARATORS);
	for (; **list != '\0' && (depth > 0 || strchr(SEPARATORS, **list) == NULL); ++*list) {
		depth += **list == '{';
		depth -= **list == '}';
		if (len < SE_POSTFIX_WORD_MAX - 1)
			word[len++] = **list;
	}
	word[len] = '\0';
	return len > 0;
}

bool
se_postfix_list_has(const char *list, const char *word)
{
	char next[SE_POSTFIX_WORD_MAX];

	while (se_postfix_word(&list, next))
		if (strcasecmp(next, word) == 0)
			return true;
	return false;
}

const char *
se_postfix_map_suffix(const char *type)
{
	for (size_t i = 0; i < sizeof(indexed) / sizeof(indexed[0]); i++)
		if (strcmp(type, indexed[i].type) == 0)
			return indexed[i].suffix;
	return NULL;
}

static void
find_files(struct se_postfix_map *map, const char *rest)
{
	const char *suffix = se_postfix_map_suffix(map->type);

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(map->type, plain[i]) == 0)
			map->file = rest;
	if (suffix == NULL)
		return;
	map->file = rest;
	(void)snprintf(map->index, sizeof(map->index), "%s%s", rest, suffix);
}

bool
se_postfix_next_map(const struct se_postfix *postfix, const char **list, struct se_postfix_map *map)
{
	char word[SE_POSTFIX_WORD_MAX] = "";
	const char *start = word;
	size_t len;

	memset(map, 0, sizeof(*map));
	if (!se_postfix_word(list, word))
		return false;
	if (strncmp(start, "proxy:", strlen("proxy:")) == 0)
		start += strlen("proxy:");
	if (start[0] == '/')
		(void)snprintf(map->name, sizeof(map->name), "%.30s:%.4000s",
			se_postfix_get(postfix, "default_database_type"), start);
	else
		(void)se_copy(map->name, sizeof(map->name), start);
	len = strcspn(map->name, ":");
	if (len < sizeof(map->type) && map->name[len] == ':') {
		memcpy(map->type, map->name, len);
		find_files(map, map->name + len + 1);
	}
	return true;
}

enum se_code
se_postfix_map_get(const struct se_postfix *postfix, const struct se_postfix_map *map,
	const char *key, struct se_buffer *value, struct se_error *error)
{
	const char *const argv[] = {"postmap", "-c", postfix->dir, "-q", key, map->name, NULL};
	struct se_error own;
	enum se_code code;
	int status = 0;

	if (error == NULL)
		error = &own;
	se_buffer_reset(value);
	/* "-" would mean what stdin has. */
	if (key[0] == '\0' || strcmp(key, "-") == 0)
		return se_error_set(error, SE_ABSENT, "no map has the key \"%s\"", key);
	code = se_postfix_run(argv, value, &status, error);
	if (code == SE_OK && status != 0)
		return error->text[0] != '\0' ? SE_CONFIG
					      : se_error_set(error, SE_ABSENT,
							"%s has no entry for %s", map->name, key);
	se_buffer_drop_line_end(value);
	return code;
}

enum se_code
se_postfix_maps_get(const struct se_postfix *postfix, const char *maps, const char *key,
	struct se_buffer *value, struct se_error *error)
{
	struct se_postfix_map map;
	enum se_code code = se_error_set(error, SE_ABSENT, "there is no map");

	while (code == SE_ABSENT && se_postfix_next_map(postfix, &maps, &map))
		code = se_postfix_map_get(postfix, &map, key, value, error);
	return code;
}

enum se_code
se_postfix_map_all(const struct se_postfix *postfix, const struct se_postfix_map *map,
	struct se_buffer *entries, struct se_error *error)
{
	const char *const argv[] = {"postmap", "-c", postfix->dir, "-s", map->name, NULL};
	int status = 0;
	const enum se_code code = se_postfix_run(argv, entries, &status, error);

	if (code == SE_OK && status != 0)
		return SE_CONFIG;
	return code;
}
