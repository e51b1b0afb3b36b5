#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/log.h"

#define PREFIX "sasl-entrad: "

enum { LINE_MAX_LEN = SE_ERROR_TEXT_MAX + 200 };

void
se_log(const char *fmt, ...)
{
	char line[LINE_MAX_LEN + 1] = PREFIX;
	const size_t start = sizeof(PREFIX) - 1;
	size_t len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line + start, sizeof(line) - start - 1, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	se_text_clean(line + start);
	len = start + (size_t)n;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len] = '\n';
	/* One write, so that lines of several processes do not mix; nothing can be done if it
	 * fails. */
	if (write(STDERR_FILENO, line, len + 1) < 0)
		return;
}
