/*
 * base64: RFC 4648 section 4, as SASL initial responses travel.
 */
#ifndef SE_TOOL_BASE64_H
#define SE_TOOL_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"

/* False when memory or the buffer's maximum ran out. */
bool se_base64_add(struct se_buffer *out, const void *data, size_t len);

#endif
