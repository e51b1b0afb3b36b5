/*
 * postfix_map: lists as Postfix writes them, and what is in its maps.
 */
#ifndef SE_TOOL_POSTFIX_MAP_H
#define SE_TOOL_POSTFIX_MAP_H

#include <limits.h>
#include <stdbool.h>

#include "tool/postfix_config.h"

enum { SE_POSTFIX_WORD_MAX = 4096 };

/* The next word of a list that commas or white space separate; { } keep together. False at its end. */
bool se_postfix_word(const char **list, char word[SE_POSTFIX_WORD_MAX]);

/* Whether the list has the word; case is ignored. */
bool se_postfix_list_has(const char *list, const char *word);

/* One of a list of maps. */
struct se_postfix_map {
	char name
		[SE_POSTFIX_WORD_MAX]; /* "hash:/etc/postfix/sasl_passwd": as postmap(1) takes it, without
	                         "proxy:", and with the default type where none is written */
	char type[32];
	const char *file;     /* in `name`; NULL: it has no file (inline:, static:, ldap: ...) */
	char index[PATH_MAX]; /* what postmap(1) makes of `file`; "": nothing */
};

/* What postmap(1) appends to the name of a table's text, ".db"; NULL where it makes no file. */
const char *se_postfix_map_suffix(const char *type);

/* False at the end of the list. */
bool se_postfix_next_map(
	const struct se_postfix *postfix, const char **list, struct se_postfix_map *map);

/* SE_OK: its value is in `value`, reset before, which may be a secret. SE_ABSENT: the map has no such
 * key. SE_CONFIG: it cannot be read, in words of Postfix. */
enum se_code se_postfix_map_get(const struct se_postfix *postfix, const struct se_postfix_map *map,
	const char *key, struct se_buffer *value, struct se_error *error);

/* The first that any map of the list has. */
enum se_code se_postfix_maps_get(const struct se_postfix *postfix, const char *maps,
	const char *key, struct se_buffer *value, struct se_error *error);

/* Every entry, a line each: the key, a tab, the value. SE_CONFIG where its type cannot list them. */
enum se_code se_postfix_map_all(const struct se_postfix *postfix, const struct se_postfix_map *map,
	struct se_buffer *entries, struct se_error *error);

#endif
