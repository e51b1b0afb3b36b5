#include <string.h>

#include "engine/account.h"
#include "engine/provider.h"
#include "engine/sign_in_person.h"
#include "engine/sign_in_token.h"

void
se_signed_in_free(struct se_signed_in *signed_in)
{
	se_grant_free(&signed_in->grant);
	memset(signed_in, 0, sizeof(*signed_in));
}

/* --- asking ----------------------------------------------------------------------------------- */

enum se_code
se_sign_in_ask_token(const struct se_sign_in *sign_in, struct se_poster *poster,
	const struct se_request_parts *parts, struct se_post_reply *reply, struct se_error *error)
{
	const struct se_account *account = sign_in->account;
	const char *file = account->value[SE_KEY_FEDERATED_TOKEN_FILE].text;
	struct se_secret *form = NULL;
	enum se_code code;

	memset(reply, 0, sizeof(*reply));
	/* That takes a request of its own first (exchange.h), for a case nobody has. */
	if (file != NULL && strcmp(file, "managed-identity") == 0)
		return se_error_set(error, SE_CONFIG,
			"[account %s] proves its app by a managed identity, which only an app's "
			"own sign-in can; remove \"credential\" for a person's",
			account->label);
	code = se_request_form(account, poster->world, parts, &form, error);
	if (code != SE_OK)
		return code;
	return se_poster_post(poster, account->token_endpoint, form, reply, error);
}

/* --- judging ---------------------------------------------------------------------------------- */

static enum se_code
no_refresh_token(const struct se_account *account, struct se_error *error)
{
	return se_error_set(error, SE_CONFIG,
		"the sign-in worked, but the answer has no refresh token, so that it would end "
		"within the hour; \"scope\" of [account %s] must have %s in it; it is now: %s",
		account->label,
		account->provider->microsoft ? "offline_access"
					     : "what the provider wants for offline access",
		account->scope);
}

static enum se_code
somebody_else(const struct se_sign_in *sign_in, const char *wanted, const char *person,
	struct se_error *error)
{
	return se_error_set(error, SE_CONFIG,
		"%s signed in, but [account %s] wants the sign-in of %s; nothing was kept. Open "
		"the address in a private window, where %s is not signed in, and sign in as %s; "
		"or, where %s is meant (for a shared mailbox, say), write identity = %s into "
		"[account %s] and sign in again",
		person, sign_in->account->label, wanted, person, wanted, person, person,
		sign_in->account->label);
}

enum se_code
se_sign_in_accept(const struct se_sign_in *sign_in, const struct se_post_reply *reply,
	struct se_signed_in *signed_in, struct se_error *error)
{
	const struct se_account *account = sign_in->account;
	const char *wanted = se_account_identity(account, sign_in->login);
	enum se_code code;

	memset(signed_in, 0, sizeof(*signed_in));
	code = se_answer_read(account, sign_in->login, reply->status, se_buffer_text(&reply->body),
		reply->body.len, reply->retry_after, &signed_in->grant, error);
	if (code != SE_OK) {
		se_grant_free(&signed_in->grant);
		return code;
	}
	if (signed_in->grant.refresh_token == NULL) {
		code = no_refresh_token(account, error);
	} else {
		code = se_sign_in_person(
			reply, signed_in->grant.access_token, wanted, signed_in->person);
		if (code == SE_DENIED)
			code = somebody_else(sign_in, wanted, signed_in->person, error);
		else if (code != SE_OK)
			code = se_error_memory(error);
	}
	if (code != SE_OK)
		se_grant_free(&signed_in->grant);
	return code;
}

/* --- the code --------------------------------------------------------------------------------- */

enum se_code
se_sign_in_redeem(const struct se_sign_in *sign_in, struct se_poster *poster,
	const struct se_secret *authorization, struct se_signed_in *signed_in,
	struct se_error *error)
{
	const struct se_request_parts parts = {
		.grant = SE_GRANT_CODE,
		.scope = sign_in->scope,
		.code = authorization,
		.redirect_uri = sign_in->redirect_uri,
		.verifier = sign_in->verifier,
	};
	struct se_post_reply reply;
	enum se_code code;

	memset(signed_in, 0, sizeof(*signed_in));
	code = se_sign_in_ask_token(sign_in, poster, &parts, &reply, error);
	/* Without an answer the code may still be good; after one it is not. */
	if (code == SE_AGAIN) {
		se_buffer_free(&reply.body);
		code = se_sign_in_ask_token(sign_in, poster, &parts, &reply, error);
	}
	if (code == SE_OK)
		code = se_sign_in_accept(sign_in, &reply, signed_in, error);
	se_buffer_free(&reply.body);
	return code;
}
