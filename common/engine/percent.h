/*
 * percent: percent-encoding for forms and queries.
 */
#ifndef SE_ENGINE_PERCENT_H
#define SE_ENGINE_PERCENT_H

#include <stddef.h>

#include "core/buffer.h"

/* Appends the bytes, all but RFC 3986's unreserved characters escaped, which every decoder of forms
 * and of URLs takes. */
void se_percent_encode(struct se_buffer *out, const char *text, size_t len);

#endif
