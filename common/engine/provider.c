#include <stddef.h>

#include "engine/names.h"
#include "engine/provider.h"

static const char *const hve_servers[] = {"smtp.hve.mx.microsoft", "smtp-hve.office365.com", NULL};
static const char *const acs_servers[] = {"smtp.azurecomm.net", NULL};
static const char *const google_servers[] = {
	"smtp.gmail.com", "smtp-relay.gmail.com", "imap.gmail.com", "pop.gmail.com", NULL};

static const struct se_provider providers[] = {
	{.name = "entra", .microsoft = true},
	{.name = "hve",
		.microsoft = true,
		.delegated_scope = "https://outlook.office.com/Mail.Send offline_access",
		.servers = hve_servers},
	{.name = "acs",
		.microsoft = true,
		.app_scope = "https://communication.azure.com/.default",
		.servers = acs_servers},
	{.name = "google",
		.delegated_scope = "https://mail.google.com/",
		.servers = google_servers,
		.token_endpoint = "https://oauth2.googleapis.com/token",
		.authorization_endpoint = "https://accounts.google.com/o/oauth2/v2/auth"},
	{.name = "custom"},
};

const struct se_provider *
se_provider_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
		if (se_name_equal(providers[i].name, name))
			return &providers[i];
	return NULL;
}
