#include <stdint.h>
#include <string.h>

#include "engine/base64url.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool
se_base64url_add(struct se_buffer *out, const void *data, size_t len)
{
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

/* Up to four digits to up to three bytes. Returns how many, or 0. */
static size_t
decode_group(const char *text, size_t count, unsigned char bytes[3])
{
	uint32_t bits = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		const char *at = strchr(digits, text[i]);

		if (at == NULL)
			return 0;
		bits |= (uint32_t)(at - digits) << (18 - 6 * i);
	}
	for (i = 0; i < 3; i++)
		bytes[i] = (unsigned char)(bits >> (16 - 8 * i));
	/* One digit is no byte; what a digit has beyond the last byte is 0. */
	if (count < 2 || (count == 2 && (bits & 0xffff) != 0) || (count == 3 && (bits & 0xff) != 0))
		return 0;
	return count - 1;
}

bool
se_base64url_decode(struct se_buffer *out, const char *text)
{
	size_t len = strlen(text), done = 0, i, count;
	char *to = se_buffer_room(out, len / 4 * 3 + 3);
	unsigned char bytes[3];

	if (to == NULL)
		return false;
	for (i = 0; i < len; i += 4) {
		count = decode_group(text + i, len - i < 4 ? len - i : 4, bytes);
		if (count == 0)
			return false;
		memcpy(to + done, bytes, count);
		done += count;
	}
	se_buffer_grown(out, done);
	return true;
}
