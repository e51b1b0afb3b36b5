/*
 * output: what a verb prints on stdout: gathered in a buffer that wipes itself, written at once.
 */
#ifndef SE_TOOL_OUTPUT_H
#define SE_TOOL_OUTPUT_H

#include <stdbool.h>

#include "core/buffer.h"

enum { SE_OUTPUT_MAX = 16 << 20 };

/* Appends `text` as a JSON string, or null for NULL. What is no UTF-8 becomes U+FFFD. */
void se_output_json(struct se_buffer *out, const char *text);

/* A copy in which control characters but the ends of lines are '?'; NULL when memory ran out. */
char *se_output_clean(const char *text);

/* Writes everything to stdout. Returns an exit code; says on stderr when it could not, or when
 * the buffer had failed before. */
int se_output_write(const struct se_buffer *out);

#endif
