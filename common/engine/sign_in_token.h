/*
 * sign_in_token: the end of a sign-in: a code is exchanged for tokens, and it is looked whose they
 * are.
 * Source: RFC 6749 sections 4.1.3 and 5.1; Microsoft, "ID token claims reference" and "Access token
 * claims reference".
 */
#ifndef SE_ENGINE_SIGN_IN_TOKEN_H
#define SE_ENGINE_SIGN_IN_TOKEN_H

#include "core/source.h"
#include "engine/answer.h"
#include "engine/request.h"
#include "engine/sign_in.h"
#include "engine/sign_in_post.h"

struct se_signed_in {
	struct se_grant grant;
	char person[SE_NAME_MAX + 1]; /* who signed in, as the server names them; "": not known */
};

/* Exchanges the code. Asks again, once, where no HTTP answer came. SE_OK and `signed_in`, to be
 * freed by the caller; SE_CONFIG when the answer has no refresh token, or when somebody else
 * signed in than the account wants: nothing is to be kept then. */
enum se_code se_sign_in_redeem(const struct se_sign_in *sign_in, struct se_poster *poster,
	const struct se_secret *code, struct se_signed_in *signed_in, struct se_error *error);

/* Sends one form for a token. SE_OK: the answer is in `reply`. */
enum se_code se_sign_in_ask_token(const struct se_sign_in *sign_in, struct se_poster *poster,
	const struct se_request_parts *parts, struct se_post_reply *reply, struct se_error *error);

/* Reads a token endpoint's answer to a sign-in, as se_sign_in_redeem() does. */
enum se_code se_sign_in_accept(const struct se_sign_in *sign_in, const struct se_post_reply *reply,
	struct se_signed_in *signed_in, struct se_error *error);

void se_signed_in_free(struct se_signed_in *signed_in);

#endif
