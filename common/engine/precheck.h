/*
 * precheck: looks over the lines of a configuration file before libini_config reads it, and
 * refuses what libini_config would take in silence: a key before any section (lost), an indented
 * line (glued to the value above), a NUL byte (ends the value), an empty value, sections that are
 * unknown or written twice. It also cuts the file into its sections, because libini_config looks
 * a section up by walking all of them. Values are libini_config's business.
 */
#ifndef SE_ENGINE_PRECHECK_H
#define SE_ENGINE_PRECHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/arena.h"
#include "engine/report.h"

enum {
	SE_LINE_MAX = 32768, /* bytes of a line */
	SE_LABEL_MAX = 64    /* bytes of an account's label */
};

struct se_section {
	bool defaults;     /* [defaults]; else [account LABEL] */
	const char *label; /* "" for [defaults] */
	unsigned line;     /* of the header */
	size_t start, end; /* where its text lies, header and all */
	bool wrong;        /* something in it has been reported */
	bool broken;       /* so wrong that its values cannot be read */
};

struct se_sections {
	struct se_section *list;
	size_t count;
	bool broken; /* no section can be read */
};

/* Reports what is wrong and fills `sections`, which live in the arena. False when memory ran
 * out. */
bool se_precheck(const char *text, size_t len, struct se_arena *arena, struct se_report *report,
	struct se_sections *sections);

#endif
