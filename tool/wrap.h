/*
 * wrap: a sentence on lines of a given width.
 */
#ifndef SE_TOOL_WRAP_H
#define SE_TOOL_WRAP_H

#include <stddef.h>

#include "core/buffer.h"

/* Appends the text; where a line would pass `width` columns (0: never) it is broken at a space and the
 * next one begins after `indent` spaces. The cursor stands at `indent` before. A word that is too
 * long for a line is not broken: it may be a path to copy. */
void se_wrap(const char *text, size_t len, unsigned indent, unsigned width, struct se_buffer *out);

#endif
