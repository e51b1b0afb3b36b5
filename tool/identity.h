/*
 * identity: whose configuration is used, and as which user the tool touches tokens and
 * credentials: never as root where another user owns them.
 */
#ifndef SE_TOOL_IDENTITY_H
#define SE_TOOL_IDENTITY_H

#include <limits.h>
#include <stdbool.h>

#include <sys/types.h>

#include "core/error.h"

struct se_identity {
	char configuration[PATH_MAX]; /* absolute */
	bool users_own;               /* the state lies in the user's own directory */
	bool system;                  /* the system's configuration, which the agent serves */
};

/* Root uses the system's configuration; everybody else his own where there is one, else the
 * system's. `option` (--config, may be NULL) names another one. False when its path is too
 * long. */
bool se_identity_choose(const char *option, struct se_identity *identity);

/* Whether it is the one that is used without --config. */
bool se_identity_is_usual(const struct se_identity *identity);

/* Where a user's own configuration is to be written, in place of the system's: it need not exist. False
 * for root, and where there is no home directory. */
bool se_identity_choose_own(struct se_identity *identity);

/* Root becomes the owner of the state directory that the configuration names; anybody else, or
 * where the directory is root's or missing, stays. For good, or so that se_identity_return()
 * comes back. Reads the configuration for it; a broken one names no directory. */
enum se_code
se_identity_become_owner(const struct se_identity *identity, bool for_good, struct se_error *error);
void se_identity_return(void);

/* Nobody but root may attach to this process or have a core of it. The kernel goes back to what
 * fs.suid_dumpable says whenever a process becomes another user: both functions above see to that. */
void se_identity_hide(void);

/* Whom root would become; false where root stays, and for anybody else. */
bool se_identity_owner(const struct se_identity *identity, uid_t *uid, gid_t *gid);

#endif
