#include <stdlib.h>
#include <string.h>

#include "engine/characters.h"
#include "engine/names.h"
#include "engine/precheck.h"
#include "engine/precheck_line.h"

static void
report_crlf(struct se_scan *scan)
{
	if (!scan->crlf)
		se_report_error(scan->report, scan->line, NULL,
			"lines end in CR LF, as Windows writes "
			"them; take the CRs out: sed -i 's/\\r$//' FILE");
	scan->crlf = scan->sections->broken = true;
}

/* One line without its LF; `start` is where it lies in the file. False when memory ran out. */
static bool
take_line(struct se_scan *scan, const char *line, size_t len, size_t start)
{
	const char *problem, *text = line;
	size_t text_len;
	bool comment;

	if (len > 0 && line[len - 1] == '\r') {
		report_crlf(scan);
		len--;
	}
	text_len = len;
	se_trim(&text, &text_len);
	comment = len > 0 && (line[0] == '#' || line[0] == ';');
	problem = len > SE_LINE_MAX ? "the line is longer than 32768 bytes"
				    : se_line_problem(line, len, comment);
	if (problem != NULL)
		se_scan_refuse(scan, problem);
	else if (text_len == 0 || comment)
		return true;
	else if (se_is_blank(line[0]))
		se_scan_refuse(scan,
			"the line begins with a blank; a value stands on one line, and keys and "
			"comments begin at the left edge");
	else if (line[0] == '[')
		return se_scan_header(scan, line, len, start);
	else
		se_scan_key(scan, line, len);
	return true;
}

static bool
refuse_encoding(struct se_scan *scan, const char *text, size_t len)
{
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		se_scan_refuse(scan,
			"the file begins with a byte order mark; save it as UTF-8 without one");
	else if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
		se_scan_refuse(scan, "the file is UTF-16; save it as UTF-8");
	else
		return false;
	return true;
}

/* --- sections written twice ---------------------------------------------------------------- */

static int
compare_sections(const void *a, const void *b)
{
	const struct se_section *x = *(struct se_section *const *)a;
	const struct se_section *y = *(struct se_section *const *)b;
	int order = se_name_compare(x->label, y->label);

	if (order != 0)
		return order;
	return (x->line > y->line) - (x->line < y->line);
}

static bool
find_doubles(struct se_scan *scan)
{
	struct se_sections *sections = scan->sections;
	struct se_section **sorted =
		se_arena_alloc(scan->arena, sections->count + 1, sizeof(*sorted));
	size_t count = 0, i, first = 0;

	if (sorted == NULL)
		return false;
	for (i = 0; i < sections->count; i++)
		if (sections->list[i].defaults || sections->list[i].label[0] != '\0')
			sorted[count++] = &sections->list[i];
	qsort(sorted, count, sizeof(*sorted), compare_sections);
	for (i = 1; i < count; i++) {
		if (!se_name_equal(sorted[i]->label, sorted[first]->label)) {
			first = i;
			continue;
		}
		sorted[i]->wrong = sorted[i]->broken = true;
		se_report_error(scan->report, sorted[i]->line, NULL,
			sorted[i]->defaults
				? "[defaults%s] stands twice, first on line %u; make one of the two"
				: "[account %s] stands twice, first on line %u; make one of the "
				  "two, or give this one "
				  "another label",
			sorted[i]->label, sorted[first]->line);
	}
	return true;
}

bool
se_precheck(const char *text, size_t len, struct se_arena *arena, struct se_report *report,
	struct se_sections *sections)
{
	struct se_scan scan = {.arena = arena, .report = report, .sections = sections, .line = 1};
	size_t at = 0, end, i;

	if (refuse_encoding(&scan, text, len))
		return true;
	for (; at < len; at = end + 1, scan.line++) {
		const char *lf = memchr(text + at, '\n', len - at);

		end = lf != NULL ? (size_t)(lf - text) : len;
		/* What follows would not be kept; and libini_config is spared a huge section. */
		if (report->problems->errors >= SE_CONFIG_PROBLEMS_MAX) {
			sections->broken = true;
			break;
		}
		if (!take_line(&scan, text + at, end - at, at))
			return false;
	}
	for (i = 0; i < sections->count; i++)
		sections->list[i].end = i + 1 < sections->count ? sections->list[i + 1].start : len;
	return find_doubles(&scan);
}
