/*
 * acquire: gets the token of one token key, one fetch at a time among all processes that share
 * the state directory. A small state machine that never blocks; engine.c drives it.
 */
#ifndef SE_ENGINE_ACQUIRE_H
#define SE_ENGINE_ACQUIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/world.h"
#include "engine/config.h"
#include "engine/exchange.h"
#include "engine/http.h"
#include "engine/secret_command.h"
#include "engine/store.h"
#include "engine/token_key.h"

/* What all acquisitions of an engine share. */
struct se_acquisition;

struct se_shared {
	const struct se_world *world;
	struct se_http *http;   /* made at the first fetch */
	struct se_store *store; /* NULL: tokens live in memory only */
	bool environment;       /* this process may believe its own (managed_identity.h) */
	void (*log)(void *context, bool warning, const char *text);
	void *context;
	/* se_acquire_due() has become another one without se_acquire_step(). NULL: no matter. */
	void (*due_changed)(struct se_acquisition *acquisition);
};

enum se_why {
	SE_WHY_NEED,  /* somebody waits for a token */
	SE_WHY_AHEAD, /* the present one will do, unless a new one can be had without a wait */
	SE_WHY_FORCED /* a new one, whatever there is */
};

/* Called once for each se_acquire_begin(), possibly from inside it. SE_OK: `acquisition` has a
 * token to use, just fetched or found; else `error`. */
typedef void se_acquire_ended(void *context, struct se_acquisition *acquisition, enum se_code code,
	const struct se_error *error);

struct se_acquisition {
	struct se_shared *shared;
	struct se_token_key key;
	struct se_state state;
	struct se_store
		*store; /* that of `shared`, or the one before it while something is under way */
	struct se_file_id file; /* of the state file when it was last read or written */
	uint64_t seen;          /* se_store_changes() before that; 0: it is looked at again */
	bool unsaved;           /* `state` is newer than the file */
	int64_t save_again;     /* monotonic ms: when to try again */
	bool complained;        /* that it cannot be kept has been said */
	bool file_broken;       /* the state file cannot be read and is not written over */
	char rejected[SE_FINGERPRINT_MAX + 1]; /* a token that a server refused */
	int64_t rejected_at;                   /* monotonic ms */

	/* the acquisition under way */
	enum {
		SE_PHASE_IDLE,
		SE_PHASE_LOCKING,
		SE_PHASE_PAUSED,
		SE_PHASE_RUNNING,
		SE_PHASE_FETCHING
	} phase;
	enum se_why why;
	const struct se_account *account;
	char login[SE_NAME_MAX + 1]; /* of who asked first, for messages */
	unsigned min_lifetime;       /* seconds */
	int64_t deadline;            /* monotonic ms */
	int64_t next;                /* monotonic ms: when the lock is tried or the pause ends */
	unsigned tries;              /* of the lock, then of the request */
	int lock;
	struct se_secret_command *command; /* running; else NULL */
	struct se_secret *client_secret;   /* what it has printed, until the fetch ends; or NULL */
	struct se_exchange exchange;
	se_acquire_ended *ended;
	void *context;
};

/* An acquisition for a key, which is taken over. */
void se_acquire_init(
	struct se_acquisition *acquisition, struct se_shared *shared, struct se_token_key *key);

/* There is another store in `shared`, or none any more. What is under way is kept in the old one, where it
 * has its lock; from then on the files of the new one count, and what is at hand stays where it has none. */
void se_acquire_follow(struct se_acquisition *acquisition);

/* Ends what is under way without a call, tries once more to keep what is not kept, wipes. */
void se_acquire_end(struct se_acquisition *acquisition);

/* Reads the state file if it has changed. SE_ABSENT: there is none (nor a state directory);
 * else it cannot be used, for good (SE_CONFIG) or for now (SE_AGAIN, SE_MEMORY): `error` says why,
 * and what is at hand stays. */
enum se_code se_acquire_look(struct se_acquisition *acquisition, struct se_error *error);

/* Whether what is at hand is that of the file, and se_store_changes() tells when that changes; or there is
 * no state directory. */
bool se_acquire_is_told(const struct se_acquisition *acquisition);

/* Forgets tokens and failures, also those that could not be kept: somebody has logged out. */
void se_acquire_drop(struct se_acquisition *acquisition);

/* Tries again to keep what could not be written, unless an acquisition is under way: at most once a
 * minute, or `now`. */
void se_acquire_save_unsaved(struct se_acquisition *acquisition, bool now);

/* Whether the token at hand will do for somebody who wants min_lifetime seconds of it. */
enum se_use se_acquire_judge(const struct se_acquisition *acquisition, unsigned min_lifetime);

/* Whether the token at hand could be sent although it should have been renewed. */
bool se_acquire_still_valid(const struct se_acquisition *acquisition);

/* The remembered failure, if its time is not over and its cause is what it was: true and
 * `error`. */
bool se_acquire_remembers(struct se_acquisition *acquisition, const struct se_account *account,
	struct se_error *error);

/* Marks a token as refused by a server, at most once a minute; true if the token at hand is that
 * one and may be replaced now. */
bool se_acquire_reject(struct se_acquisition *acquisition, const char *fingerprint);

/* Starts one; there must be none under way. The account must live until it ends. */
void se_acquire_begin(struct se_acquisition *acquisition, const struct se_account *account,
	const char *login, enum se_why why, unsigned min_lifetime, int64_t deadline,
	se_acquire_ended *ended, void *context);

/* Does what is due at `now` (monotonic ms). */
void se_acquire_step(struct se_acquisition *acquisition, int64_t now);

/* When se_acquire_step() is due, monotonic ms; INT64_MAX: not before libcurl says so. */
int64_t se_acquire_due(const struct se_acquisition *acquisition);

/* Ends what is under way without a call of `ended`. */
void se_acquire_abandon(struct se_acquisition *acquisition);

/* Forgets failures and rejected tokens. */
void se_acquire_forget(struct se_acquisition *acquisition);

#endif
