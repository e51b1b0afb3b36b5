/*
 * import_map: the text of a password map of Postfix (postmap(1)), and the entries in it that name a
 * token file: KEY LOGIN:/PATH.
 */
#ifndef SE_TOOL_IMPORT_MAP_H
#define SE_TOOL_IMPORT_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"

struct se_map_entry {
	const char *key, *login, *path; /* into the text, not ended by a NUL */
	size_t key_len, login_len, path_len;
};

/* The next entry at or after *at, which is moved behind it; false at the end. */
bool se_map_next(const char **at, struct se_map_entry *entry);

/* The text with "oauth" in place of every path, all else as it was. */
bool se_map_rewrite(const char *text, struct se_buffer *out);

/* The host of "[HOST]:PORT" or HOST:PORT, a copy; NULL where the key is an address or domain with @. */
char *se_map_host(const char *key, size_t len);

#endif
