/*
 * import_postfix: what of a Postfix an import changes: the password maps of its smtp(8), and that it
 * reads them anew.
 */
#ifndef SE_TOOL_IMPORT_POSTFIX_H
#define SE_TOOL_IMPORT_POSTFIX_H

#include <stdbool.h>

#include "core/error.h"

#include "tool/postfix_config.h"
#include "tool/postfix_map.h"

enum { SE_IMPORT_MAPS_MAX = 64 };

struct se_import_postfix {
	struct se_postfix config;
	struct se_postfix_map maps[SE_IMPORT_MAPS_MAX];
	size_t map_count;
};

/* SE_ABSENT: there is no Postfix. SE_CONFIG: it has more maps than are looked at, among others.
 * `directory` may be NULL. */
enum se_code se_import_postfix_read(
	const char *directory, struct se_import_postfix *postfix, struct se_error *error);
void se_import_postfix_free(struct se_import_postfix *postfix);

/* Whether it has a text file of lines KEY VALUE, and postmap(1) makes at most one file of it. */
bool se_import_map_has_text(const struct se_postfix_map *map);

/* Compiles the map anew. */
enum se_code se_import_postmap(const struct se_import_postfix *postfix,
	const struct se_postfix_map *map, struct se_error *error);

/* Lets a Postfix that runs read all anew. */
enum se_code se_import_postfix_reload(const char *directory, struct se_error *error);

#endif
