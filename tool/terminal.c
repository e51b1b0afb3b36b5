#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tool/terminal.h"

static int64_t shown = -1; /* seconds that the countdown's line says; -1: there is no line */

bool
se_terminal(void)
{
	const char *kind = getenv("TERM");

	return isatty(STDERR_FILENO) && kind != NULL && strcmp(kind, "dumb") != 0;
}

bool
se_terminal_utf8(void)
{
	bool utf8;

	if (setlocale(LC_CTYPE, "") == NULL)
		return false;
	utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	(void)setlocale(LC_CTYPE, "C");
	return utf8;
}

unsigned
se_terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

void
se_terminal_countdown(const char *what, int64_t seconds)
{
	if (!se_terminal() || seconds < 0 || seconds == shown)
		return;
	shown = seconds;
	fprintf(stderr, "\r\033[K%s (%d:%02d left, Control-C gives up) ", what, (int)(seconds / 60),
		(int)(seconds % 60));
}

void
se_terminal_end_line(void)
{
	if (shown >= 0)
		fprintf(stderr, "\r\033[K");
	shown = -1;
}
