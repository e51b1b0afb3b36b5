#include <stddef.h>

#include "engine/cloud.h"
#include "engine/names.h"

static const char *const global_servers[] = {"smtp.office365.com", "smtp-legacy.office365.com",
	"smtp.hve.mx.microsoft", "smtp-hve.office365.com", "outlook.office365.com",
	"smtp-mail.outlook.com", NULL};
static const char *const gcc_high_servers[] = {"smtp.office365.us", "outlook.office365.us", NULL};
static const char *const dod_servers[] = {"outlook-dod.office365.us", "webmail.apps.mil", NULL};
static const char *const china_servers[] = {"smtp.partner.outlook.cn", "partner.outlook.cn", NULL};

static const struct se_cloud clouds[] = {
	{"global", NULL, "https://login.microsoftonline.com",
		"https://outlook.office365.com/.default", "https://outlook.office.com/",
		global_servers, "api://AzureADTokenExchange"},
	{"gcc-high", "usgov", "https://login.microsoftonline.us",
		"https://outlook.office365.us/.default", "https://outlook.office365.us/",
		gcc_high_servers, "api://AzureADTokenExchangeUSGov"},
	/* Not verified against a DoD tenant; other clients use this scope too. */
	{"dod", "usgov-dod", "https://login.microsoftonline.us",
		"https://outlook.office365.us/.default", "https://outlook.office365.us/",
		dod_servers, "api://AzureADTokenExchangeUSGov"},
	{"china", NULL, "https://login.partner.microsoftonline.cn",
		"https://partner.outlook.cn/.default", "https://partner.outlook.cn/", china_servers,
		"api://AzureADTokenExchangeChina"},
};

const struct se_cloud *
se_cloud_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(clouds) / sizeof(clouds[0]); i++)
		if (se_name_equal(clouds[i].name, name) ||
			(clouds[i].alias != NULL && se_name_equal(clouds[i].alias, name)))
			return &clouds[i];
	return NULL;
}
