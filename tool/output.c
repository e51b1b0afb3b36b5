#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/exit_code.h"
#include "tool/output.h"

static size_t
continuations(const unsigned char *byte, size_t wanted)
{
	size_t n = 0;

	while (n < wanted && (byte[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* How many bytes the UTF-8 character that begins here has; 0 when it is none (RFC 3629). */
static size_t
utf8_len(const unsigned char *byte)
{
	size_t more;

	if (byte[0] < 0x80)
		return 1;
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

void
se_output_json(struct se_buffer *out, const char *text)
{
	size_t len;

	if (text == NULL) {
		se_buffer_add_text(out, "null");
		return;
	}
	se_buffer_add_text(out, "\"");
	for (const char *p = text; *p != '\0'; p += len) {
		unsigned char character[4] = {0};

		memcpy(character, p, strnlen(p, sizeof(character)));
		len = utf8_len(character);
		if (len == 0) {
			len = 1;
			se_buffer_add_text(out, "\\ufffd");
		} else if (character[0] < 0x20 || character[0] == 0x7f) {
			se_buffer_addf(out, "\\u%04x", (unsigned)character[0]);
		} else {
			if (character[0] == '"' || character[0] == '\\')
				se_buffer_add_text(out, "\\");
			se_buffer_add(out, p, len);
		}
	}
	se_buffer_add_text(out, "\"");
}

int
se_output_write(const struct se_buffer *out)
{
	size_t written = 0;

	if (out->failed) {
		fprintf(stderr, "sasl-entra: out of memory\n");
		return SE_EXIT_FAILED;
	}
	while (written < out->len) {
		const ssize_t n = write(STDOUT_FILENO, out->data + written, out->len - written);

		if (n >= 0) {
			written += (size_t)n;
		} else if (errno != EINTR) {
			fprintf(stderr, "sasl-entra: could not write the result: %s\n",
				strerror(errno));
			return SE_EXIT_FAILED;
		}
	}
	return SE_EXIT_OK;
}
