/*
 * aadsts: what Entra ID's AADSTS numbers mean to an administrator. Microsoft may change the
 * numbers, so that they only explain; the class of an error comes from `error` and `suberror`
 * wherever those say enough.
 * Source: Microsoft, "Microsoft Entra authentication and authorization error codes".
 */
#ifndef SE_ENGINE_AADSTS_H
#define SE_ENGINE_AADSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct se_aadsts {
	unsigned number;
	enum se_code code; /* SE_AGAIN, SE_SIGN_IN, SE_ADMIN or SE_CONFIG */
	const char *what;  /* what happened: the end of a sentence that begins "Entra ..." */
	const char *todo;  /* what to do next: whole sentences. {sign_in} {app} {tenant} {file}
	                      {scope} {label} stand for the account's values. */
};

/* NULL when the number is not in the table. */
const struct se_aadsts *se_aadsts_find(unsigned number);

/* All entries, sorted by number. */
const struct se_aadsts *se_aadsts_table(size_t *count);

#endif
