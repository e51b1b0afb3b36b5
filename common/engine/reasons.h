/*
 * reasons: what `error` and `suberror` of a token endpoint mean to a person. They give an error its
 * class; AADSTS numbers (aadsts.h) say more where there is one.
 * Source: RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628 section 3.5; Microsoft's suberrors as MSAL has
 * them.
 */
#ifndef SE_ENGINE_REASONS_H
#define SE_ENGINE_REASONS_H

#include <stddef.h>

#include "core/error.h"

struct se_reason {
	const char *word;
	enum se_code code;
	const char *what; /* the end of a sentence that begins "Entra ..." */
	const char *todo; /* what to do next, with places.h's places */
};

/* NULL when the table has not got it. */
const struct se_reason *se_reason_error(const char *word);

/* Those only that say more than the `error` they come with. */
const struct se_reason *se_reason_suberror(const char *word);

const struct se_reason *se_reason_errors(size_t *count);
const struct se_reason *se_reason_suberrors(size_t *count);

#endif
