/*
 * sign_in_person: whose a token is, as far as the token endpoint says.
 */
#ifndef SE_ENGINE_SIGN_IN_PERSON_H
#define SE_ENGINE_SIGN_IN_PERSON_H

#include "core/source.h"
#include "engine/sign_in_token.h"

/* Reads who signed in from an answer's id_token, else from its access token where that is a JWT.
 * `person` is one of the addresses they have, the one wanted where it is among them, or "". SE_DENIED
 * when all of them are somebody else's, SE_MEMORY when it could not be read; neither is explained. */
enum se_code se_sign_in_person(const struct se_post_reply *reply,
	const struct se_secret *access_token, const char *wanted, char person[SE_NAME_MAX + 1]);

#endif
