/* engine_ahead: the agent renews tokens before anybody needs them, and uses refresh tokens before
 * they die of idleness. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine_parts.h"

enum {
	IN_USE_MS = 24 * 3600 * 1000,  /* a token that nobody asked for so long is not renewed */
	ROLELESS_IN_USE_MS = 900000,   /* one that has to be renewed every 4 minutes */
	KEEP_ALIVE_S = 30 * 24 * 3600, /* a refresh token dies after 90 days of idleness */
	GIVEN_UP_S = 24 * 3600, /* between two tries to keep alive what a person has to look at */
	PAUSE_MS = 5000,        /* between two tries that are over at once */
	PUT_OFF_MS = 250,
	AT_ONCE = 8 /* renewals that nobody waits for, so that those with askers are not held up */
};

/* --- when ---------------------------------------------------------------------------------------- */

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool
is_in_use(const struct se_entry *entry, int64_t now)
{
	const struct se_times *times = &entry->acquisition.state.times;
	int64_t window = times->usable < times->expires ? ROLELESS_IN_USE_MS : IN_USE_MS;

	return now - entry->used < window;
}

/* `then` plus so many seconds; at once where the clock was ahead when `then` was noted. */
static int64_t
after(int64_t then, int64_t seconds, int64_t wall)
{
	return se_policy_from_the_future(then, wall) ? wall : then + seconds;
}

/* Seconds since 1970 at which the token, or the refresh token, wants to be renewed. */
static int64_t
wanted_at(const struct se_entry *entry, int64_t now, int64_t wall)
{
	const struct se_state *state = &entry->acquisition.state;
	const struct se_times *times = &state->times;
	int64_t at = INT64_MAX, alive;

	if (state->access_token != NULL && is_in_use(entry, now))
		at = after(times->obtained, times->renew - times->obtained, wall);
	if (!entry->acquisition.key.app_only && state->refresh_token != NULL) {
		alive = after(state->refresh_token_since, KEEP_ALIVE_S, wall);
		at = alive < at ? alive : at;
	}
	return at;
}

/* What failed in passing is tried when its time is over. What a person has to put right is not
 * asked for again and again by us, only by those who want the token. */
static int64_t
after_failure(const struct se_entry *entry, int64_t at, int64_t wall)
{
	const struct se_failure *failure = &entry->acquisition.state.failure;

	if (failure->code == SE_OK || at == INT64_MAX ||
		se_policy_from_the_future(failure->since, wall))
		return at;
	if (failure->code == SE_AGAIN)
		return later(at, failure->until);
	return later(at, failure->since + GIVEN_UP_S);
}

int64_t
se_ahead_due(const struct se_entry *entry)
{
	const struct se_engine *engine = entry->engine;
	const struct se_world *world = engine->options.world;
	int64_t now = se_engine_monotonic(engine), wall = world->wall(world->context), at;

	if (engine->options.role != SE_ROLE_AGENT || entry->account == NULL ||
		entry->account->unusable != NULL)
		return INT64_MAX;
	at = after_failure(entry, wanted_at(entry, now, wall), wall);
	if (at == INT64_MAX)
		return INT64_MAX;
	at -= wall;
	return later(now + (at > 0 ? at * 1000 : 0), entry->not_before);
}

void
se_ahead_begin(struct se_entry *entry)
{
	struct se_engine *engine = entry->engine;
	int64_t now = se_engine_monotonic(engine);

	if (engine->ahead >= AT_ONCE || engine->winding_down) {
		entry->not_before = now + (engine->winding_down ? SE_BUDGET_MS : PUT_OFF_MS);
		return;
	}
	entry->not_before = now + PAUSE_MS;
	entry->ahead = true;
	engine->ahead++;
	se_engine_begin(entry, entry->account, entry->login, SE_WHY_AHEAD,
		entry->account->min_lifetime, now + SE_BUDGET_MS);
}

/* --- which --------------------------------------------------------------------------------------- */

/* The entry of the account's key for that login name, if there is one or a file that an earlier
 * process wrote. */
static void
adopt(struct se_engine *engine, const struct se_account *account, const char *login)
{
	struct se_token_key key;
	struct se_entry *entry;

	if (se_token_key_make(account, login, &key, NULL) != SE_OK)
		return;
	entry = se_entry_find(engine, key.name);
	if (entry == NULL && se_store_has(engine->shared.store, &key))
		entry = se_entry_add(engine, &key);
	se_token_key_free(&key);
	if (entry == NULL)
		return;
	entry->account = account;
	if (entry->login[0] == '\0')
		(void)se_copy(entry->login, sizeof(entry->login), login);
	if (entry->acquisition.phase == SE_PHASE_IDLE)
		(void)se_acquire_look(&entry->acquisition, NULL);
}

static bool
is_passwords(const struct se_account *account)
{
	return account->value[SE_KEY_TOKEN_FROM].text != NULL &&
	       strcmp(account->value[SE_KEY_TOKEN_FROM].text, "password") == 0;
}

/* Accounts with one key whoever asks: apps, and those whose `identity` is written. */
static void
adopt_accounts(struct se_engine *engine)
{
	const struct se_account *account;
	const char *identity;
	size_t i;

	for (i = 0; i < engine->config->account_count; i++) {
		account = &engine->config->accounts[i];
		identity = account->value[SE_KEY_IDENTITY].text;
		if (is_passwords(account) || account->unusable != NULL)
			continue;
		if (account->app_only)
			adopt(engine, account, account->label);
		else if (identity != NULL)
			adopt(engine, account, identity);
	}
}

/* The others are known by the sign-ins that are kept: whose they are is the login name. */
static void
adopt_sign_in(void *context, const char *holder)
{
	struct se_engine *engine = context;
	const struct se_account *account = se_account_match(engine->config, holder, NULL);

	if (account != NULL && !account->app_only && !is_passwords(account) &&
		account->unusable == NULL && account->value[SE_KEY_IDENTITY].text == NULL)
		adopt(engine, account, holder);
}

static void
drop_orphans(struct se_engine *engine)
{
	struct se_entry *entry, *next;

	for (entry = engine->entries; entry != NULL; entry = next) {
		next = entry->next;
		if (entry->account == NULL && entry->asks == NULL &&
			entry->acquisition.phase == SE_PHASE_IDLE && engine->telling == 0)
			se_entry_drop(entry);
		else
			se_entry_touch(entry);
	}
}

void
se_ahead_adopt(struct se_engine *engine)
{
	adopt_accounts(engine);
	if (engine->shared.store != NULL)
		se_store_each_sign_in(engine->shared.store, adopt_sign_in, engine);
	drop_orphans(engine);
}
