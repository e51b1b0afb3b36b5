/*
 * precheck_line: the lines of a configuration file that say something: section headers and
 * KEY = VALUE. Part of the precheck.
 */
#ifndef SE_ENGINE_PRECHECK_LINE_H
#define SE_ENGINE_PRECHECK_LINE_H

#include "engine/precheck.h"

struct se_scan {
	struct se_arena *arena;
	struct se_report *report;
	struct se_sections *sections;
	struct se_section *section; /* the one we are in, or NULL */
	size_t room;                /* sections that the list has memory for */
	unsigned line;
	unsigned seen[SE_KEY_COUNT]; /* lines where the section's keys stand; 0: not yet */
	bool stray;                  /* a key before any section has been reported */
	bool crlf;                   /* CR LF has been reported */
};

/* Reports why the line makes its section unreadable, or the file when it is in none. */
void se_scan_refuse(struct se_scan *scan, const char *why);

/* A line that begins with '[', `start` being where it lies in the file. False when memory ran
 * out. */
bool se_scan_header(struct se_scan *scan, const char *line, size_t len, size_t start);

/* Any line that is no header, comment or blank. */
void se_scan_key(struct se_scan *scan, const char *line, size_t len);

#endif
