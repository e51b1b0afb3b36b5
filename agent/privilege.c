#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "agent/privilege.h"

enum se_code
se_privilege_find(const char *name, struct se_agent_user *user, struct se_error *error)
{
	const struct passwd *entry;

	*user = (struct se_agent_user){.uid = geteuid(), .gid = getegid()};
	if (name == NULL && geteuid() != 0)
		return SE_OK;
	if (name == NULL)
		return se_error_set(error, SE_CONFIG,
			"root must say with --user NAME which user keeps the secrets and tokens, "
			"for example --user sasl-entra");
	errno = 0;
	entry = getpwnam(name);
	if (entry == NULL)
		return se_error_set(error, SE_CONFIG, "--user %s: %s", name,
			errno == 0 ? "there is no such user" : strerror(errno));
	if (entry->pw_uid == 0)
		return se_error_set(error, SE_CONFIG,
			"--user %s: this is root; the agent needs a user of its own", name);
	if (geteuid() != 0 && entry->pw_uid != geteuid())
		return se_error_set(
			error, SE_CONFIG, "--user %s: only root can become this user", name);
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	if (geteuid() == 0)
		user->name = name;
	return SE_OK;
}

static bool
is_user(const struct se_agent_user *user)
{
	uid_t real_uid, effective_uid, saved_uid;
	gid_t real_gid, effective_gid, saved_gid;

	return getresuid(&real_uid, &effective_uid, &saved_uid) == 0 &&
	       getresgid(&real_gid, &effective_gid, &saved_gid) == 0 && real_uid == user->uid &&
	       effective_uid == user->uid && saved_uid == user->uid && real_gid == user->gid &&
	       effective_gid == user->gid && saved_gid == user->gid;
}

enum se_code
se_privilege_drop(const struct se_agent_user *user, struct se_error *error)
{
	if (user->name == NULL)
		return SE_OK;
	if (initgroups(user->name, user->gid) != 0 ||
		setresgid(user->gid, user->gid, user->gid) != 0 ||
		setresuid(user->uid, user->uid, user->uid) != 0)
		return se_error_set(error, SE_INTERNAL, "could not become the user %s: %s",
			user->name, strerror(errno));
	if (!is_user(user) || setuid(0) == 0 || seteuid(0) == 0)
		return se_error_set(error, SE_INTERNAL,
			"became the user %s, but the way back to root is still open", user->name);
	return SE_OK;
}

enum se_code
se_privilege_harden(struct se_error *error)
{
	static const char *const unwanted[] = {"SSLKEYLOGFILE", "http_proxy", "HTTP_PROXY",
		"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};
	const struct rlimit no_core = {0, 0};

	umask(077);
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		(void)unsetenv(unwanted[i]);
	if (setrlimit(RLIMIT_CORE, &no_core) != 0)
		return se_error_set(
			error, SE_INTERNAL, "could not forbid core files: %s", strerror(errno));
#ifdef PR_SET_DUMPABLE
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return se_error_set(
			error, SE_INTERNAL, "could not forbid tracing: %s", strerror(errno));
#endif
	return SE_OK;
}
