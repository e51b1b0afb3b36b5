/*
 * account: which account of the configuration serves a login name, and whether a server or a
 * user may have its token.
 */
#ifndef SE_ENGINE_ACCOUNT_H
#define SE_ENGINE_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/error.h"
#include "engine/config.h"

/* Who asks, as the kernel says (agent only). */
struct se_peer {
	uid_t uid;
	gid_t gid;
	gid_t groups[64];
	size_t group_count;
};

/* The account whose `match` fits the login name most exactly (address, then *@domain, then *;
 * ASCII case is ignored). NULL with SE_NO_ACCOUNT in `error` and the file named when none does. */
const struct se_account *
se_account_match(const struct se_config *config, const char *login, struct se_error *error);

/* The account with that label, else the one that matches NAME as a login name. For the tool's
 * NAME argument. */
const struct se_account *
se_account_named(const struct se_config *config, const char *name, struct se_error *error);

/* SE_DENIED unless the account's `servers` holds the host name (case and a final dot ignored).
 * The sentence names the server, the account and the key. */
enum se_code se_account_check_server(
	const struct se_account *account, const char *server, struct se_error *error);

/* SE_DENIED unless `allow` holds the peer; root is always allowed. */
enum se_code se_account_check_peer(
	const struct se_account *account, const struct se_peer *peer, struct se_error *error);

/* The SASL user the account prescribes for that service, or NULL. */
const char *se_account_user(const struct se_account *account, const char *service);

/* Whose sign-in is used: `identity`, else the login name. Meaningless for app-only accounts. */
const char *se_account_identity(const struct se_account *account, const char *login);

#endif
