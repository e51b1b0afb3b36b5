/* engine_ask: which account an ask is for, and whether the token at hand answers it. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine_parts.h"

enum {
	KEEP_MAX_S = 60,   /* seconds that an asker may remember a token */
	LAST_WORD_MS = 200 /* so much earlier a fetch gives up than its asker, whose error then is
	                      the fetch's own */
};

/* --- answering -------------------------------------------------------------------------------- */

static uint32_t
seconds_until(int64_t until, int64_t now)
{
	if (until <= now)
		return 0;
	return until - now > UINT32_MAX ? UINT32_MAX : (uint32_t)(until - now);
}

static void
give_token(const struct se_ask *ask, const struct se_acquisition *acquisition)
{
	const struct se_world *world = acquisition->shared->world;
	const struct se_state *state = &acquisition->state;
	int64_t now = world->wall(world->context);
	SE_UNSET struct se_answer answer;

	se_answer_init(&answer);
	(void)se_copy(answer.user, sizeof(answer.user), ask->user);
	(void)se_copy(answer.fingerprint, sizeof(answer.fingerprint), state->fingerprint);
	answer.seconds_left = seconds_until(state->times.expires, now);
	/* One may keep it while we would hand it out ourselves. */
	if (se_acquire_judge(acquisition, ask->min_lifetime) == SE_USE) {
		answer.keep = seconds_until(state->times.renew, now);
		if (answer.keep > KEEP_MAX_S)
			answer.keep = KEEP_MAX_S;
	}
	answer.token = state->access_token;
	ask->done(ask->context, SE_OK, &answer, NULL);
}

static void
give_error(const struct se_ask *ask, const struct se_error *reason)
{
	struct se_error error = *reason;

	se_error_about(&error, ask->login);
	ask->done(ask->context, error.code, NULL, &error);
}

/* A token that should have been renewed still beats an error, unless the server refused it. */
static bool
may_serve_stale(const struct se_ask *ask, const struct se_acquisition *acquisition)
{
	return ask->operation == SE_OPERATION_TOKEN && se_acquire_still_valid(acquisition) &&
	       strcmp(ask->rejected, acquisition->state.fingerprint) != 0;
}

void
se_ask_give(const struct se_ask *ask, const struct se_acquisition *acquisition, enum se_code code,
	const struct se_error *error)
{
	SE_UNSET struct se_error gone;

	if (code != SE_OK && !may_serve_stale(ask, acquisition)) {
		give_error(ask, error);
	} else if (acquisition->state.access_token != NULL) {
		give_token(ask, acquisition);
	} else {
		/* An answer without a token would say that the host's password is one. */
		(void)se_error_set(&gone, SE_AGAIN,
			"its token was removed while it was asked for; try again, and if nobody is "
			"signed in any more: sasl-entra login %s",
			ask->login);
		give_error(ask, &gone);
	}
}

static void
append(struct se_ask *ask)
{
	struct se_entry *entry = ask->entry;

	ask->serial = ++entry->engine->serial;
	ask->next = NULL;
	if (entry->asks == NULL)
		entry->asks = ask;
	else
		entry->last->next = ask;
	entry->last = ask;
}

bool
se_ask_take_off(const struct se_ask *ask)
{
	struct se_entry *entry = ask->entry;
	struct se_ask *before = NULL, *at = entry->asks;

	while (at != NULL && at != ask) {
		before = at;
		at = at->next;
	}
	if (at == NULL)
		return false;
	if (before != NULL)
		before->next = at->next;
	else
		entry->asks = at->next;
	if (entry->last == at)
		entry->last = before;
	return true;
}

/* `done` may ask again, which is another matter, or cancel one of those that are not told yet. */
static void
ended(void *context, struct se_acquisition *acquisition, enum se_code code,
	const struct se_error *error)
{
	struct se_entry *entry = (struct se_entry *)acquisition;
	struct se_engine *engine = context;
	uint64_t until = engine->serial;
	struct se_ask *ask;

	if (entry->ahead) {
		entry->ahead = false;
		engine->ahead--;
	}
	se_engine_tell(engine, entry->account, acquisition, acquisition->login,
		code == SE_OK ? NULL : error);
	engine->telling++;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed had left the list */
	while ((ask = entry->asks) != NULL && ask->serial <= until) {
		(void)se_ask_take_off(ask);
		se_ask_give(ask, acquisition, code, error);
		free(ask);
	}
	engine->telling--;
	se_entry_touch(entry);
}

/* --- asking ----------------------------------------------------------------------------------- */

