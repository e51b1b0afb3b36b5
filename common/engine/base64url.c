#include <stdint.h>

#include "engine/base64url.h"

bool
se_base64url_add(struct se_buffer *out, const void *data, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *bytes = data;
	size_t i, take;
	uint32_t bits;

	for (i = 0; i < len && !out->failed; i += 3) {
		take = len - i < 3 ? len - i : 3;
		bits = (uint32_t)bytes[i] << 16;
		bits |= take > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
		bits |= take > 2 ? bytes[i + 2] : 0;
		se_buffer_add(out, &digits[bits >> 18], 1);
		se_buffer_add(out, &digits[bits >> 12 & 63], 1);
		if (take > 1)
			se_buffer_add(out, &digits[bits >> 6 & 63], 1);
		if (take > 2)
			se_buffer_add(out, &digits[bits & 63], 1);
	}
	return !out->failed;
}
