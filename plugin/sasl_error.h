/*
 * sasl_error: what the host and its log get to hear. The table from our error classes to SASL's
 * codes is here, and here only.
 */
#ifndef SE_PLUGIN_SASL_ERROR_H
#define SE_PLUGIN_SASL_ERROR_H

#include <stddef.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "core/error.h"

/* The SASL code of an error class. */
int se_sasl_code(enum se_code code);

/* Hands the text to the host (sasl_errdetail(), and its log) and returns the SASL code. Each
 * failing return of the plugin ends with exactly one call of these two. */
int se_sasl_fail(const sasl_utils_t *utils, const struct se_error *error);

/* The same for the few codes that are not about a token: SASL_TOOWEAK, SASL_BADPROT. */
int se_sasl_refuse(const sasl_utils_t *utils, int code, const char *text);

/* Writes a server's error challenge (a JSON object; nothing but its status and scope, each cut
 * short) to the host's log. `fingerprint` is that of the token, or "". */
void se_sasl_log_challenge(const sasl_utils_t *utils, const char *login, const char *fingerprint,
	const char *challenge, size_t len);

#endif
