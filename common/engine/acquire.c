#include <string.h>

#include "engine/acquire_parts.h"
#include "engine/audience.h"
#include "engine/credential_certificate.h"
#include "engine/values.h"
#include "engine/state_accept.h"

enum {
	LOCK_WAIT_FIRST_MS = 5, /* between two tries of a lock that somebody has, doubling up to */
	LOCK_WAIT_MAX_MS = 40,
	RETRY_NEEDS_MS = 2000, /* that must be left when a request is made again */
	REJECT_EVERY_MS = 60000
};

int64_t
se_acquire_monotonic(const struct se_acquisition *acquisition)
{
	const struct se_world *world = acquisition->shared->world;

	return world->monotonic(world->context);
}

int64_t
se_acquire_wall(const struct se_acquisition *acquisition)
{
	const struct se_world *world = acquisition->shared->world;

	return world->wall(world->context);
}

unsigned
se_acquire_chance(const struct se_acquisition *acquisition)
{
	const struct se_world *world = acquisition->shared->world;
	unsigned char byte = 0;

	(void)world->random(world->context, &byte, 1);
	return byte;
}

void
se_acquire_say(const struct se_acquisition *acquisition, bool warning, const char *text)
{
	if (acquisition->shared->log != NULL)
		acquisition->shared->log(acquisition->shared->context, warning, text);
}

void
se_acquire_init(
	struct se_acquisition *acquisition, struct se_shared *shared, struct se_token_key *key)
{
	memset(acquisition, 0, sizeof(*acquisition));
	acquisition->shared = shared;
	acquisition->key = *key;
	acquisition->lock = -1;
	acquisition->store = se_store_hold(shared->store);
	memset(key, 0, sizeof(*key));
}

void
se_acquire_follow(struct se_acquisition *acquisition)
{
	struct se_store *store = acquisition->shared->store;

	if (acquisition->phase != SE_PHASE_IDLE || acquisition->store == store)
		return;
	se_store_close(acquisition->store);
	acquisition->store = se_store_hold(store);
	memset(&acquisition->file, 0, sizeof(acquisition->file));
	acquisition->file_broken = false;
	acquisition->complained = false;
	acquisition->save_again = 0;
	acquisition->seen = 0;
}

void
se_acquire_end(struct se_acquisition *acquisition)
{
	se_acquire_abandon(acquisition);
	se_acquire_save_unsaved(acquisition, true);
	se_store_close(acquisition->store);
	se_state_free(&acquisition->state);
	se_token_key_free(&acquisition->key);
}

/* --- judging ---------------------------------------------------------------------------------- */

static bool
is_rejected(const struct se_acquisition *acquisition)
{
	return acquisition->rejected[0] != '\0' &&
	       strcmp(acquisition->rejected, acquisition->state.fingerprint) == 0;
}

enum se_use
se_acquire_judge(const struct se_acquisition *acquisition, unsigned min_lifetime)
{
	if (acquisition->state.access_token == NULL || is_rejected(acquisition))
		return SE_USE_NOT;
	return se_policy_judge(
		&acquisition->state.times, se_acquire_wall(acquisition), min_lifetime);
}

bool
se_acquire_still_valid(const struct se_acquisition *acquisition)
{
	return acquisition->state.access_token != NULL &&
	       se_policy_still_valid(&acquisition->state.times, se_acquire_wall(acquisition));
}

bool
se_acquire_reject(struct se_acquisition *acquisition, const char *fingerprint)
{
	int64_t now = se_acquire_monotonic(acquisition);

	if (fingerprint[0] == '\0' || strcmp(fingerprint, acquisition->state.fingerprint) != 0)
		return false;
	if (acquisition->rejected[0] != '\0' && now - acquisition->rejected_at < REJECT_EVERY_MS)
		return is_rejected(acquisition);
	(void)se_copy(acquisition->rejected, sizeof(acquisition->rejected), fingerprint);
	acquisition->rejected_at = now;
	return true;
}

/* --- ending ----------------------------------------------------------------------------------- */

static void
stop(struct se_acquisition *acquisition)
{
	se_exchange_cancel(&acquisition->exchange);
	se_secret_command_free(acquisition->command);
	acquisition->command = NULL;
	se_secret_free(acquisition->client_secret);
	acquisition->client_secret = NULL;
	se_store_unlock(acquisition->lock);
	acquisition->lock = -1;
	acquisition->phase = SE_PHASE_IDLE;
	acquisition->account = NULL;
	se_acquire_follow(acquisition);
}

