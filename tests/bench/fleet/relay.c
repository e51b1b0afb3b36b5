/*
 * relay: one agent's engine with an app-only account, and mail that wants tokens. The linker puts what
 * is here in the place of libcurl (http.h) and of the file with the client secret; what the engine
 * asks, what it makes of an answer, when it asks again: that is its own code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/credential_secret.h"
#include "engine/engine_parts.h"

#include "fleet.h"

enum { T0 = 1800000000, LOOK_AGAIN_MS = 1000 };

struct relay {
	const struct relay_times *shared;
	unsigned number;
	struct se_world world;
	struct chance chance;
	struct se_engine *engine;
	int64_t start, next_mail; /* ms */
	struct se_ask *asking;    /* a delivery that waits */
	int64_t asked;            /* ms: when it came */
	bool has_had_token;

	/* the request under way */
	se_http_done *done; /* NULL: none */
	void *context;
	struct fate fate;
	int64_t answer_at;
};

/* --- the world ----------------------------------------------------------------------------------- */

static int64_t
wall(void *context)
{
	const struct relay *relay = context;

	return T0 + *relay->shared->now / 1000;
}

static int64_t
monotonic(void *context)
{
	const struct relay *relay = context;

	return *relay->shared->now;
}

static bool
random_bytes(void *context, void *data, size_t len)
{
	struct relay *relay = context;
	unsigned char *bytes = data;
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = (unsigned char)(chance_next(&relay->chance) >> 56);
	return true;
}

static struct count *
this_second(const struct relay *relay)
{
	return &relay->shared->result->each[*relay->shared->now / 1000];
}

/* --- in the place of libcurl ---------------------------------------------------------------------- */

struct se_http *__wrap_se_http_new(const struct se_world *world);
void __wrap_se_http_free(struct se_http *http);
struct se_http_transfer *__wrap_se_http_start(struct se_http *http, struct se_http_request *request,
	se_http_done *done, void *context, struct se_error *error);
void __wrap_se_http_cancel(struct se_http *http, struct se_http_transfer *transfer);
bool __wrap_se_http_turn(struct se_http *http, struct pollfd *fds, size_t count, int wait);
enum se_code __wrap_se_credential_secret_read(
	const struct se_account *account, struct se_secret **secret, struct se_error *error);

struct se_http *
__wrap_se_http_new(const struct se_world *world)
{
	return world->context;
}

void
__wrap_se_http_free(struct se_http *http)
{
	(void)http;
}

static void
note_fate(const struct relay *relay)
{
	struct count *count = this_second(relay);

	count->requests++;
	count->granted += relay->fate.status == 200;
	count->throttled += relay->fate.status == 429;
	count->failed += relay->fate.status != 200 && relay->fate.status != 429;
}

struct se_http_transfer *
__wrap_se_http_start(struct se_http *http, struct se_http_request *request, se_http_done *done,
	void *context, struct se_error *error)
{
	struct relay *relay = (struct relay *)http;

	se_secret_free(request->body);
	request->body = NULL;
	if (relay->done != NULL) {
		se_error_set(error, SE_INTERNAL, "two requests at once");
		return NULL;
	}
	relay->done = done;
	relay->context = context;
	relay->fate = tenant_ask(relay->shared->tenant, *relay->shared->now, &relay->chance);
	relay->answer_at = *relay->shared->now + relay->fate.after;
	if (relay->answer_at > request->deadline) {
		relay->answer_at = request->deadline;
		relay->fate.status = 0;
	}
	note_fate(relay);
	return (struct se_http_transfer *)relay;
}

void
__wrap_se_http_cancel(struct se_http *http, struct se_http_transfer *transfer)
{
	(void)transfer;
	((struct relay *)http)->done = NULL;
}

static void
answer(struct relay *relay)
{
	se_http_done *done = relay->done;
	struct se_http_response response = {.status = relay->fate.status,
		.body = "Too Many Requests",
		.retry_after = relay->fate.retry_after,
		.challenge = ""};
	struct se_error error = {0};
	char body[300];

	relay->done = NULL;
	if (response.status == 0) {
		se_error_set(&error, SE_AGAIN, "the token endpoint cannot be reached");
		done(relay->context, NULL, &error);
		return;
	}
	(void)snprintf(body, sizeof(body),
		"{\"token_type\":\"Bearer\",\"expires_in\":%u,\"access_token\":\"%0100u\"}",
		relay->fate.life, relay->number);
	if (response.status == 200)
		response.body = body;
	response.body_len = strlen(response.body);
	done(relay->context, &response, NULL);
}

bool
__wrap_se_http_turn(struct se_http *http, struct pollfd *fds, size_t count, int wait)
{
	struct relay *relay = (struct relay *)http;

	(void)fds;
	(void)count;
	(void)wait;
	if (relay->done != NULL && relay->answer_at <= *relay->shared->now)
		answer(relay);
	return true;
}

