#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "engine/json.h"
#include "engine/jwt.h"
#include "engine/names.h"
#include "engine/sign_in_person.h"

/* A user principal name, or another address of the same person. `sub` and `oid` tell people
 * nothing. */
static const char *const claims_that_name[] = {
	"preferred_username", "upn", "unique_name", "email", "verified_primary_email"};

/* Notes one address; the first, unless the wanted one comes. */
static bool
look_at(const char *address, const char *wanted, char person[SE_NAME_MAX + 1])
{
	bool is_wanted;

	if (address == NULL || strchr(address, '@') == NULL)
		return false;
	is_wanted = se_name_equal(address, wanted);
	if ((person[0] == '\0' || is_wanted) && !se_copy(person, SE_NAME_MAX + 1, address))
		person[0] = '\0';
	se_text_clean(person);
	return is_wanted;
}

/* SE_OK when the wanted address is among the claims, SE_ABSENT when it is not or there are none. */
static enum se_code
look_into(const struct se_secret *token, const char *wanted, char person[SE_NAME_MAX + 1])
{
	struct se_json *claims = se_jwt_claims(token);
	bool found = false;
	size_t i;

	if (claims == NULL)
		return errno == ENOMEM ? SE_MEMORY : SE_ABSENT;
	for (i = 0; i < sizeof(claims_that_name) / sizeof(claims_that_name[0]) && !found; i++)
		found = look_at(se_json_string(claims, claims_that_name[i]), wanted, person);
	se_json_free(claims);
	return found ? SE_OK : SE_ABSENT;
}

static enum se_code
look_into_answer(
	const struct se_post_reply *reply, const char *wanted, char person[SE_NAME_MAX + 1])
{
	struct se_json *json = se_json_parse(se_buffer_text(&reply->body), reply->body.len);
	enum se_code code = SE_ABSENT;
	struct se_secret *id_token;
	const char *text;

	if (json == NULL)
		return errno == ENOMEM ? SE_MEMORY : SE_ABSENT;
	text = se_json_string(json, "id_token");
	if (text != NULL) {
		id_token = se_secret_new(text, strlen(text));
		code = id_token != NULL ? look_into(id_token, wanted, person) : SE_MEMORY;
		se_secret_free(id_token);
	}
	se_json_free(json);
	return code;
}

enum se_code
se_sign_in_person(const struct se_post_reply *reply, const struct se_secret *access_token,
	const char *wanted, char person[SE_NAME_MAX + 1])
{
	enum se_code code;

	person[0] = '\0';
	code = look_into_answer(reply, wanted, person);
	if (code == SE_ABSENT && access_token != NULL)
		code = look_into(access_token, wanted, person);
	if (code == SE_ABSENT)
		code = person[0] == '\0' ? SE_OK : SE_DENIED;
	return code;
}
