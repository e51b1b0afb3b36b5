#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/derive_environment.h"
#include "engine/environment.h"
#include "engine/identifiers.h"
#include "engine/urls.h"

/* The end of "[account LABEL] ". */
#define WRONG(what) \
	"has federated_token_file = env, but " what " in the environment; Azure's workload " \
	"identity webhook sets it for pods that have the label azure.workload.identity/use"

/* A copy: the environment may change under us. An empty variable is none. */
static bool
take(struct se_arena *arena, const char *variable, const char **text)
{
	const char *found = secure_getenv(variable);

	*text = NULL;
	if (found == NULL || found[0] == '\0')
		return true;
	*text = se_arena_text(arena, found, strlen(found));
	return *text != NULL;
}

static void
fill(struct se_account *account, enum se_key key, const char *text, const char *why)
{
	if (account->value[key].text != NULL)
		return;
	account->value[key].text = text;
	if (text == NULL)
		account->unusable = why;
}

/* "https://login.microsoftonline.com/" -> without the slash at its end. */
static void
fill_authority(struct se_account *account, struct se_arena *arena, const char *host)
{
	size_t len = host != NULL ? strlen(host) : 0;
	const char *origin;

	if (len == 0 || account->value[SE_KEY_AUTHORITY].text != NULL)
		return;
	while (len > 0 && host[len - 1] == '/')
		len--;
	origin = se_arena_text(arena, host, len);
	if (origin == NULL || se_url_origin_problem(origin) != NULL)
		account->unusable = WRONG("AZURE_AUTHORITY_HOST is not https://HOST");
	else
		account->value[SE_KEY_AUTHORITY].text = origin;
}

static bool
from_environment(struct se_account *account, struct se_arena *arena)
{
	const char *tenant, *client, *authority, *file;

	if (!take(arena, "AZURE_TENANT_ID", &tenant) || !take(arena, "AZURE_CLIENT_ID", &client) ||
		!take(arena, "AZURE_AUTHORITY_HOST", &authority) ||
		!take(arena, "AZURE_FEDERATED_TOKEN_FILE", &file))
		return false;
	account->from_environment = true;
	fill(account, SE_KEY_TENANT, tenant, WRONG("AZURE_TENANT_ID is not set"));
	fill(account, SE_KEY_CLIENT_ID, client, WRONG("AZURE_CLIENT_ID is not set"));
	fill_authority(account, arena, authority);
	account->federated_token_file = file;
	if (client != NULL && !se_is_guid(account->value[SE_KEY_CLIENT_ID].text))
		account->unusable = WRONG("AZURE_CLIENT_ID is not a GUID");
	if (tenant != NULL && !se_is_guid(tenant) && !se_is_domain(tenant, strlen(tenant)))
		account->unusable = WRONG("AZURE_TENANT_ID is neither a GUID nor a domain name");
	if (file == NULL || file[0] != '/')
		account->unusable = WRONG("AZURE_FEDERATED_TOKEN_FILE is not set to a path");
	return true;
}

bool
se_derive_environment(struct se_account *account, struct se_arena *arena)
{
	const char *written = account->value[SE_KEY_FEDERATED_TOKEN_FILE].text;

	if (written == NULL || strcmp(written, "managed-identity") == 0)
		return true;
	if (strcmp(written, "env") == 0)
		return from_environment(account, arena);
	account->federated_token_file = written;
	return true;
}
