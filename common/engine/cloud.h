/*
 * cloud: what differs between Microsoft's clouds.
 * Source: Microsoft, "National clouds" (authorities), "Authenticate an IMAP, POP or SMTP
 * connection using OAuth" (scopes) and "Configure an application to trust a managed identity".
 */
#ifndef SE_ENGINE_CLOUD_H
#define SE_ENGINE_CLOUD_H

struct se_cloud {
	const char *name;           /* value of `cloud` */
	const char *alias;          /* another spelling of it, or NULL */
	const char *authority;      /* https://HOST */
	const char *app_scope;      /* client credentials */
	const char *delegated_base; /* "https://outlook.office.com/", before SMTP.Send and so on */
	const char *const *servers; /* default of `servers`, NULL-terminated */
	const char *exchange;       /* what a managed identity's token exchange is asked for;
	                               NULL: not offered in this cloud */
};

/* NULL when there is no cloud of that name. */
const struct se_cloud *se_cloud_find(const char *name);

#endif
