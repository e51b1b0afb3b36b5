/*
 * json_text: text as JSON writes it, and where its characters end. For whoever writes JSON without
 * a library.
 */
#ifndef SE_CORE_JSON_TEXT_H
#define SE_CORE_JSON_TEXT_H

#include "core/buffer.h"

/* How many bytes the UTF-8 character that begins at `text` has (RFC 3629), 1 to 4; 0 when there is
 * none, and for the NUL at the end. */
size_t se_utf8_len(const char *text);

/* Appends `text` as a JSON string, or null for NULL. What is no UTF-8 becomes U+FFFD. False when
 * the buffer has failed. */
bool se_json_text_add(struct se_buffer *out, const char *text);

#endif
