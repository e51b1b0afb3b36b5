#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/report.h"

enum { PATH_SHOWN = 160 }; /* bytes of a long path that are shown, its end */

/* A text that did not fit ends in "..." and never within a UTF-8 character. */
static void
mark_cut(char *text, size_t size)
{
	size_t end = size - sizeof("...");

	while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	memcpy(text + end, "...", sizeof("..."));
}

static void SE_PRINTF(5, 0) write_text(struct se_problem *problem, const char *path, unsigned line,
	const char *key, const char *fmt, va_list args)
{
	const size_t size = sizeof(problem->text);
	size_t len = path != NULL ? strlen(path) : 0, used;
	const char *cut = len > PATH_SHOWN ? "..." : "";
	char where[24] = "";
	int n = 0;

	if (len > PATH_SHOWN)
		path += len - PATH_SHOWN;
	if (line > 0)
		(void)snprintf(where, sizeof(where), "%u:", line);
	if (path != NULL)
		n = snprintf(problem->text, size, "%s%s:%s %s%s", cut, path, where,
			key != NULL ? key : "", key != NULL ? ": " : "");
	used = n < 0 ? 0 : (size_t)n;
	if (used < size) {
		n = vsnprintf(problem->text + used, size - used, fmt, args);
		used += n < 0 ? 0 : (size_t)n;
	}
	if (used >= size)
		mark_cut(problem->text, size);
	se_text_clean(problem->text);
}

/* Where a complaint about `line` goes. When the list is full an error takes the place of the last
 * warning, so that an error is always told of; SE_CONFIG_PROBLEMS_MAX: there is no room. */
static size_t
make_room(struct se_problems *problems, unsigned line, bool warning)
{
	struct se_problem *list = problems->list;
	size_t at, i = problems->count;

	if (problems->count == SE_CONFIG_PROBLEMS_MAX) {
		while (!warning && i > 0 && !list[i - 1].warning)
			i--;
		if (warning || i == 0)
			return SE_CONFIG_PROBLEMS_MAX;
		memmove(list + i - 1, list + i, (problems->count - i) * sizeof(*list));
		problems->count--;
	}
	for (at = problems->count; at > 0 && list[at - 1].line > line; at--)
		;
	memmove(list + at + 1, list + at, (problems->count - at) * sizeof(*list));
	problems->count++;
	return at;
}

static void SE_PRINTF(5, 0) add(struct se_report *report, unsigned line, bool warning,
	const char *key, const char *fmt, va_list args)
{
	struct se_problems *problems = report->problems;
	size_t at = make_room(problems, line, warning);

	if (!warning)
		problems->errors++;
	if (at == SE_CONFIG_PROBLEMS_MAX)
		return;
	problems->list[at].line = line;
	problems->list[at].warning = warning;
	write_text(&problems->list[at], report->path, line, key, fmt, args);
}

void
se_report_error(struct se_report *report, unsigned line, const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(report, line, false, key, fmt, args);
	va_end(args);
}

void
se_report_warning(struct se_report *report, unsigned line, const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(report, line, true, key, fmt, args);
	va_end(args);
}
