#include <string.h>

#include "core/source.h"
#include "engine/audience.h"
#include "engine/cloud.h"
#include "engine/json.h"
#include "engine/jwt.h"
#include "engine/provider.h"

/* Exchange Online as resource: its app id, and the URI of its administration, which scopes of IMAP
 * and POP go by in an administrator's consent. (Microsoft, "Authenticate an IMAP, POP or SMTP
 * connection using OAuth".) Those of mail are the clouds'. */
static const char *const exchange[] = {
	"00000002-0000-0ff1-ce00-000000000000", "https://ps.outlook.com", NULL};

/* Whether `audience`, a URI with or without a slash at its end, is the resource of a scope. */
static bool
is_resource_of(const char *audience, const char *scope)
{
	size_t len = strlen(audience);

	while (len > 0 && audience[len - 1] == '/')
		len--;
	return scope != NULL && len > 0 && strncmp(audience, scope, len) == 0 &&
	       (scope[len] == '/' || scope[len] == '\0');
}

bool
se_audience_is_known(const struct se_account *account, const char *audience)
{
	const char *cloud_name = account->value[SE_KEY_CLOUD].text;
	const struct se_cloud *cloud = cloud_name != NULL ? se_cloud_find(cloud_name) : NULL;
	size_t i;

	if (is_resource_of(audience, account->provider->app_scope) ||
		is_resource_of(audience, account->provider->delegated_scope))
		return true;
	if (cloud == NULL || is_resource_of(audience, cloud->app_scope) ||
		is_resource_of(audience, cloud->delegated_base))
		return true;
	for (i = 0; exchange[i] != NULL; i++)
		if (is_resource_of(audience, exchange[i]))
			return true;
	return false;
}

bool
se_audience_is_foreign(const struct se_account *account, const struct se_secret *token,
	char *audience, size_t size)
{
	struct se_json *claims;
	const char *found;
	bool foreign;

	if (!account->provider->microsoft || account->value[SE_KEY_SCOPE].text == NULL)
		return false;
	claims = se_jwt_claims(token);
	found = claims != NULL ? se_json_string(claims, "aud") : NULL;
	foreign = found != NULL && !se_audience_is_known(account, found);
	if (foreign) {
		(void)se_copy(audience, size, found);
		se_text_clean(audience);
	}
	se_json_free(claims);
	return foreign;
}
