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

static bool
look_into(const struct se_secret *token, const char *wanted, char person[SE_NAME_MAX + 1])
{
	struct se_json *claims = token != NULL ? se_jwt_claims(token) : NULL;
	bool found = false;
	size_t i;

	if (claims == NULL)
		return false;
	for (i = 0; i < sizeof(claims_that_name) / sizeof(claims_that_name[0]) && !found; i++)
		found = look_at(se_json_string(claims, claims_that_name[i]), wanted, person);
	se_json_free(claims);
	return found;
}

bool
se_sign_in_person(const struct se_reply *reply, const struct se_secret *access_token,
	const char *wanted, char person[SE_NAME_MAX + 1])
{
	struct se_json *json = se_json_parse(se_buffer_text(&reply->body), reply->body.len);
	const char *text = json != NULL ? se_json_string(json, "id_token") : NULL;
	struct se_secret *id_token = text != NULL ? se_secret_new(text, strlen(text)) : NULL;
	bool found;

	person[0] = '\0';
	found = look_into(id_token, wanted, person) || look_into(access_token, wanted, person);
	se_secret_free(id_token);
	se_json_free(json);
	return found || person[0] == '\0';
}
