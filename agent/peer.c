#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/peer.h"

enum { GROUPS_KEPT = sizeof(((struct se_peer *)0)->groups) / sizeof(gid_t) };

#ifdef SO_PEERCRED

static bool
read_ids(int fd, struct se_peer *peer)
{
	struct ucred ids;
	socklen_t len = sizeof(ids);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ids, &len) != 0 || len != sizeof(ids))
		return false;
	peer->uid = ids.uid;
	peer->gid = ids.gid;
	return ids.uid != (uid_t)-1;
}

#else

static bool
read_ids(int fd, struct se_peer *peer)
{
	return getpeereid(fd, &peer->uid, &peer->gid) == 0;
}

#endif

static void
read_groups(int fd, struct se_peer *peer)
{
#ifdef SO_PEERGROUPS
	socklen_t len = sizeof(peer->groups);
	gid_t *all;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &len) == 0) {
		peer->group_count = len / sizeof(gid_t);
		return;
	}
	/* More than fit: the kernel has said how many, and we keep the first. */
	if (len <= sizeof(peer->groups) || (all = malloc(len)) == NULL)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, all, &len) == 0) {
		memcpy(peer->groups, all, sizeof(peer->groups));
		peer->group_count = GROUPS_KEPT;
	}
	free(all);
#else
	(void)fd;
	(void)peer;
#endif
}

void
se_peer_of(int fd, struct se_peer *peer)
{
	memset(peer, 0, sizeof(*peer));
	if (read_ids(fd, peer)) {
		read_groups(fd, peer);
	} else {
		peer->uid = (uid_t)-1;
		peer->gid = (gid_t)-1;
	}
}

bool
se_peer_may_administer(const struct se_peer *peer)
{
	return peer->uid == 0 || peer->uid == geteuid();
}

bool
se_refusal_note(struct se_refusals *refusals, uid_t uid, int64_t now, unsigned *unsaid)
{
	size_t place = 0;

	*unsaid = 0;
	for (size_t i = 0; i < SE_REFUSED_UIDS; i++) {
		if (refusals->entry[i].used && refusals->entry[i].uid == uid) {
			place = i;
			break;
		}
		/* a free place, else the one that was logged longest ago */
		if (!refusals->entry[place].used)
			continue;
		if (!refusals->entry[i].used ||
			refusals->entry[i].said < refusals->entry[place].said)
			place = i;
	}
	if (refusals->entry[place].used && refusals->entry[place].uid == uid) {
		if (now - refusals->entry[place].said < SE_REFUSED_PAUSE_MS) {
			refusals->entry[place].unsaid++;
			return false;
		}
		*unsaid = refusals->entry[place].unsaid;
	}
	refusals->entry[place].uid = uid;
	refusals->entry[place].used = true;
	refusals->entry[place].said = now;
	refusals->entry[place].unsaid = 0;
	return true;
}
