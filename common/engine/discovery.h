/*
 * discovery: what an authority says of a tenant: its id, and in which of Microsoft's clouds it is.
 * Nobody has to prove anything for it.
 * Source: OpenID Connect Discovery 1.0; Microsoft, "OpenID Connect on the Microsoft identity
 * platform".
 */
#ifndef SE_ENGINE_DISCOVERY_H
#define SE_ENGINE_DISCOVERY_H

#include <stdint.h>

#include "core/error.h"
#include "core/world.h"
#include "engine/config.h"

enum { SE_TENANT_ID_SIZE = 37 }; /* with the NUL */

struct se_discovery {
	char tenant_id[SE_TENANT_ID_SIZE]; /* "": the tenant is common or the like */
	char instance[64];                 /* "microsoftonline.com"; "": not said */
	const struct se_cloud *cloud;      /* NULL: none that we know, or not said */
};

/* Asks `origin` (https://HOST[:PORT]) for the account's tenant, with the account's proxy and ca_file,
 * until `deadline` (monotonic ms). SE_ABSENT: the authority knows no such tenant. */
enum se_code se_discovery_look(const struct se_account *account, const char *origin,
	const struct se_world *world, int64_t deadline, struct se_discovery *found,
	struct se_error *error);

/* The same for the tenant of a cloud that is not known yet: asks each cloud's authority in turn. */
enum se_code se_discovery_search(const struct se_account *account, const struct se_world *world,
	int64_t deadline, struct se_discovery *found, struct se_error *error);

/* What an openid-configuration document says. SE_AGAIN when it is none. */
enum se_code
se_discovery_read(const char *body, size_t len, struct se_discovery *found, struct se_error *error);

#endif
