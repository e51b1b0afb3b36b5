/*
 * findings: what `check` found, in the order found.
 */
#ifndef SE_TOOL_FINDINGS_H
#define SE_TOOL_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/error.h"

struct se_finding {
	bool warning;   /* works, but is hardly meant */
	unsigned line;  /* of the configuration; 0: none */
	const char *id; /* what was looked at, as `doctor` calls it: "credential" */
	char *text;
	char *fix; /* what to type, where the text does not say it; or NULL */
};

/* Zeroed at the start. */
struct se_findings {
	struct se_finding *list;
	size_t count;
	size_t errors;
	bool failed;    /* memory ran out */
	const char *id; /* static, of what is added next */
};

void se_findings_add(struct se_findings *findings, bool warning, unsigned line, const char *fmt,
	...) SE_PRINTF(4, 5);

/* What to type against the last one that was added. */
void se_findings_fix(struct se_findings *findings, const char *fmt, ...) SE_PRINTF(2, 3);

/* As for a person: one line each, broken at `width` columns (0: never). */
void se_findings_text(const struct se_findings *findings, unsigned width, struct se_buffer *out);

/* A JSON array. */
void se_findings_json(const struct se_findings *findings, struct se_buffer *out);

void se_findings_free(struct se_findings *findings);

#endif
