/*
 * answer: what a token endpoint answered, as a token or as an error a person can act on.
 * Source: RFC 6749 sections 5.1 and 5.2; Microsoft, "Microsoft Entra authentication and
 * authorization error codes".
 */
#ifndef SE_ENGINE_ANSWER_H
#define SE_ENGINE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"
#include "core/source.h"
#include "engine/config.h"
#include "engine/json.h"

struct se_grant {
	struct se_secret *access_token;
	struct se_secret *refresh_token; /* NULL: keep the old one (RFC 6749 section 6) */
	int64_t expires_in;              /* seconds; -1: not said */
	int64_t refresh_in;              /* seconds; -1: not said */
	bool roleless;                   /* a JWT without `roles`: an app's token for Exchange
	                                    that has no permission of its own */
	char fingerprint[SE_FINGERPRINT_MAX + 1];
};

/* Reads an HTTP answer for the account; `login` is who asked, for what to do next. SE_OK and `grant`, to be
 * freed by the caller; else `error`, with the endpoint's `error`, the AADSTS number and the trace id, and
 * never with a part of the answer that could hold a token, and `grant` with a refresh token at most: one that
 * came beside an access token of no use is to be kept all the same, as the one before may be worthless by
 * now. `retry_after` in seconds, 0: not said. */
enum se_code
se_answer_read(const struct se_account *account, const char *login, long status, const char *body,
	size_t len, unsigned retry_after, struct se_grant *grant, struct se_error *error);

/* Explains an error that a browser brought back from the authorization endpoint, in the same words.
 * Neither text is trusted. Returns the error's class. */
enum se_code se_answer_explain(const struct se_account *account, const char *login,
	const char *reason, const char *description, struct se_error *error);

/* Takes the grant out of a success answer; on error a refresh token at most, as above, and `error` calls
 * whoever answered `endpoint`. */
enum se_code se_answer_take_grant(const struct se_account *account, const char *endpoint,
	const struct se_json *json, struct se_grant *grant, struct se_error *error);

void se_grant_free(struct se_grant *grant);

#endif
