/*
 * read_secret: a secret from stdin: from a pipe or file to its end, from a terminal one line that
 * is not shown.
 */
#ifndef SE_TOOL_READ_SECRET_H
#define SE_TOOL_READ_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

/* At most `max` bytes; one line end at the end is not part of it. `what` names it in the prompt
 * and in errors. SE_CONFIG when it is empty, too long, or has control characters or spaces. The
 * caller frees *secret. */
enum se_code
se_read_secret(const char *what, size_t max, struct se_secret **secret, struct se_error *error);

#define SE_READ_FOR_EVER INT64_MAX

/* The same, but SE_AGAIN where it has not come until then: monotonic time, milliseconds. */
enum se_code se_read_secret_until(const char *what, size_t max, int64_t until,
	struct se_secret **secret, struct se_error *error);

#endif