static enum se_code
not_signed_in(const struct se_engine *engine, const struct se_entry *entry, const char *login,
	struct se_error *error)
{
	if (engine->shared.store == NULL)
		return se_error_set(error, engine->no_store == SE_AGAIN ? SE_AGAIN : SE_CONFIG,
			"a sign-in needs a state directory, and there "
			"is %s%s; set \"state_dir\", or let sasl-entrad serve this account",
			engine->state_dir != NULL ? "none that can be used at " : "none",
			engine->state_dir != NULL ? engine->state_dir : "");
	return se_error_set(error, SE_SIGN_IN,
		"nobody has signed in as %s yet; sign in with: sasl-entra login %s",
		entry->acquisition.key.holder, login);
}

/* The entry of the account's token key, made where there is none yet. */
static struct se_entry *
find_entry(struct se_engine *engine, const struct se_account *account, const char *login,
	struct se_error *error)
{
	struct se_entry *entry =
		account->token_key != NULL ? se_entry_find(engine, account->token_key) : NULL;
	struct se_token_key key;

	if (entry != NULL)
		return entry;
	if (se_token_key_make(account, login, &key, error) != SE_OK)
		return NULL;
	entry = se_entry_find(engine, key.name);
	if (entry == NULL)
		entry = se_entry_add(engine, &key);
	se_token_key_free(&key);
	if (entry == NULL)
		se_error_memory(error);
	return entry;
}

/* The entry of the account's token key. A delegated account without a sign-in leaves none
 * behind: whoever invents login names creates no state. */
static struct se_entry *
entry_for(struct se_engine *engine, const struct se_account *account, const char *login,
	struct se_error *error)
{
	struct se_entry *entry = find_entry(engine, account, login, error);
	SE_UNSET struct se_error reason;

	se_error_clear(&reason);
	if (entry == NULL)
		return NULL;
	if (entry->acquisition.phase == SE_PHASE_IDLE) {
		se_acquire_save_unsaved(&entry->acquisition, false);
		(void)se_acquire_look(&entry->acquisition, &reason);
	}
	if (account->app_only || entry->acquisition.state.refresh_token != NULL) {
		entry->account = account;
		entry->used = se_engine_monotonic(engine);
		(void)se_copy(entry->login, sizeof(entry->login), login);
		return entry;
	}
	if (reason.code != SE_OK && reason.code != SE_ABSENT)
		*error = reason; /* there is a file, and it may well have a sign-in */
	else
		not_signed_in(engine, entry, login, error);
	if (entry->acquisition.phase == SE_PHASE_IDLE && entry->asks == NULL &&
		engine->telling == 0)
		se_entry_drop(entry);
	return NULL;
}

void
se_engine_begin(struct se_entry *entry, const struct se_account *account, const char *login,
	enum se_why why, unsigned min_lifetime, int64_t until)
{
	struct se_engine *engine = entry->engine;
	int64_t latest = se_engine_monotonic(engine) + SE_BUDGET_MS;

	if (engine->options.role == SE_ROLE_AGENT || until > latest)
		until = latest; /* the agent's fetch outlives the first asker: others wait too */
	se_acquire_begin(&entry->acquisition, account, login, why, min_lifetime,
		until - LAST_WORD_MS, ended, engine);
}

/* What the token at hand is good for, and whether another one is to be fetched. Returns true
 * when the ask can be answered now, from what is at hand. */
static bool
consider(const struct se_ask *ask, const struct se_account *account, enum se_why *why,
	struct se_error *error)
{
	struct se_acquisition *acquisition = &ask->entry->acquisition;
	enum se_use use;

	*why = SE_WHY_NEED;
	if (ask->operation == SE_OPERATION_REFRESH) {
		se_acquire_forget(acquisition);
		*why = SE_WHY_FORCED;
		return false;
	}
	if (se_acquire_reject(acquisition, ask->rejected))
		return false;
	use = se_acquire_judge(acquisition, ask->min_lifetime);
	if (use == SE_USE)
		return true;
	if (se_acquire_remembers(acquisition, account, error))
		return true; /* with the error, or the token that is left */
	error->code = SE_OK;
	if (use == SE_USE_AND_RENEW)
		*why = SE_WHY_AHEAD;
	return false;
}

static void
prepare(struct se_ask *ask, const struct se_request *request, const struct se_account *account,
	struct se_entry *entry)
{
	const char *user = se_account_user(account, request->service);

	ask->entry = entry;
	ask->operation = request->operation;
	ask->time_left = request->time_left;
	(void)se_copy(ask->login, sizeof(ask->login), request->login);
	(void)se_copy(ask->rejected, sizeof(ask->rejected), request->rejected);
	ask->deadline = se_engine_monotonic(entry->engine) + request->time_left;
	ask->min_lifetime = se_policy_min_lifetime(account->min_lifetime, request->server);
	(void)se_copy(ask->user, sizeof(ask->user), user != NULL ? user : "");
}

