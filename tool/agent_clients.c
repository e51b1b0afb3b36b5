#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "core/source.h"

#include "tool/agent_clients.h"
#include "tool/agent_reload.h"

enum { GROUPS_MAX = 256 };

/* Members of the agent's own group may read what it may. */
static bool
reads_secrets(const struct se_identity *identity, gid_t gid)
{
	const struct passwd *entry = NULL;
	gid_t group;
	uid_t uid;

	if (gid == 0)
		return true;
	if (se_agent_user(identity, &uid) || se_identity_owner(identity, &uid, &group))
		entry = getpwuid(uid);
	return entry != NULL && gid == entry->pw_gid;
}

void
se_agent_clients_look(const struct se_identity *identity, struct se_agent_clients *clients)
{
	const struct group *group = NULL;
	struct stat found;

	memset(clients, 0, sizeof(*clients));
	clients->there = stat(SE_SOCKET_PATH, &found) == 0;
	if (clients->there && !reads_secrets(identity, found.st_gid))
		group = getgrgid(found.st_gid);
	if (group != NULL && se_copy(clients->group, sizeof(clients->group), group->gr_name))
		clients->open = (found.st_mode & 020) != 0;
	else
		(void)se_copy(clients->group, sizeof(clients->group), SE_AGENT_CLIENTS);
	clients->to_all = clients->there && (found.st_mode & 02) != 0;
}

bool
se_agent_clients_has(const struct se_agent_clients *clients, const char *user)
{
	const struct passwd *entry = getpwnam(user);
	const struct group *group = getgrnam(clients->group);
	gid_t list[GROUPS_MAX];
	int count = GROUPS_MAX;

	if (entry == NULL || group == NULL || getgrouplist(user, entry->pw_gid, list, &count) < 0)
		return false;
	for (int i = 0; i < count; i++)
		if (list[i] == group->gr_gid)
			return true;
	return false;
}

void
se_agent_clients_add(const struct se_agent_clients *clients, const char *user, const char *before,
	struct se_buffer *out)
{
	const char *group = clients->group;

	if (getgrnam(group) == NULL)
		se_buffer_addf(out, "%sgroupadd --system %s\n", before, group);
	if (clients->there && !clients->open && !clients->to_all)
		se_buffer_addf(out, "%schgrp %s %s && chmod 0660 %s\n", before, group,
			SE_SOCKET_PATH, SE_SOCKET_PATH);
	if (user != NULL && !se_agent_clients_has(clients, user))
		se_buffer_addf(out, "%susermod --append --groups %s %s\n", before, group, user);
}
