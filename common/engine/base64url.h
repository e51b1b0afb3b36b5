/*
 * base64url: RFC 4648 section 5 without padding, as JWS and its thumbprints are written (RFC 7515
 * section 2).
 */
#ifndef SE_ENGINE_BASE64URL_H
#define SE_ENGINE_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"

/* False when memory or the buffer's maximum ran out. */
bool se_base64url_add(struct se_buffer *out, const void *data, size_t len);

/* Appends what the text stands for, or nothing. False when it is not base64url to the last bit, so
 * that no two texts stand for the same bytes; and when memory or the maximum ran out, which
 * out->failed tells. */
bool se_base64url_decode(struct se_buffer *out, const char *text);

#endif
