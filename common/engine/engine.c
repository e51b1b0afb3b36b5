#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_parts.h"
#include "engine/state_dir.h"

int64_t
se_engine_monotonic(const struct se_engine *engine)
{
	return engine->options.world->monotonic(engine->options.world->context);
}

void
se_engine_stir(struct se_engine *engine)
{
	engine->answered.stands = false;
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
	engine->shared.due_changed = se_entry_due_changed;
	engine->shared.environment = options->role != SE_ROLE_HOST;
	return engine;
}

static void
free_retired(struct se_engine *engine)
{
	struct se_retired *retired;

	while ((retired = engine->retired) != NULL) {
		engine->retired = retired->next;
		se_config_free(retired->config);
		free(retired);
	}
}

void
se_engine_free(struct se_engine *engine)
{
	struct se_entry *entry;
	struct se_ask *ask;

	if (engine == NULL)
		return;
	while ((entry = engine->entries) != NULL) {
		while ((ask = entry->asks) != NULL) {
			entry->asks = ask->next;
			free(ask);
		}
		se_entry_drop(entry);
	}
	free(engine->buckets);
	free(engine->heap);
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
say_memory_only(const struct se_engine *engine, const struct se_error *error)
{
	struct se_error line;

	se_error_set(&line, SE_OK, "tokens live in memory only: %s", error->text);
	say(engine, true, line.text);
}

static bool
is_open(const struct se_engine *engine, const char *path)
{
	return engine->state_dir != NULL && path != NULL && strcmp(engine->state_dir, path) == 0 &&
	       engine->shared.store != NULL;
}

/* Said at once, not when the first token cannot be kept. */
static void
check_key(const struct se_engine *engine)
{
	struct se_error error = {0};

	if (se_store_check_key(engine->shared.store, &error) != SE_OK)
		say_memory_only(engine, &error);
}

/* NULL: none. */
static void
take_store(struct se_engine *engine, struct se_store *store)
{
	struct se_entry *entry;

	engine->shared.store = store;
	if (store != NULL && engine->options.role == SE_ROLE_AGENT)
		se_store_watch(store);
	for (entry = engine->entries; entry != NULL; entry = entry->next)
		se_acquire_follow(&entry->acquisition);
}

void
se_engine_want_store(struct se_engine *engine)
{
	struct se_error error;

	if (engine->no_store != SE_AGAIN)
		return;
	take_store(engine, se_state_dir_open(engine->state_dir, engine->config, &error));
	engine->no_store = engine->shared.store != NULL ? SE_OK : error.code;
	if (engine->shared.store == NULL)
		return;
	check_key(engine);
	if (engine->options.role == SE_ROLE_AGENT)
		se_ahead_adopt(engine);
}

/* The store stays, but the key may be another one now. */
static enum se_code
keep_store(struct se_engine *engine, const struct se_config *config, struct se_error *error)
{
	enum se_code code = se_store_seal_with(engine->shared.store, &config->state_key, error);

	if (code == SE_OK)
		check_key(engine);
	return code;
}

/* Where the tokens of a new configuration are kept. SE_MEMORY: that could not be found out, and the
 * engine is as it was; a sign-in would else be in no store of its own. */
static enum se_code
open_store(struct se_engine *engine, const struct se_config *config, struct se_error *error)
{
	char *path = se_state_dir(config, engine->options.role, engine->options.users_own);
	struct se_store *store = NULL;
	struct se_error why = {0};

	if (path == NULL && errno == ENOMEM)
		return se_error_memory(error);
	if (is_open(engine, path)) {
		free(path);
		return keep_store(engine, config, error);
	}
	if (path != NULL)
		store = se_state_dir_open(path, config, &why);
	if (path != NULL && store == NULL && why.code == SE_MEMORY) {
		free(path);
		return se_error_memory(error);
	}
	se_store_close(engine->shared.store);
	take_store(engine, store);
	free(engine->state_dir);
	engine->state_dir = path;
	engine->no_store = path != NULL && store == NULL ? why.code : SE_OK;
	if (path != NULL && store == NULL)
		say_memory_only(engine, &why);
	else if (store != NULL)
		check_key(engine);
	return SE_OK;
}

bool
se_engine_is_busy(const struct se_engine *engine)
{
	const struct se_entry *entry;

	for (entry = engine->entries; entry != NULL; entry = entry->next)
		if (entry->acquisition.phase != SE_PHASE_IDLE)
			return true;
	return false;
}

/* Takes over both. What is under way goes on with the old one. */
static void
replace_config(struct se_engine *engine, struct se_config *config, struct se_retired *retired)
{
	struct se_entry *entry;

	if (engine->config != NULL && se_engine_is_busy(engine)) {
		retired->config = engine->config;
		retired->next = engine->retired;
		engine->retired = retired;
	} else {
		se_config_free(engine->config);
		free(retired);
	}
	engine->config = config;
	for (entry = engine->entries; entry != NULL; entry = entry->next)
		entry->account = NULL; /* it was the old one's */
}

enum se_code
se_engine_load(struct se_engine *engine, struct se_error *error)
{
	struct se_config *config = NULL;
	struct se_retired *retired;
	enum se_code code;

	se_engine_stir(engine);
	(void)se_file_identify(engine->path, &engine->tried);
	code = se_config_load(engine->path, &config, NULL, error);
	retired = code == SE_OK ? calloc(1, sizeof(*retired)) : NULL;
	if (code == SE_OK && retired != NULL)
		code = open_store(engine, config, error);
	else if (code == SE_OK)
		code = se_error_memory(error);
	if (code != SE_OK || retired == NULL) {
		se_config_free(config);
		free(retired);
		/* Another time the same file may do. */
		if (code == SE_MEMORY || code == SE_AGAIN)
			memset(&engine->tried, 0, sizeof(engine->tried));
		return code;
	}
	replace_config(engine, config, retired);
	if (engine->options.role == SE_ROLE_AGENT)
		se_ahead_adopt(engine);
	return SE_OK;
}

enum se_code
se_engine_load_if_changed(struct se_engine *engine, struct se_error *error)
{
	struct se_file_id id;

	(void)se_file_identify(engine->path, &id);
	if (engine->config != NULL && se_file_same(&id, &engine->tried))
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

void
se_engine_wind_down(struct se_engine *engine)
{
	engine->winding_down = true;
}

bool
se_engine_is_exchanging(const struct se_engine *engine)
{
	const struct se_entry *entry;

	for (entry = engine->entries; entry != NULL; entry = entry->next)
		if (entry->acquisition.phase == SE_PHASE_FETCHING &&
			!entry->acquisition.key.app_only)
			return true;
	return false;
}

/* A fetch that nobody waits for is finished: the next one will. But a host has nobody who would go on with it, and its
 * lock would hold up all others. */
static void
leave(struct se_entry *entry)
{
	if (entry->engine->options.role == SE_ROLE_HOST && entry->asks == NULL)
		se_acquire_abandon(&entry->acquisition);
	se_entry_touch(entry);
}

void
se_engine_cancel(struct se_engine *engine, struct se_ask *ask)
{
	struct se_entry *entry;

	se_engine_stir(engine);
	if (ask == NULL || !se_ask_take_off(ask))
		return;
	entry = ask->entry;
	free(ask);
	leave(entry);
}

/* --- turning ---------------------------------------------------------------------------------- */

static void
give_up(struct se_ask *ask)
{
	struct se_entry *entry = ask->entry;
	struct se_acquisition *acquisition = &entry->acquisition;
	struct se_error error = {0};

	(void)se_ask_take_off(ask);
	se_error_set(&error, SE_AGAIN, "no token within %u s: %s", (ask->time_left + 999) / 1000,
		acquisition->phase == SE_PHASE_LOCKING
			? "another process is fetching it and has not finished"
			: "the token endpoint has not answered yet");
	entry->engine->telling++;
	se_ask_give(ask, acquisition, SE_AGAIN, &error);
	entry->engine->telling--;
	free(ask);
	leave(entry);
}

static void
expire_asks(struct se_entry *entry, int64_t now)
{
	struct se_ask *ask = entry->asks;

	while (ask != NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed had left the list */
		if (now < ask->deadline) {
			ask = ask->next;
			continue;
		}
		give_up(ask);
		ask = entry->asks; /* the list may have changed under us */
	}
}

static void
step(struct se_entry *entry, int64_t now)
{
	se_engine_stir(entry->engine);
	if (entry->acquisition.phase != SE_PHASE_IDLE)
		se_acquire_step(&entry->acquisition, now);
	else if (entry->asks == NULL && se_ahead_due(entry) <= now)
		se_ahead_begin(entry);
	expire_asks(entry, now);
	se_entry_touch(entry);
}

/* Each at most once a turn: what is due again at once can wait for the next. */
static void
step_entries(struct se_engine *engine)
{
	int64_t now = se_engine_monotonic(engine);
	size_t most = engine->heap_count;
	struct se_entry *entry;

	while (most-- > 0 && (entry = se_entry_first(engine)) != NULL && entry->due <= now)
		step(entry, now);
}

static int
time_to_wait(const struct se_engine *engine, int wait)
{
	const struct se_entry *first = se_entry_first(engine);
	int64_t left;

	if (first == NULL)
		return wait;
	left = first->due - se_engine_monotonic(engine);
	if (left <= 0)
		return 0;
	return wait >= 0 && wait < left ? wait : (int)(left < INT32_MAX ? left : INT32_MAX);
}

struct pollfd
se_engine_watch(const struct se_engine *engine)
{
	const struct se_store *store = engine->shared.store;

	return (struct pollfd){
		.fd = store != NULL ? se_store_watching(store) : -1, .events = POLLIN};
}

static void
set_quiet(struct se_engine *engine, bool quiet)
{
	if (engine->shared.store != NULL)
		se_store_is_quiet(engine->shared.store, quiet);
}

void
se_engine_watched(struct se_engine *engine, short revents)
{
	/* Taken now, or it would end each wait until somebody asks. */
	if (revents != 0 && engine->shared.store != NULL)
		(void)se_store_changes(engine->shared.store);
	set_quiet(engine, true);
}

bool
se_engine_turn(struct se_engine *engine, struct pollfd *fds, size_t count, int wait)
{
	int cause;
	bool ok;

	set_quiet(engine, false); /* until somebody has looked again */
	wait = time_to_wait(engine, wait);
	if (engine->shared.http != NULL)
		ok = se_http_turn(engine->shared.http, fds, count, wait);
	else
		ok = se_poll_passes(
			poll(fds, count, wait) >= 0 || errno == EINTR, &engine->poll_failures);
	cause = errno;
	step_entries(engine);
	if (engine->retired != NULL && !se_engine_is_busy(engine))
		free_retired(engine);
	errno = cause;
	return ok;
}
