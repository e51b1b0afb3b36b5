/*
 * message: the initial responses of XOAUTH2 and OAUTHBEARER, as raw bytes (the host's protocol
 * layer does the base64).
 */
#ifndef SE_CORE_MESSAGE_H
#define SE_CORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/secret.h"

/* "user=" USER ^A "auth=Bearer " TOKEN ^A ^A
 * (Google "XOAUTH2 Mechanism"; Microsoft "Authenticate an IMAP, POP or SMTP connection using
 * OAuth"). A user or token with ^A, NUL, CR or LF is refused with SE_CONFIG. */
enum se_code se_message_xoauth2(const char *user, const struct se_secret *token,
	struct se_buffer *out, struct se_error *error);

/* "n,a=" AUTHZID "," ^A ["host=" HOST ^A] ["port=" PORT ^A] "auth=Bearer " TOKEN ^A ^A
 * (RFC 7628 section 3.1; ',' and '=' of the authzid escaped as RFC 5801 section 4 says). `host`
 * may be NULL, `port` 0. */
enum se_code se_message_oauthbearer(const char *user, const char *host, unsigned port,
	const struct se_secret *token, struct se_buffer *out, struct se_error *error);

/* Whether a password is evidently an access token: exactly three base64url parts, 100 bytes or
 * more, the first a JSON object with "alg"; or 100 bytes or more of token characters (RFC 6750
 * b64token) that begin with ya29., EwA or EwB. A password for a person never passes. */
bool se_message_is_token(const char *text, size_t len);

/* Whether it is a signed JWT: three base64url parts, the first a JSON object with "alg". */
bool se_message_is_jwt(const char *text, size_t len);

/* Whether it could be one at all: RFC 6750 b64token, not empty. For passwords of accounts that
 * say token_from = password. */
bool se_message_can_be_token(const char *text, size_t len);

#endif
