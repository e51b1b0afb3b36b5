#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "engine/acquire.h"
#include "engine/engine.h"
#include "engine/state_dir.h"

enum {
	KEEP_MAX_S = 60,    /* seconds that an asker may remember a token */
	LAST_WORD_MS = 200  /* so much earlier a fetch gives up than its asker, whose error then is
	                       the fetch's own */
};

/* One token key, and those who wait for its token. */
struct entry {
	struct se_acquisition acquisition; /* first: the callback gets its address */
	struct entry *next;
	struct se_engine *engine;
};

struct se_ask {
	struct se_ask *next;
	struct entry *entry;
	struct se_request request;
	char user[SE_NAME_MAX + 1];
	unsigned min_lifetime;
	int64_t deadline; /* monotonic ms */
	se_engine_done *done;
	void *context;
};

/* A configuration that was replaced while a fetch was using it. */
struct retired {
	struct retired *next;
	struct se_config *config;
};

struct se_engine {
	struct se_engine_options options;
	char *path;
	struct se_shared shared;
	struct se_config *config;
	struct se_file_id tried; /* the file that was read last, well or badly */
	struct retired *retired;
	char *state_dir;
	struct entry *entries;
	struct se_ask *asks;
};

static int64_t
monotonic(const struct se_engine *engine)
{
	return engine->options.world->monotonic(engine->options.world->context);
}

static void
say(const struct se_engine *engine, bool warning, const char *text)
{
	if (engine->options.log != NULL)
		engine->options.log(engine->options.context, warning, text);
}

/* --- life ------------------------------------------------------------------------------------- */

struct se_engine *
se_engine_new(const struct se_engine_options *options)
{
	struct se_engine *engine = calloc(1, sizeof(*engine));

	if (engine == NULL)
		return NULL;
	engine->options = *options;
	engine->path = strdup(options->configuration);
	if (engine->path == NULL) {
		free(engine);
		return NULL;
	}
	engine->options.configuration = engine->path;
	engine->shared.world = options->world;
	engine->shared.log = options->log;
	engine->shared.context = options->context;
	return engine;
}

static void
free_retired(struct se_engine *engine)
{
	struct retired *retired;

	while ((retired = engine->retired) != NULL) {
		engine->retired = retired->next;
		se_config_free(retired->config);
		free(retired);
	}
}

void
se_engine_free(struct se_engine *engine)
{
	struct entry *entry;
	struct se_ask *ask;

	if (engine == NULL)
		return;
	while ((ask = engine->asks) != NULL) {
		engine->asks = ask->next;
		free(ask);
	}
	while ((entry = engine->entries) != NULL) {
		engine->entries = entry->next;
		se_acquire_end(&entry->acquisition);
		free(entry);
	}
	se_http_free(engine->shared.http);
	se_store_close(engine->shared.store);
	free_retired(engine);
	se_config_free(engine->config);
	free(engine->state_dir);
	free(engine->path);
	free(engine);
}

/* --- configuration ---------------------------------------------------------------------------- */

static void
open_store(struct se_engine *engine)
{
	char *path = se_state_dir(engine->config, engine->options.role, engine->options.users_own);
	struct se_error error = {0}, line;

	if (engine->state_dir != NULL && path != NULL && strcmp(engine->state_dir, path) == 0 &&
	    engine->shared.store != NULL) {
		free(path);
		return;
	}
	se_store_close(engine->shared.store);
	engine->shared.store = NULL;
	free(engine->state_dir);
	engine->state_dir = path;
	if (path == NULL)
		return;
	engine->shared.store = se_state_dir_open(path, &error);
	if (engine->shared.store == NULL) {
		se_error_set(&line, SE_OK, "tokens live in memory only: %s", error.text);
		say(engine, true, line.text);
	}
}

static bool
is_busy(const struct se_engine *engine)
{
	const struct entry *entry;

	for (entry = engine->entries; entry != NULL; entry = entry->next)
		if (entry->acquisition.phase != SE_PHASE_IDLE)
			return true;
	return false;
}

