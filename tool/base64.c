#include <stdint.h>

#include "core/secret.h"

#include "tool/base64.h"

static void
encode_group(const unsigned char *data, size_t len, char group[4])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)data[0] << 16;

	if (len > 1)
		bits |= (uint32_t)data[1] << 8;
	if (len > 2)
		bits |= data[2];
	group[0] = digits[bits >> 18];
	group[1] = digits[(bits >> 12) & 63];
	group[2] = digits[(bits >> 6) & 63];
	group[3] = digits[bits & 63];
	if (len < 3)
		group[3] = '=';
	if (len < 2)
		group[2] = '=';
}

bool
se_base64_add(struct se_buffer *out, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	bool added = true;
	char group[4];

	for (size_t i = 0; i < len && added; i += 3) {
		encode_group(bytes + i, len - i, group);
		added = se_buffer_add(out, group, sizeof(group));
	}
	se_wipe(group, sizeof(group));
	return added;
}
