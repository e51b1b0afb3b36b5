#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/json_text.h"

#include "tool/exit_code.h"
#include "tool/output.h"

void
se_output_json(struct se_buffer *out, const char *text)
{
	(void)se_json_text_add(out, text);
}

char *
se_output_clean(const char *text)
{
	char *copy = strdup(text), *end;

	for (char *line = copy; line != NULL; line = end != NULL ? end + 1 : NULL) {
		end = strchr(line, '\n');
		if (end != NULL)
			*end = '\0';
		se_text_clean(line);
		if (end != NULL)
			*end = '\n';
	}
	return copy;
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
