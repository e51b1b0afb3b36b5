/*
 * engine: access tokens for login names, without ever blocking. One engine has a configuration,
 * the tokens it fetched or read, and the transfers under way. The module, the agent and the tool
 * each drive one.
 */
#ifndef SE_ENGINE_ENGINE_H
#define SE_ENGINE_ENGINE_H

#include <poll.h>
#include <stdbool.h>

#include "core/source.h"
#include "core/world.h"
#include "engine/account.h"
#include "engine/config.h"

enum se_role {
	SE_ROLE_HOST,  /* inside somebody else's process */
	SE_ROLE_AGENT, /* tokens are renewed behind the asker's back */
	SE_ROLE_TOOL
};

/* How the attempt to give somebody a token ended for one token key. */
struct se_outcome {
	const char *token_key; /* its name */
	const struct se_account *account;
	const char *login; /* of who asked, or the account's label */
	enum se_code code;
	const char *text; /* "" with SE_OK */
};

struct se_engine_options {
	enum se_role role;
	const char *configuration; /* absolute path */
	bool users_own; /* it is the user's own file: state goes to his state directory */
	const struct se_world *world;
	/* One line for the log: a new token, or trouble that an answer does not tell of. */
	void (*log)(void *context, bool warning, const char *text);
	/* Each fetch that ends, and each answer at once, so that it must be quick; may be NULL. Only
	 * for token keys that have a state or stand in the configuration: inventing login names
	 * makes no calls. Asks nothing of the engine. */
	void (*outcome)(void *context, const struct se_outcome *outcome);
	void *context;
};

struct se_engine;

/* NULL when memory ran out. Reads nothing. */
struct se_engine *se_engine_new(const struct se_engine_options *options);

/* Wipes and frees everything but transfers whose name resolution still hangs. Asks that wait are
 * dropped without a call. NULL is fine. */
void se_engine_free(struct se_engine *engine);

/* Reads the configuration, the first time or again. On error the old one stays in force. */
enum se_code se_engine_load(struct se_engine *engine, struct se_error *error);

/* Loads only if the file is another one than was read last, or none was read. */
enum se_code se_engine_load_if_changed(struct se_engine *engine, struct se_error *error);

/* NULL until one has been loaded. */
const struct se_config *se_engine_config(const struct se_engine *engine);

/* Where the state of this engine lies; NULL: tokens live in memory only. */
const char *se_engine_state_dir(const struct se_engine *engine);

/* The end of an ask. On SE_OK `answer` is the callee's to read, its token lent until it returns or
 * asks, and not to be freed; else `error` is set. It may ask and cancel, and loads no configuration. */
typedef void se_engine_done(
	void *context, enum se_code code, struct se_answer *answer, const struct se_error *error);

struct se_ask;

/* Who asks: called, with the ask's context, before se_engine_ask() returns, and only where that makes a
 * difference. */
typedef const struct se_peer *se_engine_who(void *context);

/* Asks. `who`: NULL where it has been decided that he may. If the answer is known at once `done`
 * is called before this returns, and NULL is returned; else `done` is called exactly once from
 * se_engine_turn(), at the latest when request->time_left is over, unless the ask is cancelled. */
struct se_ask *se_engine_ask(struct se_engine *engine, const struct se_request *request,
	se_engine_who *who, se_engine_done *done, void *context);

void se_engine_cancel(struct se_engine *engine, struct se_ask *ask);

/* The number of the last ask, where it was answered at once with a token, and whoever asks the same again
 * before the wall clock's next second begins is to be told the same, whoever he is. 0: something may have
 * changed, or he has to be looked at. For the agent; else 0. */
uint64_t se_engine_answered(const struct se_engine *engine);

/* How the accounts are, a block of lines at a time, without asking anybody: status_walk.h has the
 * contract. */
enum se_code se_engine_status(struct se_engine *engine, const char *cursor,
	struct se_answer *answer, struct se_error *error);

/* For an agent's turn: what it adds to its descriptors as the last one, and what it says of the revents
 * before it asks. Then those who connected before the turn ended its wait are answered by the state files
 * as they were when they connected, or later, and without a look at them. Optional: else each ask looks. */
struct pollfd se_engine_watch(const struct se_engine *engine);
void se_engine_watched(struct se_engine *engine, short revents);

/* One turn: waits at most `wait` milliseconds for the caller's descriptors and the engine's own,
 * and does what is due. Fills revents. A signal ends the wait, which is no failure; false with
 * errno when polling has failed for some seconds. */
bool se_engine_turn(struct se_engine *engine, struct pollfd *fds, size_t count, int wait);

/* Whether fetches are under way. */
bool se_engine_is_busy(const struct se_engine *engine);

/* For a program that is to end: nothing is renewed any more that nobody waits for; and whether a refresh token
 * has been sent that the answer may replace (RFC 6749, section 6), so that a sign-in may be lost if nobody
 * takes the answer. True for SE_BUDGET_MS at most. */
void se_engine_wind_down(struct se_engine *engine);
bool se_engine_is_exchanging(const struct se_engine *engine);

/* Asks and turns until there is an answer. */
enum se_code se_engine_ask_wait(struct se_engine *engine, const struct se_request *request,
	struct se_answer *answer, struct se_error *error);

#endif