void
se_acquire_abandon(struct se_acquisition *acquisition)
{
	if (acquisition->phase != SE_PHASE_IDLE)
		stop(acquisition);
}

static void
end(struct se_acquisition *acquisition, enum se_code code, const struct se_error *error)
{
	stop(acquisition);
	acquisition->ended(acquisition->context, acquisition, code, error);
}

/* --- fetching --------------------------------------------------------------------------------- */

static void
log_new_token(const struct se_acquisition *acquisition, int64_t lifetime)
{
	const struct se_account *account = acquisition->account;
	const char *tenant = account->value[SE_KEY_TENANT].text;
	struct se_error line;

	se_error_set(&line, SE_OK,
		"%s: new access token for %s %s %s %s, good for %lld s, "
		"fingerprint %s, request %s%s",
		acquisition->login,
		account->machine    ? "managed identity"
		: account->app_only ? "app"
				    : "identity",
		account->machine    ? account->value[SE_KEY_MANAGED_IDENTITY_ID].text
		: account->app_only ? acquisition->key.client_id
				    : acquisition->key.holder,
		tenant != NULL ? "in tenant" : "from",
		tenant != NULL ? tenant : account->token_endpoint, (long long)lifetime,
		acquisition->state.fingerprint, acquisition->exchange.request_id,
		acquisition->state.times.usable < acquisition->state.times.expires &&
				acquisition->key.app_only && account->max_age == 0
			? " (no roles in it: unless RBAC for Applications gives the app its "
			  "rights, Exchange "
			  "will refuse it; a new one is fetched every 4 minutes)"
			: "");
	se_acquire_say(acquisition, false, line.text);
}

/* Once a day, whichever process fetches, which the state file says to the others. */
static bool
is_time_to_warn(struct se_state *state, int64_t now)
{
	if (now - state->warned < SE_CERTIFICATE_WARN_EVERY && state->warned <= now)
		return false;
	state->warned = now;
	return true;
}

/* Whether the certificate ends in some weeks. */
static void
warn_of_certificate(struct se_acquisition *acquisition)
{
	struct se_error line = {0};

	if (!se_credential_certificate_warning(
		    acquisition->account, acquisition->shared->world, line.text, sizeof(line.text)))
		return;
	se_error_about(&line, acquisition->login);
	se_acquire_say(acquisition, true, line.text);
}

/* Said before the server says no without a reason. */
static void
warn_of_audience(const struct se_acquisition *acquisition)
{
	char audience[200];
	struct se_error line;

	if (!se_audience_is_foreign(acquisition->account, acquisition->state.access_token, audience,
		    sizeof(audience)))
		return;
	se_error_set(&line, SE_OK,
		"%s: the access token is for %s and not for a mail server, which will refuse it "
		"(535 5.7.3); correct \"scope\" of [account %s], or take it out",
		acquisition->login, audience, acquisition->account->label);
	se_acquire_say(acquisition, true, line.text);
}

static void
accept_grant(struct se_acquisition *acquisition, struct se_grant *grant)
{
	struct se_state *state = &acquisition->state;
	int64_t now = se_acquire_wall(acquisition);
	bool warn;

	se_state_accept(
		state, grant, acquisition->account->max_age, now, se_acquire_chance(acquisition));
	warn = is_time_to_warn(state, now);
	acquisition->unsaved = true;
	se_acquire_save(acquisition);
	log_new_token(acquisition, state->times.expires - now);
	if (warn) /* not before the token is kept: to read the key again may take long */
		warn_of_certificate(acquisition);
	warn_of_audience(acquisition);
}

static bool
tries_again(struct se_acquisition *acquisition, int pause)
{
	int64_t now = se_acquire_monotonic(acquisition);

	if (pause < 0 || acquisition->deadline - now < pause + RETRY_NEEDS_MS)
		return false;
	acquisition->tries++;
	acquisition->phase = SE_PHASE_PAUSED;
	acquisition->next = now + pause;
	if (acquisition->shared->due_changed != NULL)
		acquisition->shared->due_changed(acquisition);
	return true;
}

static void
failed(struct se_acquisition *acquisition, const struct se_error *error, int pause)
{
	struct se_error line = *error;

	if (tries_again(acquisition, pause))
		return;
	se_acquire_remember(acquisition, error);
	if (se_acquire_still_valid(acquisition)) {
		se_error_about(&line, acquisition->login);
		se_acquire_say(acquisition, true, line.text);
	}
	end(acquisition, error->code, error);
}

