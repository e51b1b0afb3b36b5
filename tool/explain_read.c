/* explain_read: the text that is to be explained. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/exit_code.h"
#include "tool/explain.h"

static int
too_large(void)
{
	fprintf(stderr,
		"sasl-entra: only the first %d KiB are looked at; give less, such as the "
		"last lines of the log (tail -n 200)\n",
		SE_EXPLAIN_TEXT_MAX / 1024);
	return SE_EXIT_OK;
}

/* Up to SE_EXPLAIN_TEXT_MAX bytes of it. */
static int
read_stdin(struct se_buffer *text)
{
	ssize_t n = 1;

	if (isatty(STDIN_FILENO))
		fprintf(stderr, "Paste the lines, then type Control-D:\n");
	while (n != 0 && text->len < SE_EXPLAIN_TEXT_MAX) {
		const size_t size = SE_EXPLAIN_TEXT_MAX - text->len < 65536
					    ? SE_EXPLAIN_TEXT_MAX - text->len
					    : 65536;
		char *room = se_buffer_room(text, size);

		if (room == NULL) {
			fprintf(stderr, "sasl-entra: out of memory\n");
			return SE_EXIT_FAILED;
		}
		n = read(STDIN_FILENO, room, size);
		if (n > 0)
			se_buffer_grown(text, (size_t)n);
		if (n < 0 && errno != EINTR) {
			fprintf(stderr, "sasl-entra: cannot read standard input: %s\n",
				strerror(errno));
			return SE_EXIT_FAILED;
		}
	}
	return n == 0 ? SE_EXIT_OK : too_large();
}

static int
join(int count, char **words, struct se_buffer *text)
{
	for (int i = 0; i < count; i++) {
		se_buffer_add_text(text, i > 0 ? " " : "");
		se_buffer_add_text(text, words[i]);
	}
	return text->failed ? too_large() : SE_EXIT_OK;
}

int
se_explain_read(int count, char **words, struct se_buffer *text)
{
	const bool from_stdin = count == 0 || (count == 1 && strcmp(words[0], "-") == 0);
	const int exit_code = from_stdin ? read_stdin(text) : join(count, words, text);

	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] == '\0')
			text->data[i] = ' ';
	return exit_code;
}
