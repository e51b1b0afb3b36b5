/*
 * difference: what would change in a file, for a person to judge before it changes.
 */
#ifndef SE_TOOL_DIFFERENCE_H
#define SE_TOOL_DIFFERENCE_H

#include <stddef.h>

#include "core/buffer.h"
#include "core/error.h"

/* Appends a unified difference between the file (which need not exist) and the new text, as diff(1)
 * makes it; nothing when they are the same. The file must hold no secret. */
enum se_code se_difference(const char *path, const char *text, size_t len, struct se_buffer *out,
	struct se_error *error);

#endif
