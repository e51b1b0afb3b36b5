/*
 * memory: the last token of this process, for the few seconds that its source allows, so that a
 * second login to the same server asks nobody. It is one token, whichever login names got it: senders
 * of one registration share it.
 */
#ifndef SE_PLUGIN_MEMORY_H
#define SE_PLUGIN_MEMORY_H

#include <stdbool.h>

#include "core/source.h"

#include "init.h"

enum {
	SE_MEMORY_MAX_S = 60,
	SE_MEMORY_NAMES = 16 /* asks, by login name, service and server, that it answers */
};

/* Whether the same was asked before, by this process and this user, and the answer still holds;
 * then a copy of it, to be freed by the caller. request->rejected has to be set: that token is not
 * recalled. */
bool se_memory_recall(
	struct se_plugin *plugin, const struct se_request *request, struct se_answer *answer);

/* Keeps it, if the source lets it (answer->keep): the token may then be taken out of the answer, which
 * has served. */
void se_memory_keep(
	struct se_plugin *plugin, const struct se_request *request, struct se_answer *answer);

/* Wipes it. */
void se_memory_forget(struct se_plugin *plugin);

#endif
