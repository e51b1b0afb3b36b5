/*
 * import_file: another program's JSON file. It may belong to that program's user, who is not
 * trusted: it is no link, bounded, and nothing of it is ever shown.
 */
#ifndef SE_TOOL_IMPORT_FILE_H
#define SE_TOOL_IMPORT_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "core/buffer.h"
#include "core/error.h"
#include "engine/json.h"

enum { SE_IMPORT_FILE_MAX = 128 * 1024 };

/* Reads a regular file of at most `out->max` bytes. SE_ABSENT: there is none; SE_CONFIG with a
 * sentence that names it: it is a link, no file, or too large. `found` may be NULL. */
enum se_code se_import_bytes(
	const char *path, struct se_buffer *out, struct stat *found, struct se_error *error);

/* The JSON object that the file holds, for se_json_free(). `text` may be NULL; else it is what has
 * been read of `path` already. */
enum se_code se_import_json(const char *path, const struct se_buffer *text, struct se_json **json,
	struct stat *found, struct se_error *error);

#endif
