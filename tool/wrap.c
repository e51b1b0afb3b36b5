#include <string.h>

#include "tool/wrap.h"

static size_t
word_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] != ' ')
		n++;
	return n;
}

/* Bytes that begin a character: near enough to columns for what is shown here. */
static unsigned
columns(const char *text, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

void
se_wrap(const char *text, size_t len, unsigned indent, unsigned width, struct se_buffer *out)
{
	unsigned at = indent;

	while (len > 0) {
		size_t spaces = 0, word;

		while (spaces < len && text[spaces] == ' ')
			spaces++;
		word = word_len(text + spaces, len - spaces);
		if (width > 0 && at > indent &&
			at + spaces + columns(text + spaces, word) > width) {
			se_buffer_addf(out, "\n%*s", (int)indent, "");
			at = indent;
			se_buffer_add(out, text + spaces, word);
		} else {
			se_buffer_add(out, text, spaces + word);
			at += (unsigned)spaces;
		}
		at += columns(text + spaces, word);
		text += spaces + word;
		len -= spaces + word;
	}
}
