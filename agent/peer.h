/*
 * peer: who is at the other end of a connection, as the kernel knows; which of them administer
 * the agent; and that a refused one does not fill the log.
 */
#ifndef SE_AGENT_PEER_H
#define SE_AGENT_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/account.h"

/* uid, gid and supplementary groups of a connected Unix socket's peer at the time it connected.
 * Where the kernel does not tell the groups there are none: asking the name service could block. Where
 * it does not tell who it is, it is nobody (uid -1), who gets what is for everybody. */
void se_peer_of(int fd, struct se_peer *peer);

/* Root, and the agent's own user. */
bool se_peer_may_administer(const struct se_peer *peer);

enum { SE_REFUSED_UIDS = 64, SE_REFUSED_PAUSE_MS = 60000 };

/* Zeroed at the start. */
struct se_refusals {
	struct {
		uid_t uid;
		bool used;
		int64_t said;    /* monotonic milliseconds */
		unsigned unsaid; /* refusals since */
	} entry[SE_REFUSED_UIDS];
};

/* Whether this refusal is to be logged: once a minute for each uid. `unsaid` becomes the number
 * of refusals that were not logged before it. */
bool se_refusal_note(struct se_refusals *refusals, uid_t uid, int64_t now, unsigned *unsaid);

#endif
