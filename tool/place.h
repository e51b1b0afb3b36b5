/*
 * place: where the sign-in of a NAME is kept: its account, its token key, and the store.
 */
#ifndef SE_TOOL_PLACE_H
#define SE_TOOL_PLACE_H

#include <stdbool.h>

#include "core/buffer.h"
#include "core/source.h"
#include "engine/config.h"
#include "engine/store.h"
#include "engine/token_key.h"

#include "tool/identity.h"

struct se_place {
	const struct se_identity *identity; /* borrowed */
	struct se_config *config;
	const struct se_account *account; /* of the configuration */
	struct se_store *store;
	struct se_token_key key;
};

/* Reads the configuration, finds the account and makes its key. What is in `place` is freed by
 * se_place_free(), also after an error. */
enum se_code se_place_find(const struct se_identity *identity, const char *name,
	struct se_place *place, struct se_error *error);
void se_place_free(struct se_place *place);

/* SE_CONFIG unless the account's tokens come from a person's sign-in. `what` is what it has no use
 * for otherwise. */
enum se_code se_place_check_person(
	const struct se_place *place, const char *name, const char *what, struct se_error *error);

/* Opens the store, as whoever owns it. */
enum se_code se_place_open(struct se_place *place, struct se_error *error);

/* How long to wait for a key's lock, in milliseconds. A process that gets a token holds it for at most
 * SE_BUDGET_MS. */
enum {
	SE_PLACE_WAIT_MS = SE_BUDGET_MS + 10000,
	SE_PLACE_WAIT_LONG_MS = 3 * SE_BUDGET_MS /* where a person's work would be lost */
};

/* Takes the key's lock, waiting for at most `wait` milliseconds, and says on stderr that it waits;
 * se_store_unlock() gives it back. SE_AGAIN when somebody else has it all the time, or when the waiting
 * was interrupted. */
enum se_code
se_place_lock(const struct se_place *place, int wait, int *lock, struct se_error *error);

/* Tells the agent, where one serves this configuration, that the state file is another one. What
 * does not work is only a warning: it sees the file sooner or later by itself. */
void se_place_tell_agent(const struct se_place *place);

enum se_accounts_form {
	SE_ACCOUNTS_TEXT,  /* "anna, scanner" */
	SE_ACCOUNTS_LINES, /* a line each, with their services */
	SE_ACCOUNTS_JSON   /* an array */
};

/* Appends the labels of all accounts that share the sign-in. */
void
se_place_accounts(const struct se_place *place, enum se_accounts_form form, struct se_buffer *out);

#endif
