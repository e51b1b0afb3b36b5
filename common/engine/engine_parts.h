/*
 * engine_parts: what the parts of engine share. Not for anybody else.
 */
#ifndef SE_ENGINE_ENGINE_PARTS_H
#define SE_ENGINE_ENGINE_PARTS_H

#include "engine/acquire.h"
#include "engine/engine.h"

/* One token key, and those who wait for its token. */
struct se_entry {
	struct se_acquisition acquisition; /* first: the callback gets its address */
	struct se_entry *next;
	struct se_engine *engine;
};

struct se_ask {
	struct se_ask *next;
	struct se_entry *entry;
	struct se_request request;
	char user[SE_NAME_MAX + 1];
	unsigned min_lifetime;
	int64_t deadline; /* monotonic ms */
	bool ready;       /* what it waited for has ended, and it is about to be told */
	se_engine_done *done;
	void *context;
};

/* A configuration that was replaced while a fetch was using it. */
struct se_retired {
	struct se_retired *next;
	struct se_config *config;
};

struct se_engine {
	struct se_engine_options options;
	char *path;
	struct se_shared shared;
	struct se_config *config;
	struct se_file_id tried; /* the file that was read last, well or badly */
	struct se_retired *retired;
	char *state_dir;
	struct se_entry *entries;
	struct se_ask *asks;
	unsigned telling; /* calls of `done` that a turn has under way: no entry goes meanwhile */
};

int64_t se_engine_monotonic(const struct se_engine *engine);

/* Gives an ask its end: the token at hand when `code` is SE_OK or it must do, else `error`. */
void se_ask_give(const struct se_ask *ask, const struct se_acquisition *acquisition,
	enum se_code code, const struct se_error *error);

/* engine_outcome.c: calls options.outcome, if anybody wants to know. `error` NULL: there is a token,
 * and no failure is remembered. */
void se_engine_tell(const struct se_engine *engine, const struct se_account *account,
	const struct se_acquisition *acquisition, const char *login, const struct se_error *error);

/* The same for an ask that came to no entry. */
void se_engine_tell_refusal(const struct se_engine *engine, const struct se_account *account,
	const char *login, const struct se_error *error);

/* Takes an ask off the engine's list; false when it is not on it any more. */
bool se_ask_take_off(struct se_engine *engine, const struct se_ask *ask);

#endif
