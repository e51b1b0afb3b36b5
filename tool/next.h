/*
 * next: what a person at a terminal is told to type next. Nothing where stderr is none.
 */
#ifndef SE_TOOL_NEXT_H
#define SE_TOOL_NEXT_H

#include "tool/identity.h"

/* "Next: sasl-entra VERB NAME", with --config where one was given. `name` may be NULL; `why` is a few
 * words that begin with "to". */
void
se_next(const struct se_identity *identity, const char *verb, const char *name, const char *why);

#endif