enum se_code
__wrap_se_credential_secret_read(
	const struct se_account *account, struct se_secret **secret, struct se_error *error)
{
	(void)account;
	*secret = se_secret_new("s3cr3t", 6);
	return *secret != NULL ? SE_OK : se_error_memory(error);
}

/* --- mail ---------------------------------------------------------------------------------------- */

static void
delivered(void *context, enum se_code code, struct se_answer *got, const struct se_error *error)
{
	struct relay *relay = context;
	struct count *then = &relay->shared->result->each[relay->asked / 1000];
	int64_t now = *relay->shared->now;

	(void)got;
	relay->asking = NULL;
	then->deliveries++;
	then->waited += code == SE_OK && now > relay->asked;
	if (code == SE_OK && !relay->has_had_token)
		relay->shared->result->first_token[relay->number] = (uint32_t)(now - relay->start);
	if (code == SE_OK) {
		relay->has_had_token = true;
		return;
	}
	then->refused++;
	/* Nothing reminds the engine of a token that it never had but mail that waits. */
	if (!relay->has_had_token)
		relay->next_mail =
			now + (error->retry_after > 0 ? (int64_t)error->retry_after * 1000
						      : LOOK_AGAIN_MS);
}

static void
deliver(struct relay *relay)
{
	struct se_request request = {.operation = SE_OPERATION_TOKEN, .time_left = SE_BUDGET_MS};

	(void)snprintf(request.login, sizeof(request.login), "alerts@contoso.com");
	(void)snprintf(request.server, sizeof(request.server), "smtp.office365.com");
	(void)snprintf(request.service, sizeof(request.service), "smtp");
	relay->asked = *relay->shared->now;
	relay->next_mail = *relay->shared->now + 1 +
			   chance_up_to(&relay->chance, (int64_t)relay->shared->mail_s * 2000);
	relay->asking = se_engine_ask(relay->engine, &request, NULL, delivered, relay);
}

/* --- life ---------------------------------------------------------------------------------------- */

static char directory[] = "/tmp/sasl-entra-fleet-XXXXXX";
static char configuration[sizeof(directory) + 20];

static void
give_up(const char *why)
{
	(void)fprintf(stderr, "fleet: %s\n", why);
	exit(1);
}

void
relay_begin(void)
{
	FILE *file;

	if (mkdtemp(directory) == NULL)
		give_up("no directory for the configuration");
	(void)snprintf(configuration, sizeof(configuration), "%s/sasl-entra.conf", directory);
	file = fopen(configuration, "w");
	if (file == NULL)
		give_up("no configuration");
	(void)fprintf(file,
		"[account relay]\nmatch = *@contoso.com\ntenant = contoso.com\n"
		"client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\ncredential = secret\n"
		"client_secret_file = %s/secret\n",
		directory);
	if (fclose(file) != 0)
		give_up("the configuration was not written");
	/* No state directory: tokens live in memory, so that a start is one after a long power cut. */
	(void)setenv("HOME", "/nonexistent", 1);
	(void)unsetenv("XDG_STATE_HOME");
}

void
relay_end(void)
{
	(void)unlink(configuration);
	(void)rmdir(directory);
}

struct relay *
relay_new(const struct relay_times *shared, uint64_t seed, unsigned number, int64_t start)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	struct se_engine_options options = {
		.role = SE_ROLE_AGENT, .configuration = configuration, .users_own = true};
	struct se_error error;

	if (relay == NULL)
		give_up("no memory");
	relay->shared = shared;
	relay->number = number;
	relay->chance = chance_make(seed, number + 1);
	relay->start = start;
	relay->next_mail = start;
	relay->world.wall = wall;
	relay->world.monotonic = monotonic;
	relay->world.random = random_bytes;
	relay->world.context = relay;
	options.world = &relay->world;
	relay->engine = se_engine_new(&options);
	if (relay->engine == NULL || se_engine_load(relay->engine, &error) != SE_OK)
		give_up(relay->engine == NULL ? "no memory" : error.text);
	return relay;
}

void
relay_free(struct relay *relay)
{
	se_engine_free(relay->engine);
	free(relay);
}

int64_t
relay_step(struct relay *relay)
{
	const struct se_entry *entry;
	int64_t now = *relay->shared->now, due;

	if (relay->next_mail <= now && relay->asking == NULL)
		deliver(relay);
	if (!se_engine_turn(relay->engine, NULL, 0, 0))
		give_up("the engine does not turn");
	due = relay->asking == NULL ? relay->next_mail : INT64_MAX;
	entry = se_entry_first(relay->engine);
	if (entry != NULL && entry->due < due)
		due = entry->due;
	if (relay->done != NULL && relay->answer_at < due)
		due = relay->answer_at;
	return due > now ? due : now + 1;
}
