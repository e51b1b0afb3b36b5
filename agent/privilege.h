/*
 * privilege: the agent's own user, the way from root to him, and what nobody may do to the
 * process afterwards.
 */
#ifndef SE_AGENT_PRIVILEGE_H
#define SE_AGENT_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/error.h"

struct se_agent_user {
	const char *name; /* NULL: nobody to become, we stay who we are */
	uid_t uid;
	gid_t gid; /* main group */
};

/* Finds the user to become. SE_CONFIG when there is no such user, when it is root, when root
 * named none, or when only root could become him. */
enum se_code
se_privilege_find(const char *name, struct se_agent_user *user, struct se_error *error);

/* Becomes that user for good, groups first, and makes sure that there is no way back. */
enum se_code se_privilege_drop(const struct se_agent_user *user, struct se_error *error);

/* No core, no tracer, no files for others, nothing in the environment that leads curl astray. */
enum se_code se_privilege_harden(struct se_error *error);

#endif
