/*
 * setup_steps_parts: what the files of the steps share. Not for anybody else.
 */
#ifndef SE_TOOL_SETUP_STEPS_PARTS_H
#define SE_TOOL_SETUP_STEPS_PARTS_H

#include <stdbool.h>

#include "core/error.h"

#include "tool/setup_steps.h"

struct se_steps_cloud {
	const char *name, *portal, *exchange, *graph; /* the last two as options of the cmdlets */
};

/* The account's; where that is not known the worldwide one. */
const struct se_steps_cloud *se_steps_cloud(const struct se_account *account);
/* Whether the account is used for it: the default is a person's, and an app reads mail only where that is said. */
bool se_steps_serves(const struct se_account *account, const char *service);

/* A heading with the next number. */
void se_steps_head(struct se_buffer *out, unsigned *number, const char *text);
/* A sentence. */
void se_steps_say(const struct se_steps *steps, struct se_buffer *out, const char *fmt, ...)
	SE_PRINTF(3, 4);
/* A line to copy. */
void se_steps_type(struct se_buffer *out, const char *fmt, ...) SE_PRINTF(2, 3);
/* The address of a page, to copy. */
void se_steps_go(const struct se_steps *steps, struct se_buffer *out, const char *page);

#endif