static enum se_code
replace_config(struct se_engine *engine, struct se_config *config, struct se_error *error)
{
	struct retired *retired;

	if (engine->config != NULL && is_busy(engine)) {
		retired = calloc(1, sizeof(*retired));
		if (retired == NULL) {
			se_config_free(config);
			return se_error_memory(error);
		}
		retired->config = engine->config;
		retired->next = engine->retired;
		engine->retired = retired;
	} else {
		se_config_free(engine->config);
	}
	engine->config = config;
	return SE_OK;
}

enum se_code
se_engine_load(struct se_engine *engine, struct se_error *error)
{
	struct se_config *config = NULL;
	enum se_code code;

	(void)se_file_identify(engine->path, &engine->tried);
	code = se_config_load(engine->path, &config, NULL, error);
	if (code == SE_OK)
		code = replace_config(engine, config, error);
	if (code == SE_OK)
		open_store(engine);
	return code;
}

enum se_code
se_engine_load_if_changed(struct se_engine *engine, struct se_error *error)
{
	struct se_file_id id;

	(void)se_file_identify(engine->path, &id);
	if (engine->config != NULL && id.device == engine->tried.device &&
	    id.inode == engine->tried.inode && id.size == engine->tried.size &&
	    id.changed_ns == engine->tried.changed_ns)
		return SE_OK;
	return se_engine_load(engine, error);
}

const struct se_config *
se_engine_config(const struct se_engine *engine)
{
	return engine->config;
}

const char *
se_engine_state_dir(const struct se_engine *engine)
{
	return engine->shared.store != NULL ? engine->state_dir : NULL;
}

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
	struct se_answer answer;
	struct se_error error = {0};

	memset(&answer, 0, sizeof(answer));
	(void)se_copy(answer.user, sizeof(answer.user), ask->user);
	(void)se_copy(answer.fingerprint, sizeof(answer.fingerprint), state->fingerprint);
	answer.seconds_left = seconds_until(state->times.expires, now);
	/* One may keep it while we would hand it out ourselves. */
	if (se_acquire_judge(acquisition, ask->min_lifetime) == SE_USE) {
		answer.keep = seconds_until(state->times.renew, now);
		if (answer.keep > KEEP_MAX_S)
			answer.keep = KEEP_MAX_S;
	}
	answer.token = se_secret_copy(state->access_token);
	if (answer.token == NULL) {
		se_error_memory(&error);
		ask->done(ask->context, SE_MEMORY, NULL, &error);
	} else {
		ask->done(ask->context, SE_OK, &answer, NULL);
	}
	se_answer_free(&answer);
}

static void
give_error(const struct se_ask *ask, const struct se_error *reason)
{
	struct se_error error = *reason;

	se_error_about(&error, ask->request.login);
	ask->done(ask->context, error.code, NULL, &error);
}

/* A token that should have been renewed still beats an error, unless the server refused it. */
static bool
may_serve_stale(const struct se_ask *ask, const struct se_acquisition *acquisition)
{
	return ask->request.operation == SE_OPERATION_TOKEN &&
		se_acquire_still_valid(acquisition) &&
		strcmp(ask->request.rejected, acquisition->state.fingerprint) != 0;
}

static void
give(const struct se_ask *ask, const struct se_acquisition *acquisition, enum se_code code,
	const struct se_error *error)
{
	if (code == SE_OK || may_serve_stale(ask, acquisition))
		give_token(ask, acquisition);
	else
		give_error(ask, error);
}

/* Takes those who wait for this token off the list first: `done` may ask or cancel again. */
static void
ended(void *context, struct se_acquisition *acquisition, enum se_code code,
	const struct se_error *error)
{
	struct se_engine *engine = context;
	struct se_ask **at = &engine->asks, *ready = NULL, *ask;

	while ((ask = *at) != NULL) {
		if (&ask->entry->acquisition != acquisition) {
			at = &ask->next;
			continue;
		}
		*at = ask->next;
		ask->next = ready;
		ready = ask;
	}
	while ((ask = ready) != NULL) {
		ready = ask->next;
		give(ask, acquisition, code, error);
		free(ask);
	}
}