/* Before anything else is asked, which would be with the one that it replaces. */
static void
keep_refresh_token(struct se_acquisition *acquisition, struct se_grant *grant)
{
	if (grant == NULL || grant->refresh_token == NULL)
		return;
	se_state_accept_refresh_token(&acquisition->state, grant);
	acquisition->unsaved = true;
	se_acquire_save(acquisition);
}

static void
fetched(void *context, enum se_code code, struct se_grant *grant, const struct se_error *error,
	int pause)
{
	struct se_acquisition *acquisition = context;

	if (code != SE_OK) {
		keep_refresh_token(acquisition, grant);
		failed(acquisition, error, pause);
		return;
	}
	accept_grant(acquisition, grant);
	end(acquisition, SE_OK, NULL);
}

static enum se_code
start_exchange(struct se_acquisition *acquisition, struct se_error *error)
{
	struct se_shared *shared = acquisition->shared;
	struct se_exchange_parts parts = {
		.world = shared->world,
		.environment = shared->environment,
		.account = acquisition->account,
		.login = acquisition->login,
		.refresh_token = acquisition->state.refresh_token,
		.client_secret = acquisition->client_secret,
		.deadline = acquisition->deadline,
		.tries = acquisition->tries,
		.done = fetched,
		.context = acquisition,
	};

	if (shared->http == NULL)
		shared->http = se_http_new(shared->world);
	if (shared->http == NULL)
		return se_error_memory(error);
	parts.http = shared->http;
	acquisition->phase = SE_PHASE_FETCHING;
	return se_exchange_start(&acquisition->exchange, &parts, error);
}

static bool
key_is_in_a_token(const struct se_account *account)
{
	const char *key = account->value[SE_KEY_PRIVATE_KEY].text;

	return key != NULL && se_value_is_uri(key);
}

/* --- client_secret_command --------------------------------------------------------------------- */

static void
wait_for_command(struct se_acquisition *acquisition)
{
	acquisition->phase = SE_PHASE_RUNNING;
	acquisition->next = se_acquire_monotonic(acquisition) + SE_SECRET_COMMAND_POLL_MS;
}

static enum se_code
start_command(struct se_acquisition *acquisition, struct se_error *error)
{
	acquisition->command = se_secret_command_start(
		acquisition->account->value[SE_KEY_CLIENT_SECRET_COMMAND].text,
		acquisition->shared->world, error);
	if (acquisition->command == NULL)
		return error->code;
	wait_for_command(acquisition);
	return SE_OK;
}

static bool
wants_command(const struct se_acquisition *acquisition)
{
	return acquisition->account->value[SE_KEY_CLIENT_SECRET_COMMAND].text != NULL &&
	       acquisition->client_secret == NULL;
}

static void
begin_fetch(struct se_acquisition *acquisition)
{
	struct se_error error = {0};
	enum se_code code;

	if (!acquisition->key.app_only && acquisition->state.refresh_token == NULL)
		code = se_error_set(&error, SE_SIGN_IN,
			"nobody has signed in as %s yet; sign in with: sasl-entra login %s",
			acquisition->key.holder, acquisition->login);
	else if (wants_command(acquisition))
		code = start_command(acquisition, &error);
	else
		code = start_exchange(acquisition, &error);
	if (code == SE_OK)
		return;
	/* Nothing was asked, so that there is nothing to remember; but a token locks itself after
	 * some wrong PINs. */
	if (code == SE_CONFIG && key_is_in_a_token(acquisition->account))
		se_acquire_remember(acquisition, &error);
	else
		se_acquire_note(acquisition, &error);
	end(acquisition, code, &error);
}

/* What it says is remembered as an answer is: it may take its 10 seconds each time, and ask somebody. What
 * kept it from being run is not: a mail program may not run it, but the agent may. */
static void
look_at_command(struct se_acquisition *acquisition)
{
	struct se_error error = {0};
	enum se_code code;

	if (!se_secret_command_step(
		    acquisition->command, &code, &acquisition->client_secret, &error)) {
		wait_for_command(acquisition);
		if (se_acquire_monotonic(acquisition) < acquisition->deadline)
			return;
		code = se_secret_command_stop(acquisition->command, &error);
	}
	se_secret_command_free(acquisition->command);
	acquisition->command = NULL;
	if (code == SE_OK) {
		begin_fetch(acquisition);
		return;
	}
	failed(acquisition, &error, -1);
}

