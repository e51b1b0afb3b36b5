#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <unistd.h>

#include "core/source.h"
#include "engine/config.h"
#include "engine/secret_command.h"

#include "tool/identity.h"

/* The user's own configuration, where XDG's base directory specification puts it. */
static bool
users_path(char path[PATH_MAX])
{
	const char *base = getenv("XDG_CONFIG_HOME");
	const char *below = "";
	int n;

	if (base == NULL || base[0] != '/') {
		base = getenv("HOME");
		below = "/.config";
	}
	if (base == NULL || base[0] != '/')
		return false;
	n = snprintf(path, PATH_MAX, "%s%s/sasl-entra/sasl-entra.conf", base, below);
	return n > 0 && n < PATH_MAX;
}

static bool
make_absolute(const char *option, char path[PATH_MAX])
{
	char here[PATH_MAX];
	int n;

	if (option[0] == '/')
		return se_copy(path, PATH_MAX, option);
	if (getcwd(here, sizeof(here)) == NULL)
		return false;
	n = snprintf(path, PATH_MAX, "%s/%s", here, option);
	return n > 0 && n < PATH_MAX;
}

static bool
choose(const char *option, struct se_identity *identity)
{
	struct stat found;

	identity->users_own = false;
	if (option != NULL) {
		if (!make_absolute(option, identity->configuration))
			return false;
		identity->system = strcmp(identity->configuration, SE_CONFIGURATION_PATH) == 0;
		identity->users_own = geteuid() != 0 && !identity->system;
		return true;
	}
	if (geteuid() != 0 && users_path(identity->configuration) &&
		stat(identity->configuration, &found) == 0) {
		identity->users_own = true;
		identity->system = false;
		return true;
	}
	identity->system = true;
	return se_copy(
		identity->configuration, sizeof(identity->configuration), SE_CONFIGURATION_PATH);
}

bool
se_identity_is_usual(const struct se_identity *identity)
{
	struct se_identity usual;

	return choose(NULL, &usual) && strcmp(usual.configuration, identity->configuration) == 0;
}

bool
se_identity_choose_own(struct se_identity *identity)
{
	if (geteuid() == 0 || !users_path(identity->configuration))
		return false;
	identity->users_own = true;
	identity->system = false;
	se_secret_command_permit(true);
	return true;
}

bool
se_identity_choose(const char *option, struct se_identity *identity)
{
	const bool chosen = choose(option, identity);

	se_secret_command_permit(chosen && identity->users_own);
	return chosen;
}

/* False when there is nobody to become. */
static bool
find_owner(const struct se_identity *identity, struct stat *found)
{
	struct se_config *config = NULL;
	const char *path = SE_STATE_PATH;
	struct se_error unused;
	bool owned;

	if (se_config_load(identity->configuration, &config, NULL, &unused) == SE_OK &&
		config->state_dir != NULL)
		path = config->state_dir;
	owned = stat(path, found) == 0 && S_ISDIR(found->st_mode) && found->st_uid != 0;
	se_config_free(config);
	return owned;
}

static bool
take_groups(const struct stat *owner, gid_t *gid)
{
	const struct passwd *entry = getpwuid(owner->st_uid);

	*gid = owner->st_gid;
	if (entry == NULL)
		return setgroups(0, NULL) == 0;
	*gid = entry->pw_gid;
	return initgroups(entry->pw_name, entry->pw_gid) == 0;
}

void
se_identity_hide(void)
{
#ifdef PR_SET_DUMPABLE
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static bool
become(uid_t uid, gid_t gid, bool for_good)
{
	if (!for_good)
		return setegid(gid) == 0 && seteuid(uid) == 0;
	return setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0 && setuid(0) != 0;
}

enum se_code
se_identity_become_owner(const struct se_identity *identity, bool for_good, struct se_error *error)
{
	struct stat owner;
	gid_t gid;

	if (geteuid() != 0 || !find_owner(identity, &owner))
		return SE_OK;
	if (!take_groups(&owner, &gid) || !become(owner.st_uid, gid, for_good))
		return se_error_set(error, SE_INTERNAL,
			"could not become uid %lu, who owns the tokens: %s",
			(unsigned long)owner.st_uid, strerror(errno));
	se_identity_hide();
	return SE_OK;
}

bool
se_identity_owner(const struct se_identity *identity, uid_t *uid, gid_t *gid)
{
	const struct passwd *entry;
	struct stat owner;

	if (geteuid() != 0 || !find_owner(identity, &owner))
		return false;
	entry = getpwuid(owner.st_uid);
	*uid = owner.st_uid;
	*gid = entry != NULL ? entry->pw_gid : owner.st_gid;
	return true;
}

void
se_identity_return(void)
{
	/* A failure leaves fewer rights than were wanted: the next thing that needs them says so. */
	if (getuid() == 0 && geteuid() != 0 && seteuid(0) == 0 && setegid(0) == 0)
		se_identity_hide();
}
