/*
 * status_walk: finds out how every account is, a bounded piece at a time. It reads state files and
 * asks nobody. The agent does it for the tool, and the tool for itself where there is no agent.
 */
#ifndef SE_ENGINE_STATUS_WALK_H
#define SE_ENGINE_STATUS_WALK_H

#include "core/source.h"
#include "engine/acquire.h"
#include "engine/config.h"
#include "engine/store.h"

enum { SE_STATUS_LOOKS = 200 }; /* accounts and state files that one call looks at, at most */

struct se_status_source {
	const struct se_config *config;
	struct se_store *store; /* NULL: there is no state directory */
	bool memory_only;       /* and there will be none: tokens live in memory */
	int64_t now;            /* seconds since 1970 */
	/* What this process knows of a token key, brought up to date; NULL: nothing. `error` is set
	 * where its state file cannot be used. May be NULL. */
	const struct se_acquisition *(*find)(
		void *context, const char *token_key, struct se_error *error);
	void *context;
};

/* Fills answer->status with lines (status.h) from `cursor` on, "" for the beginning, and
 * answer->more with the cursor to go on with, "" at the end. The caller frees the answer. A cursor
 * that is none of ours is SE_CONFIG. */
enum se_code se_status_walk(const struct se_status_source *source, const char *cursor,
	struct se_answer *answer, struct se_error *error);

#endif
