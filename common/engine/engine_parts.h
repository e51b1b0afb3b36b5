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
	struct se_engine *engine;
	struct se_entry *next, **from; /* the list of all, and who points here */
	struct se_entry *chain;        /* more of the same bucket */
	int64_t due;                   /* monotonic ms: when something is to be done for it */
	size_t place;                  /* in the heap, from 1; 0: not in it */
	struct se_ask *asks, *last;    /* who waits, the oldest first */

	/* what the agent renews it for by itself; see engine_ahead.c */
	const struct se_account *account; /* of the configuration in force; NULL: it has none */
	char login[SE_NAME_MAX + 1];      /* for messages */
	int64_t used;                     /* monotonic ms: asked for last */
	int64_t not_before;               /* monotonic ms: no renewal until then */
	bool ahead;                       /* one is under way */
};

struct se_ask {
	struct se_ask *next;
	struct se_entry *entry;
	enum se_operation operation;
	uint32_t time_left; /* milliseconds that the asker had */
	char login[SE_NAME_MAX + 1];
	char rejected[SE_FINGERPRINT_MAX + 1];
	char user[SE_NAME_MAX + 1];
	unsigned min_lifetime;
	int64_t deadline; /* monotonic ms */
	uint64_t serial;  /* later ones have greater ones */
	se_engine_done *done;
	void *context;
};

/* The last ask, where se_engine_answered() is to tell of it. */
struct se_answered {
	uint64_t number;  /* of the ask, from 1; never used twice */
	bool stands;      /* nothing was done since */
	int64_t second;   /* of the wall clock before its answer */
	uint64_t changes; /* se_store_changes() before its answer */
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
	enum se_code
		no_store; /* why state_dir could not be opened; SE_OK: it is, or there is none */
	struct se_entry *entries; /* all of them, in no order */
	size_t entry_count;
	struct se_entry **buckets; /* by the name of the token key */
	size_t bucket_count;       /* a power of 2 */
	struct se_entry **heap;    /* by `due`; from 1 */
	size_t heap_count;
	size_t heap_size;
	uint64_t serial;        /* of the last ask */
	unsigned ahead;         /* renewals under way that nobody asked for */
	bool winding_down;      /* no renewals of that kind are begun */
	unsigned poll_failures; /* in a row */
	unsigned telling;       /* calls of `done` under way: no entry goes meanwhile */
	struct se_answered answered;
};

int64_t se_engine_monotonic(const struct se_engine *engine);

/* Before anything is done that could make the answer of the last ask another one. */
void se_engine_stir(struct se_engine *engine);

/* Opens the state directory where that has failed for a reason that may have passed. */
void se_engine_want_store(struct se_engine *engine);

/* --- engine_entries.c: finding an entry, and whose turn it is ----------------------------------- */

struct se_entry *se_entry_find(const struct se_engine *engine, const char *name);

/* Takes the key over. NULL when memory ran out. */
struct se_entry *se_entry_add(struct se_engine *engine, struct se_token_key *key);

/* Nobody may wait for it. */
void se_entry_drop(struct se_entry *entry);

/* Something has changed: when is it due now? */
void se_entry_touch(struct se_entry *entry);

void se_entry_due_changed(struct se_acquisition *acquisition); /* for struct se_shared */

/* The one that is due first; NULL: none ever. */
struct se_entry *se_entry_first(const struct se_engine *engine);

/* --- engine_ask.c ------------------------------------------------------------------------------- */

/* Gives an ask its end: the token at hand when `code` is SE_OK or it must do, else `error`. */
void se_ask_give(const struct se_ask *ask, const struct se_acquisition *acquisition,
	enum se_code code, const struct se_error *error);

/* Takes an ask off its entry's list; false when it is not on it any more. */
bool se_ask_take_off(const struct se_ask *ask);

/* Begins a fetch for an entry that has none under way. */
void se_engine_begin(struct se_entry *entry, const struct se_account *account, const char *login,
	enum se_why why, unsigned min_lifetime, int64_t until);

/* --- engine_ahead.c: what the agent does before anybody asks --------------------------------------- */

/* When the entry is to be renewed by itself: monotonic ms, INT64_MAX for never. */
int64_t se_ahead_due(const struct se_entry *entry);

/* Begins that renewal, or puts it off while enough others are under way. */
void se_ahead_begin(struct se_entry *entry);

/* After the configuration or the state directory has changed: which entries the accounts have, with
 * those whose state an earlier agent kept; the others go. */
void se_ahead_adopt(struct se_engine *engine);

/* --- engine_outcome.c --------------------------------------------------------------------------- */

/* Calls options.outcome, if anybody wants to know. `error` NULL: there is a token,
 * and no failure is remembered. */
void se_engine_tell(const struct se_engine *engine, const struct se_account *account,
	const struct se_acquisition *acquisition, const char *login, const struct se_error *error);

/* The same for an ask that came to no entry. */
void se_engine_tell_refusal(const struct se_engine *engine, const struct se_account *account,
	const char *login, const struct se_error *error);

#endif