static struct se_ask *
refuse(const struct se_request *request, struct se_error *error, se_engine_done *done,
	void *context)
{
	se_error_about(error, request->login);
	done(context, error->code, NULL, error);
	return NULL;
}

/* An environment is the host's, or its user's, and says nothing about whom to trust. */
static bool
is_usable(const struct se_engine *engine, const struct se_account *account, struct se_error *error)
{
	if (account->from_environment && engine->options.role == SE_ROLE_HOST)
		se_error_set(error, SE_CONFIG,
			"[account %s] takes its app from the environment (federated_token_file = "
			"env), which only sasl-entrad and sasl-entra do; start sasl-entrad",
			account->label);
	else if (account->unusable != NULL)
		se_error_set(
			error, SE_CONFIG, "[account %s] %s", account->label, account->unusable);
	else
		return true;
	return false;
}

static bool
may_use(const struct se_account *account, se_engine_who *who, void *context, struct se_error *error)
{
	return who == NULL || account->allow_anyone ||
	       se_account_check_peer(account, who(context), error) == SE_OK;
}

static const struct se_account *
choose_account(struct se_engine *engine, const struct se_request *request, se_engine_who *who,
	void *context, struct se_error *error)
{
	const struct se_account *account;

	if (engine->config == NULL) {
		se_error_set(error, SE_CONFIG, "no configuration has been read");
		return NULL;
	}
	account = request->operation == SE_OPERATION_REFRESH || request->server[0] == '\0'
			  ? se_account_named(engine->config, request->login, error)
			  : se_account_match(engine->config, request->login, error);
	if (account == NULL || !is_usable(engine, account, error) ||
		!may_use(account, who, context, error))
		return NULL;
	if (request->server[0] != '\0' &&
		se_account_check_server(account, request->server, error) != SE_OK)
		return NULL;
	return account;
}

/* One that can wait. NULL: no memory, of which its asker has been told. */
static struct se_ask *
keep(const struct se_ask *asked)
{
	struct se_ask *ask = malloc(sizeof(*ask));
	struct se_error error;

	if (ask != NULL) {
		*ask = *asked;
		return ask;
	}
	(void)se_error_memory(&error);
	give_error(asked, &error);
	return NULL;
}

/* Waits with the others, and starts the fetch unless one is under way. True when it is still on
 * the list afterwards. */
static bool
wait_for_token(struct se_ask *ask, const struct se_account *account, enum se_why why)
{
	struct se_entry *entry = ask->entry;
	uint64_t serial;

	append(ask);
	serial = ask->serial;
	if (entry->acquisition.phase == SE_PHASE_IDLE)
		se_engine_begin(entry, account, ask->login, why, ask->min_lifetime, ask->deadline);
	se_entry_touch(entry);
	for (ask = entry->asks; ask != NULL; ask = ask->next)
		if (ask->serial == serial)
			return true;
	return false;
}

/* The agent renews behind the asker's back, and so does anybody whose turn it is not. */
static bool
renews_behind(const struct se_ask *ask, const struct se_account *account)
{
	struct se_entry *entry = ask->entry;

	if (entry->acquisition.phase != SE_PHASE_IDLE)
		return true;
	if (entry->engine->options.role != SE_ROLE_AGENT)
		return false;
	se_engine_begin(entry, account, ask->login, SE_WHY_AHEAD, ask->min_lifetime, ask->deadline);
	return entry->acquisition.state.access_token != NULL;
}

static bool
is_passwords(const struct se_account *account)
{
	const char *from = account->value[SE_KEY_TOKEN_FROM].text;

	return from != NULL && strcmp(from, "password") == 0;
}

/* token_from = password: the host's password is the token, and the account only says that the
 * server may have it and as which user. */
static struct se_ask *
point_to_password(const struct se_request *request, const struct se_account *account,
	se_engine_done *done, void *context)
{
	const char *user = se_account_user(account, request->service);
	struct se_answer answer = {.token = NULL};
	struct se_error error = {0};

	if (request->server[0] == '\0') {
		se_error_set(&error, SE_CONFIG,
			"[account %s] says token_from = password: the token "
			"is the mail program's password, and there is none to fetch",
			account->label);
		return refuse(request, &error, done, context);
	}
	(void)se_copy(answer.user, sizeof(answer.user), user != NULL ? user : "");
	done(context, SE_OK, &answer, NULL);
	return NULL;
}

/* Somebody has written the state file of a token key. Each ask would see it anyway; this is for
 * whoever wants to know that it has been seen. */
