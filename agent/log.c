#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "agent/log.h"

#define NAME "sasl-entrad"
#define PREFIX NAME ": "

enum { LINE_MAX_LEN = SE_ERROR_TEXT_MAX + 200 };

static bool to_syslog; /* one per process, as descriptor 2 is */

static bool
stderr_is_client(void)
{
	struct stat in, err;

	return fstat(STDIN_FILENO, &in) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
	       S_ISSOCK(in.st_mode) && in.st_dev == err.st_dev && in.st_ino == err.st_ino;
}

void
se_log_begin(void)
{
	int fd;

	to_syslog = stderr_is_client();
	if (!to_syslog)
		return;
	openlog(NAME, LOG_PID | LOG_NDELAY, LOG_MAIL);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0) {
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
	}
	if (fd >= 0)
		close(fd);
}

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
	if (to_syslog) {
		syslog(LOG_NOTICE, "%s", line + start);
		return;
	}
	len = start + (size_t)n;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len] = '\n';
	/* One write, so that lines of several processes do not mix; nothing can be done if it
	 * fails. */
	if (write(STDERR_FILENO, line, len + 1) < 0)
		return;
}
