/*
 * setup_text: one account's section in the text of a configuration, with all the rest kept byte for
 * byte. The text has been judged before: it is a right configuration, or empty.
 */
#ifndef SE_TOOL_SETUP_TEXT_H
#define SE_TOOL_SETUP_TEXT_H

#include <stdbool.h>

#include "core/buffer.h"
#include "engine/keys.h"

/* What becomes of each key of the section. */
struct se_setup_values {
	const char *text[SE_KEY_COUNT]; /* NULL: as it is */
	bool gone[SE_KEY_COUNT];        /* its line is taken out */
};

/* The value of a key as it stands in [account LABEL], or in [defaults] where `label` is NULL: a copy
 * that the caller frees; NULL where there is none, or with memory run out. */
char *se_setup_text_value(const struct se_buffer *text, const char *label, enum se_key key);

/* Whether there is [account LABEL]. */
bool se_setup_text_has(const struct se_buffer *text, const char *label);

/* Appends the text with that section changed: a line whose value is the same stays as it is, comments
 * and other keys too. A section that is not there is added at the end. False when memory ran out. */
bool se_setup_text_change(const struct se_buffer *text, const char *label,
	const struct se_setup_values *values, struct se_buffer *out);

#endif