/* --- the lock --------------------------------------------------------------------------------- */

/* Whether somebody else has fetched meanwhile what we were about to fetch. */
static bool
is_done_already(struct se_acquisition *acquisition)
{
	enum se_use use;

	if (acquisition->why == SE_WHY_FORCED)
		return false;
	use = se_acquire_judge(acquisition, acquisition->min_lifetime);
	return use == SE_USE || (use == SE_USE_AND_RENEW && acquisition->why == SE_WHY_NEED);
}

static void
wait_for_lock(struct se_acquisition *acquisition)
{
	int64_t pause = LOCK_WAIT_FIRST_MS << (acquisition->tries < 3 ? acquisition->tries : 3);

	acquisition->tries++;
	acquisition->next = se_acquire_monotonic(acquisition) +
			    (pause < LOCK_WAIT_MAX_MS ? pause : LOCK_WAIT_MAX_MS);
	if (acquisition->why == SE_WHY_AHEAD ||
		(se_acquire_look(acquisition, NULL) == SE_OK && is_done_already(acquisition)))
		end(acquisition, SE_OK, NULL);
}

static void
locked(struct se_acquisition *acquisition)
{
	struct se_error error = {0};
	enum se_code code;

	acquisition->tries = 0;
	code = se_acquire_look(acquisition, &error);
	if (code != SE_OK && code != SE_ABSENT && !acquisition->key.app_only) {
		end(acquisition, code, &error); /* the sign-in is in there */
		return;
	}
	if (acquisition->file_broken)
		se_acquire_complain(acquisition, &error);
	if (is_done_already(acquisition)) {
		end(acquisition, SE_OK, NULL);
		return;
	}
	if (acquisition->why != SE_WHY_FORCED &&
		se_acquire_remembers(acquisition, acquisition->account, &error)) {
		end(acquisition, error.code, &error);
		return;
	}
	begin_fetch(acquisition);
}

static void
try_lock(struct se_acquisition *acquisition)
{
	struct se_error error = {0};
	enum se_code code = SE_OK;

	if (acquisition->store != NULL)
		code = se_store_lock(
			acquisition->store, &acquisition->key, &acquisition->lock, &error);
	if (code == SE_AGAIN && error.text[0] == '\0') {
		wait_for_lock(acquisition);
		return;
	}
	if (code != SE_OK)
		se_acquire_complain(acquisition, &error); /* a token is better than none */
	locked(acquisition);
}

/* --- driving ---------------------------------------------------------------------------------- */

void
se_acquire_begin(struct se_acquisition *acquisition, const struct se_account *account,
	const char *login, enum se_why why, unsigned min_lifetime, int64_t deadline,
	se_acquire_ended *ended, void *context)
{
	se_acquire_save_unsaved(acquisition, false);
	acquisition->account = account;
	acquisition->why = why;
	acquisition->min_lifetime = min_lifetime;
	acquisition->deadline = deadline;
	acquisition->tries = 0;
	acquisition->ended = ended;
	acquisition->context = context;
	(void)se_copy(acquisition->login, sizeof(acquisition->login), login);
	acquisition->phase = SE_PHASE_LOCKING;
	try_lock(acquisition);
}

int64_t
se_acquire_due(const struct se_acquisition *acquisition)
{
	if (acquisition->phase == SE_PHASE_LOCKING || acquisition->phase == SE_PHASE_PAUSED ||
		acquisition->phase == SE_PHASE_RUNNING)
		return acquisition->next < acquisition->deadline ? acquisition->next
								 : acquisition->deadline;
	return INT64_MAX;
}

void
se_acquire_step(struct se_acquisition *acquisition, int64_t now)
{
	struct se_error error = {0};

	if (now < se_acquire_due(acquisition))
		return;
	if (acquisition->phase == SE_PHASE_PAUSED) {
		begin_fetch(acquisition);
	} else if (acquisition->phase == SE_PHASE_RUNNING) {
		look_at_command(acquisition);
	} else if (now >= acquisition->deadline) {
		se_error_set(&error, SE_AGAIN,
			"another process has been fetching this token for too "
			"long; it is tried again by itself");
		end(acquisition, SE_AGAIN, &error);
	} else {
		try_lock(acquisition);
	}
}