static struct se_ask *
reread(struct se_engine *engine, const struct se_request *request, se_engine_done *done,
	void *context)
{
	struct se_entry *entry = se_entry_find(engine, request->login);
	struct se_answer answer = {.token = NULL};
	struct se_error error = {0};

	if (entry == NULL && engine->options.role == SE_ROLE_AGENT && engine->config != NULL)
		se_ahead_adopt(engine); /* a first sign-in: from now on it is kept alive */
	if (entry != NULL && entry->acquisition.phase == SE_PHASE_IDLE) {
		if (se_acquire_look(&entry->acquisition, &error) == SE_ABSENT &&
			engine->shared.store != NULL)
			se_acquire_drop(&entry->acquisition);
		se_entry_touch(entry);
	}
	if (error.code != SE_OK && error.code != SE_ABSENT)
		return refuse(request, &error, done, context);
	done(context, SE_OK, &answer, NULL);
	return NULL;
}

/* Whether the answer was the usual one: with a token that is good and, where there are
 * files, that of its file, and which anybody may have. */
static bool
is_usual(const struct se_ask *ask, const struct se_account *account)
{
	const struct se_acquisition *acquisition = &ask->entry->acquisition;
	const struct se_engine *engine = ask->entry->engine;

	return engine->options.role == SE_ROLE_AGENT && ask->operation == SE_OPERATION_TOKEN &&
	       ask->rejected[0] == '\0' && account->allow_anyone &&
	       acquisition->phase == SE_PHASE_IDLE && se_acquire_is_told(acquisition) &&
	       se_acquire_judge(acquisition, ask->min_lifetime) == SE_USE;
}

/* Nothing of what it was made of, the configuration, the token key's state, its file and the time in
 * seconds, becomes another one without se_engine_stir(), a word of the store's, or the clock's. */
static void
note_answered(const struct se_ask *ask, const struct se_account *account, int64_t second)
{
	struct se_answered *answered = &ask->entry->engine->answered;

	answered->number++;
	answered->stands = is_usual(ask, account);
	answered->second = second;
	answered->changes = ask->entry->acquisition.seen;
}

uint64_t
se_engine_answered(const struct se_engine *engine)
{
	const struct se_answered *answered = &engine->answered;
	const struct se_world *world = engine->options.world;

	if (!answered->stands || world->wall(world->context) != answered->second ||
		(engine->shared.store != NULL &&
			se_store_changes(engine->shared.store) != answered->changes))
		return 0;
	return answered->number;
}

/* Answers from what is at hand: first to whoever waits. */
static void
answer_at_once(const struct se_ask *ask, const struct se_account *account, enum se_code code,
	const struct se_error *error)
{
	struct se_entry *entry = ask->entry;
	struct se_engine *engine = entry->engine;
	const struct se_world *world = engine->options.world;

	/* Before he is told: he may ask again, and stir. */
	if (code == SE_OK)
		note_answered(ask, account, world->wall(world->context));
	engine->telling++;
	se_ask_give(ask, &entry->acquisition, code, error);
	engine->telling--;
	se_entry_touch(entry);
	se_engine_tell(
		engine, account, &entry->acquisition, ask->login, code == SE_OK ? NULL : error);
}

struct se_ask *
se_engine_ask(struct se_engine *engine, const struct se_request *request, se_engine_who *who,
	se_engine_done *done, void *context)
{
	SE_UNSET struct se_error error;
	const struct se_account *account;
	struct se_entry *entry = NULL;
	SE_UNSET struct se_ask ask; /* mostly it need not wait */
	struct se_ask *kept;
	enum se_why why;

	se_error_clear(&error);
	se_engine_stir(engine);
	se_engine_want_store(engine);
	if (request->operation == SE_OPERATION_REREAD)
		return reread(engine, request, done, context);
	account = choose_account(engine, request, who, context, &error);
	if (account != NULL && is_passwords(account))
		return point_to_password(request, account, done, context);
	if (account != NULL)
		entry = entry_for(engine, account, request->login, &error);
	if (entry == NULL) {
		if (account != NULL)
			se_engine_tell_refusal(engine, account, request->login, &error);
		return refuse(request, &error, done, context);
	}
	prepare(&ask, request, account, entry);
	ask.done = done;
	ask.context = context;
	if (consider(&ask, account, &why, &error) ||
		(why == SE_WHY_AHEAD && renews_behind(&ask, account))) {
		answer_at_once(&ask, account, error.code, &error);
		return NULL;
	}
	/* What was to be renewed may have gone when the file was looked at. */
	if (why == SE_WHY_AHEAD && entry->acquisition.state.access_token == NULL)
		why = SE_WHY_NEED;
	kept = keep(&ask);
	return kept != NULL && wait_for_token(kept, account, why) ? kept : NULL;
}
