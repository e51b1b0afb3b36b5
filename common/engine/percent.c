#include <string.h>

#include "engine/percent.h"

void
se_percent_encode(struct se_buffer *out, const char *text, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char unreserved[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};

		if (c != '\0' && strchr(unreserved, c) != NULL)
			se_buffer_add(out, text + i, 1);
		else
			se_buffer_add(out, escaped, sizeof(escaped));
	}
}
