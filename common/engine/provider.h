/*
 * provider: what `provider` presets, beside Entra with Exchange Online, which the cloud decides.
 * Source: Microsoft, "OAuth for High Volume Email" and "Send email by SMTP with OAuth" (Azure
 * Communication Services); Google, "OAuth 2.0 for native applications" and "XOAUTH2".
 */
#ifndef SE_ENGINE_PROVIDER_H
#define SE_ENGINE_PROVIDER_H

#include <stdbool.h>

struct se_provider {
	const char *name;
	bool microsoft;              /* tenant, cloud and the GUID of a client id have a meaning */
	const char *app_scope;       /* NULL: the cloud's */
	const char *delegated_scope; /* NULL: from `services` */
	const char *const *servers;  /* default of `servers`; NULL: the cloud's */
	const char *token_endpoint;  /* NULL: the authority's, or to be written out */
	const char *authorization_endpoint; /* likewise */
	const char *device_endpoint;        /* likewise; NULL with Google, which gives no mail
	                                       scope to a device */
};

/* NULL when there is no provider of that name. */
const struct se_provider *se_provider_find(const char *name);

#endif