/* --- asking ----------------------------------------------------------------------------------- */

static struct entry *
find_entry(struct se_engine *engine, const char *name)
{
	struct entry *entry;

	for (entry = engine->entries; entry != NULL; entry = entry->next)
		if (strcmp(entry->acquisition.key.name, name) == 0)
			return entry;
	return NULL;
}

static void
drop_entry(struct se_engine *engine, struct entry *entry)
{
	struct entry **at;

	for (at = &engine->entries; *at != NULL; at = &(*at)->next) {
		if (*at == entry) {
			*at = entry->next;
			break;
		}
	}
	se_acquire_end(&entry->acquisition);
	free(entry);
}

static struct entry *
add_entry(struct se_engine *engine, struct se_token_key *key)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	se_acquire_init(&entry->acquisition, &engine->shared, key);
	entry->engine = engine;
	entry->next = engine->entries;
	engine->entries = entry;
	return entry;
}

static enum se_code
not_signed_in(const struct se_engine *engine, const struct entry *entry, const char *login,
	struct se_error *error)
{
	if (engine->shared.store == NULL)
		return se_error_set(error, SE_CONFIG, "a sign-in needs a state directory, and there "
			"is %s%s; set \"state_dir\", or let sasl-entrad serve this account",
			engine->state_dir != NULL ? "none that can be used at " : "none",
			engine->state_dir != NULL ? engine->state_dir : "");
	return se_error_set(error, SE_SIGN_IN, "nobody has signed in as %s yet; put a refresh token "
		"in with: sasl-entra import token %s", entry->acquisition.key.holder, login);
}

/* The entry of the account's token key. A delegated account without a sign-in leaves none
 * behind: whoever invents login names creates no state. */
static struct entry *
entry_for(struct se_engine *engine, const struct se_account *account, const char *login,
	struct se_error *error)
{
	struct se_token_key key;
	struct entry *entry;
	struct se_error reason = {0};

	if (se_token_key_make(account, login, &key, error) != SE_OK)
		return NULL;
	entry = find_entry(engine, key.name);
	if (entry == NULL)
		entry = add_entry(engine, &key);
	se_token_key_free(&key);
	if (entry == NULL) {
		se_error_memory(error);
		return NULL;
	}
	if (entry->acquisition.phase == SE_PHASE_IDLE)
		(void)se_acquire_look(&entry->acquisition, &reason);
	if (account->app_only || entry->acquisition.state.refresh_token != NULL)
		return entry;
	if (reason.code == SE_CONFIG)
		*error = reason;
	else
		not_signed_in(engine, entry, login, error);
	if (entry->acquisition.phase == SE_PHASE_IDLE)
		drop_entry(engine, entry);
	return NULL;
}

