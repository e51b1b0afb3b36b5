/*
 * report: the complaints about one configuration file, in the order of its lines. A complaint
 * never holds a value that somebody may have taken for the place of a secret.
 */
#ifndef SE_ENGINE_REPORT_H
#define SE_ENGINE_REPORT_H

#include "engine/config.h"

struct se_report {
	const char *path; /* NULL: complaints name the file themselves */
	struct se_problems *problems;
};

/* "PATH:LINE: KEY: TEXT", without LINE when it is 0 and without KEY when it is NULL. */
void se_report_error(struct se_report *report, unsigned line, const char *key, const char *fmt, ...)
	SE_PRINTF(4, 5);
void se_report_warning(struct se_report *report, unsigned line, const char *key, const char *fmt,
	...) SE_PRINTF(4, 5);

#endif
