/*
 * import_account: what the files of sasl-xoauth2 say of one login name, in our terms.
 * Source: sasl-xoauth2's manual, sasl-xoauth2.conf(5): a token file may override all but the
 * settings of the log.
 */
#ifndef SE_TOOL_IMPORT_ACCOUNT_H
#define SE_TOOL_IMPORT_ACCOUNT_H

#include <stdbool.h>

#include "core/secret.h"
#include "engine/cloud.h"
#include "engine/json.h"

#include "tool/findings.h"

struct se_import_account {
	char *login;
	char *host; /* of the relay, as the password map has it; NULL: not known */
	char *file; /* the token file */
	char *user; /* what is sent in place of the login name; NULL: nothing */
	char *client_id, *tenant, *authority, *proxy, *ca_file; /* each may be NULL */
	const char *provider;                                   /* NULL: Entra */
	const struct se_cloud *cloud;
	bool app;                 /* client credentials: nobody signed in */
	struct se_secret *secret; /* the client's; NULL: none */
	struct se_secret *refresh_token;
	const char *label; /* of the account that serves it, once that is known */
	bool existing;     /* ... and that was there before */
};

/* Reads the token file account->file over what `conf` (may be NULL) says. False when it cannot be
 * taken, which `findings` says then; also what of it is not taken. */
bool se_import_account_read(struct se_import_account *account, const struct se_json *conf,
	const char *conf_path, struct se_findings *findings);

/* A part of it: provider, cloud, tenant and authority of a token endpoint. */
bool se_import_take_endpoint(
	struct se_import_account *account, const char *endpoint, struct se_findings *findings);

/* The client id and the secret that nobody has filled in are none. */
bool se_import_is_placeholder(const char *text);

bool
se_import_same_registration(const struct se_import_account *a, const struct se_import_account *b);

void se_import_account_free(struct se_import_account *account);

#endif