static void
begin(struct se_engine *engine, struct entry *entry, const struct se_account *account,
	const char *login, enum se_why why, unsigned min_lifetime, int64_t until)
{
	int64_t latest = monotonic(engine) + SE_BUDGET_MS;

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
	if (ask->request.operation == SE_OPERATION_REFRESH) {
		se_acquire_forget(acquisition);
		*why = SE_WHY_FORCED;
		return false;
	}
	if (se_acquire_reject(acquisition, ask->request.rejected))
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

static struct se_ask *
prepare(struct se_engine *engine, const struct se_request *request,
	const struct se_account *account, struct entry *entry, se_engine_done *done, void *context)
{
	struct se_ask *ask = calloc(1, sizeof(*ask));
	const char *user = se_account_user(account, request->service);

	if (ask == NULL)
		return NULL;
	ask->entry = entry;
	ask->request = *request;
	ask->done = done;
	ask->context = context;
	ask->deadline = monotonic(engine) + request->time_left;
	ask->min_lifetime = se_policy_min_lifetime(account->min_lifetime, request->server);
	(void)se_copy(ask->user, sizeof(ask->user), user != NULL ? user : "");
	return ask;
}

static struct se_ask *
refuse(const struct se_request *request, struct se_error *error, se_engine_done *done,
	void *context)
{
	se_error_about(error, request->login);
	done(context, error->code, NULL, error);
	return NULL;
}

static const struct se_account *
choose_account(struct se_engine *engine, const struct se_request *request,
	const struct se_peer *peer, struct se_error *error)
{
	const struct se_account *account;

	if (engine->config == NULL) {
		se_error_set(error, SE_CONFIG, "no configuration has been read");
		return NULL;
	}
	account = request->operation == SE_OPERATION_REFRESH || request->server[0] == '\0' ?
		se_account_named(engine->config, request->login, error) :
		se_account_match(engine->config, request->login, error);
	if (account == NULL)
		return NULL;
	if (peer != NULL && se_account_check_peer(account, peer, error) != SE_OK)
		return NULL;
	if (request->server[0] != '\0' &&
	    se_account_check_server(account, request->server, error) != SE_OK)
		return NULL;
	return account;
}

/* Waits with the others, and starts the fetch unless one is under way. True when it is still on
 * the list afterwards. */
static bool
wait_for_token(struct se_engine *engine, struct se_ask *ask, const struct se_account *account,
	enum se_why why)
{
	struct se_ask *each;

	ask->next = engine->asks;
	engine->asks = ask;
	if (ask->entry->acquisition.phase == SE_PHASE_IDLE)
		begin(engine, ask->entry, account, ask->request.login, why, ask->min_lifetime,
			ask->deadline);
	for (each = engine->asks; each != NULL; each = each->next)
		if (each == ask)
			return true;
	return false;
}

/* The agent renews behind the asker's back, and so does anybody whose turn it is not. */
static bool
renews_behind(struct se_engine *engine, struct se_ask *ask, const struct se_account *account)
{
	struct se_acquisition *acquisition = &ask->entry->acquisition;

	if (acquisition->phase != SE_PHASE_IDLE)
		return true;
	if (engine->options.role != SE_ROLE_AGENT)
		return false;
	begin(engine, ask->entry, account, ask->request.login, SE_WHY_AHEAD, ask->min_lifetime,
		ask->deadline);
	return true;
}

struct se_ask *
se_engine_ask(struct se_engine *engine, const struct se_request *request,
	const struct se_peer *peer, se_engine_done *done, void *context)
{
	struct se_error error = {0};
	const struct se_account *account = choose_account(engine, request, peer, &error);
	struct entry *entry = NULL;
	struct se_ask *ask;
	enum se_why why;

	if (account != NULL)
		entry = entry_for(engine, account, request->login, &error);
	if (entry == NULL)
		return refuse(request, &error, done, context);
	ask = prepare(engine, request, account, entry, done, context);
	if (ask == NULL) {
		se_error_memory(&error);
		return refuse(request, &error, done, context);
	}
	if (consider(ask, account, &why, &error) ||
	    (why == SE_WHY_AHEAD && renews_behind(engine, ask, account))) {
		give(ask, &entry->acquisition, error.code, &error);
		free(ask);
		return NULL;
	}
	return wait_for_token(engine, ask, account, why) ? ask : NULL;
}

static bool
take_off(struct se_engine *engine, const struct se_ask *ask)
{
	struct se_ask **at;

	for (at = &engine->asks; *at != NULL; at = &(*at)->next) {
		if (*at == ask) {
			*at = ask->next;
			return true;
		}
	}
	return false;
}

static bool
somebody_waits(const struct se_engine *engine, const struct entry *entry)
{
	const struct se_ask *ask;

	for (ask = engine->asks; ask != NULL; ask = ask->next)
		if (ask->entry == entry)
			return true;
	return false;
}

/* The agent finishes a fetch that nobody waits for: the next one will. A host does not. */
static void
leave(struct se_engine *engine, struct entry *entry)
{
	if (engine->options.role != SE_ROLE_AGENT && !somebody_waits(engine, entry))
		se_acquire_abandon(&entry->acquisition);
}

void
se_engine_cancel(struct se_engine *engine, struct se_ask *ask)
{
	struct entry *entry;

	if (ask == NULL || !take_off(engine, ask))
		return;
	entry = ask->entry;
	free(ask);
	leave(engine, entry);
}

/* --- turning ---------------------------------------------------------------------------------- */

static void
give_up(struct se_engine *engine, struct se_ask *ask)
{
	struct se_acquisition *acquisition = &ask->entry->acquisition;
	struct entry *entry = ask->entry;
	struct se_error error = {0};

	(void)take_off(engine, ask);
	se_error_set(&error, SE_AGAIN, "no token within %u s: %s", (ask->request.time_left + 999) /
		1000, acquisition->phase == SE_PHASE_LOCKING ?
		"another process is fetching it and has not finished" :
		"the token endpoint has not answered yet");
	give(ask, acquisition, SE_AGAIN, &error);
	free(ask);
	leave(engine, entry);
}

static void
expire_asks(struct se_engine *engine)
{
	int64_t now = monotonic(engine);
	struct se_ask *ask = engine->asks;

	while (ask != NULL) {
		if (now < ask->deadline) {
			ask = ask->next;
			continue;
		}
		give_up(engine, ask);
		ask = engine->asks; /* the list may have changed under us */
	}
}

static void
step_entries(struct se_engine *engine)
{
	int64_t now = monotonic(engine);
	struct entry *entry;

	for (entry = engine->entries; entry != NULL; entry = entry->next)
		if (entry->acquisition.phase != SE_PHASE_IDLE)
			se_acquire_step(&entry->acquisition, now);
}

static int
time_to_wait(const struct se_engine *engine, int wait)
{
	int64_t now = monotonic(engine), due = INT64_MAX;
	const struct entry *entry;
	const struct se_ask *ask;

	for (entry = engine->entries; entry != NULL; entry = entry->next)
		if (se_acquire_due(&entry->acquisition) < due)
			due = se_acquire_due(&entry->acquisition);
	for (ask = engine->asks; ask != NULL; ask = ask->next)
		if (ask->deadline < due)
			due = ask->deadline;
	if (due == INT64_MAX)
		return wait;
	if (due <= now)
		return 0;
	return wait >= 0 && wait < due - now ? wait : (int)(due - now);
}

bool
se_engine_turn(struct se_engine *engine, struct pollfd *fds, size_t count, int wait)
{
	bool ok;

	wait = time_to_wait(engine, wait);
	if (engine->shared.http != NULL)
		ok = se_http_turn(engine->shared.http, fds, count, wait);
	else
		ok = poll(fds, count, wait) >= 0;
	step_entries(engine);
	expire_asks(engine);
	if (engine->retired != NULL && !is_busy(engine))
		free_retired(engine);
	return ok;
}

/* --- asking and waiting ----------------------------------------------------------------------- */

struct waiting {
	bool over;
	enum se_code code;
	struct se_answer *answer;
	struct se_error *error;
};

static void
waited(void *context, enum se_code code, struct se_answer *answer, const struct se_error *error)
{
	struct waiting *waiting = context;

	waiting->over = true;
	waiting->code = code;
	if (code == SE_OK) {
		*waiting->answer = *answer;
		answer->token = NULL;
	} else {
		*waiting->error = *error;
	}
}

enum se_code
se_engine_ask_wait(struct se_engine *engine, const struct se_request *request,
	struct se_answer *answer, struct se_error *error)
{
	struct waiting waiting = {false, SE_INTERNAL, answer, error};
	struct se_ask *ask;

	memset(answer, 0, sizeof(*answer));
	ask = se_engine_ask(engine, request, NULL, waited, &waiting);
	while (!waiting.over) {
		if (!se_engine_turn(engine, NULL, 0, 1000)) {
			se_engine_cancel(engine, ask);
			return se_error_set(error, SE_INTERNAL, "waiting for the network failed");
		}
	}
	return waiting.code;
}
