#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/urls.h"

#include "tool/import_account.h"

static const char *const googles[] = {"https://accounts.google.com/",
	"https://oauth2.googleapis.com/", "https://www.googleapis.com/", NULL};
static const char *const clouds[] = {"global", "gcc-high", "china", NULL};
static const char *const hve_hosts[] = {"smtp.hve.mx.microsoft", "smtp-hve.office365.com", NULL};
static const char *const acs_hosts[] = {"smtp.azurecomm.net", NULL};

static bool
begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

static bool
is_in(const char *const *list, const char *text)
{
	for (; text != NULL && *list != NULL; list++)
		if (strcasecmp(*list, text) == 0)
			return true;
	return false;
}

/* ORIGIN/TENANT/oauth2/v2.0/token, or without v2.0: a refresh token serves both. */
static bool
take_tenant(struct se_import_account *account, const char *path)
{
	size_t len = strcspn(path, "/");

	if (len == 0 || (strcmp(path + len, "/oauth2/v2.0/token") != 0 &&
				strcmp(path + len, "/oauth2/token") != 0))
		return false;
	account->tenant = strndup(path, len);
	return account->tenant != NULL;
}

static bool
take_entra(struct se_import_account *account, const char *endpoint)
{
	const char *slash;

	for (size_t i = 0; clouds[i] != NULL; i++) {
		const struct se_cloud *cloud = se_cloud_find(clouds[i]);
		size_t len = strlen(cloud->authority);

		if (!begins(endpoint, cloud->authority) || endpoint[len] != '/')
			continue;
		account->cloud = cloud;
		if (is_in(se_cloud_find("dod")->servers, account->host))
			account->cloud = se_cloud_find("dod");
		return take_tenant(account, endpoint + len + 1);
	}
	if (!begins(endpoint, "https://") || (slash = strchr(endpoint + 8, '/')) == NULL)
		return false;
	account->cloud = se_cloud_find("global");
	account->authority = strndup(endpoint, (size_t)(slash - endpoint));
	return account->authority != NULL && se_url_origin_problem(account->authority) == NULL &&
	       take_tenant(account, slash + 1);
}

bool
se_import_take_endpoint(
	struct se_import_account *account, const char *endpoint, struct se_findings *findings)
{
	for (size_t i = 0; googles[i] != NULL; i++)
		if (begins(endpoint, googles[i])) {
			account->provider = "google";
			return true;
		}
	if (take_entra(account, endpoint)) {
		if (is_in(hve_hosts, account->host))
			account->provider = "hve";
		if (is_in(acs_hosts, account->host))
			account->provider = "acs";
		return true;
	}
	se_findings_add(findings, false, 0,
		"%s: %s: token_endpoint %s is neither Microsoft's "
		"(https://login.microsoftonline.com/TENANT/oauth2/v2.0/token) nor Google's; write "
		"its account by hand, with provider = custom: sasl-entra.conf(5)",
		account->login, account->file, endpoint);
	return false;
}
