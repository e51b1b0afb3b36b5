#include <string.h>

#include "core/json_text.h"

static size_t
continuations(const unsigned char *byte, size_t wanted)
{
	size_t n = 0;

	while (n < wanted && (byte[n] & 0xc0) == 0x80)
		n++;
	return n;
}

size_t
se_utf8_len(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	size_t more;

	if (byte[0] < 0x80)
		return byte[0] != '\0' ? 1 : 0;
	if (byte[0] >= 0xc2 && byte[0] <= 0xdf)
		more = 1;
	else if (byte[0] >= 0xe0 && byte[0] <= 0xef)
		more = 2;
	else if (byte[0] >= 0xf0 && byte[0] <= 0xf4)
		more = 3;
	else
		return 0;
	if (continuations(byte + 1, more) != more)
		return 0;
	if ((byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] > 0x9f) ||
		(byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f))
		return 0;
	return more + 1;
}

bool
se_json_text_add(struct se_buffer *out, const char *text)
{
	size_t len;

	if (text == NULL)
		return se_buffer_add_text(out, "null");
	se_buffer_add_text(out, "\"");
	for (const char *at = text; *at != '\0'; at += len) {
		len = se_utf8_len(at);
		if (len == 0) {
			len = 1;
			se_buffer_add_text(out, "\\ufffd");
		} else if ((unsigned char)*at < 0x20 || *at == 0x7f) {
			se_buffer_addf(out, "\\u%04x", (unsigned)(unsigned char)*at);
		} else {
			if (*at == '"' || *at == '\\')
				se_buffer_add_text(out, "\\");
			se_buffer_add(out, at, len);
		}
	}
	return se_buffer_add_text(out, "\"");
}
