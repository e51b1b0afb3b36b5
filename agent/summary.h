/*
 * summary: one line on how the agent is, for whoever supervises it: how many accounts there are, and
 * in words what is wrong.
 */
#ifndef SE_AGENT_SUMMARY_H
#define SE_AGENT_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/config.h"

enum { SE_SUMMARY_PART_MAX = 300, SE_SUMMARY_MAX = 4 * SE_SUMMARY_PART_MAX };

/* Zeroed at the start. */
struct se_summary {
	size_t accounts;
	size_t unusable;                       /* of them, in this process */
	char why[SE_SUMMARY_PART_MAX];         /* the first of these, and why */
	char not_read[SE_SUMMARY_PART_MAX];    /* why the configuration could not be read last */
	char failure[SE_SUMMARY_PART_MAX];     /* "LOGIN: what happened"; "": none, or over */
	char failed_at[sizeof("12-31 23:59")]; /* local time */
	bool renewal;                          /* it was one, while the token went on serving */
	bool read;                             /* there is a configuration */
	bool changed;                          /* since somebody reset it */
};

/* The configuration was read; it could not be read. */
void se_summary_read(struct se_summary *summary, const struct se_config *config);
void se_summary_not_read(struct se_summary *summary, const char *why);

/* A token could not be had, or not be renewed; `text` begins with the login name and a colon. */
void se_summary_failed(struct se_summary *summary, bool renewal, const char *text);

/* One was handed out, or came from the tenant, which alone says that renewal works; `text` begins
 * with the login name, which a colon or the end follows. */
void se_summary_worked(struct se_summary *summary, bool is_new, const char *text);

void se_summary_text(const struct se_summary *summary, char text[SE_SUMMARY_MAX]);

#endif
