#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/findings.h"
#include "tool/output.h"
#include "tool/wrap.h"

static struct se_finding *
next(struct se_findings *findings)
{
	struct se_finding *list;

	/* doubled at powers of two */
	if ((findings->count & (findings->count - 1)) == 0) {
		const size_t size = findings->count == 0 ? 1 : 2 * findings->count;

		list = realloc(findings->list, size * sizeof(*list));
		if (list == NULL)
			return NULL;
		findings->list = list;
	}
	return &findings->list[findings->count];
}

void
se_findings_add(struct se_findings *findings, bool warning, unsigned line, const char *fmt, ...)
{
	char text[SE_ERROR_TEXT_MAX + 200];
	struct se_finding *finding = next(findings);
	va_list args;

	if (!warning)
		findings->errors++;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	se_text_clean(text);
	if (finding == NULL || (finding->text = strdup(text)) == NULL) {
		findings->failed = true;
		return;
	}
	finding->warning = warning;
	finding->id = findings->id;
	finding->fix = NULL;
	finding->line = line;
	findings->count++;
}

void
se_findings_fix(struct se_findings *findings, const char *fmt, ...)
{
	struct se_finding *last;
	char text[SE_ERROR_TEXT_MAX];
	va_list args;

	if (findings->count == 0)
		return;
	last = &findings->list[findings->count - 1];
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	free(last->fix);
	last->fix = se_output_clean(text);
	findings->failed |= last->fix == NULL;
}

void
se_findings_text(const struct se_findings *findings, unsigned width, struct se_buffer *out)
{
	for (size_t i = 0; i < findings->count; i++) {
		const char *text = findings->list[i].text;
		const char *word = findings->list[i].warning ? "warning: " : "error: ";

		se_buffer_add_text(out, word);
		se_wrap(text, strlen(text), (unsigned)strlen(word), width, out);
		se_buffer_add_text(out, "\n");
	}
}

void
se_findings_json(const struct se_findings *findings, struct se_buffer *out)
{
	se_buffer_add_text(out, "[");
	for (size_t i = 0; i < findings->count; i++) {
		const struct se_finding *finding = &findings->list[i];

		se_buffer_addf(out, "%s{\"severity\": \"%s\", \"line\": ", i > 0 ? ", " : "",
			finding->warning ? "warning" : "error");
		if (finding->line > 0)
			se_buffer_addf(out, "%u", finding->line);
		else
			se_buffer_add_text(out, "null");
		se_buffer_add_text(out, ", \"text\": ");
		se_output_json(out, finding->text);
		se_buffer_add_text(out, "}");
	}
	se_buffer_add_text(out, "]");
}

void
se_findings_free(struct se_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->list[i].text);
		free(findings->list[i].fix);
	}
	free(findings->list);
	memset(findings, 0, sizeof(*findings));
}
