#include <string.h>

#include "engine/exchange.h"
#include "engine/fetch_once.h"

enum { TURN_MS = 1000, RETRY_NEEDS_MS = 3000 };

struct fetch {
	bool ended;
	enum se_code code;
	struct se_grant grant;
	struct se_error error;
	int pause; /* milliseconds; -1: no other try */
};

static void
ended(void *context, enum se_code code, struct se_grant *grant, const struct se_error *error,
	int pause)
{
	struct fetch *fetch = context;

	fetch->ended = true;
	fetch->code = code;
	fetch->pause = pause;
	if (code == SE_OK) {
		fetch->grant = *grant;
		memset(grant, 0, sizeof(*grant));
	} else {
		fetch->error = *error;
	}
}

static int64_t
now(const struct se_world *world)
{
	return world->monotonic(world->context);
}

/* Turns until something has ended, or until a time. */
static bool
turn_until(struct se_exchange_parts *parts, const bool *done, int64_t until)
{
	int64_t left;

	while (!*done && (left = until - now(parts->world)) > 0)
		if (!se_http_turn(parts->http, NULL, 0, left < TURN_MS ? (int)left : TURN_MS))
			return false;
	return true;
}

static enum se_code
try(struct se_exchange_parts *parts, struct fetch *fetch)
{
	struct se_exchange exchange;
	enum se_code code;

	memset(fetch, 0, sizeof(*fetch));
	memset(&exchange, 0, sizeof(exchange));
	fetch->pause = -1;
	code = se_exchange_start(&exchange, parts, &fetch->error);
	if (code != SE_OK)
		return code;
	/* libcurl's own deadline comes first, and knows better what went wrong. */
	if (turn_until(parts, &fetch->ended, parts->deadline + TURN_MS) && fetch->ended)
		return fetch->code;
	se_exchange_cancel(&exchange);
	return se_error_set(&fetch->error, SE_AGAIN, "the request could not be waited for");
}

/* A fault in passing is tried again while there is time. */
static enum se_code
try_all(struct se_exchange_parts *parts, struct fetch *fetch)
{
	const bool never = false;
	enum se_code code = try(parts, fetch);

	while (code == SE_AGAIN && fetch->pause >= 0 &&
		parts->deadline - now(parts->world) > fetch->pause + RETRY_NEEDS_MS) {
		(void)turn_until(parts, &never, now(parts->world) + fetch->pause);
		parts->tries++;
		code = try(parts, fetch);
	}
	return code;
}

enum se_code
se_fetch_once(const struct se_account *account, const char *login, bool environment,
	const struct se_world *world, int64_t deadline, struct se_grant *grant,
	struct se_error *error)
{
	struct fetch fetch;
	struct se_exchange_parts parts = {
		.world = world,
		.http = se_http_new(world),
		.environment = environment,
		.account = account,
		.login = login,
		.deadline = deadline,
		.done = ended,
		.context = &fetch,
	};
	enum se_code code;

	memset(grant, 0, sizeof(*grant));
	if (parts.http == NULL)
		return se_error_memory(error);
	code = try_all(&parts, &fetch);
	if (code == SE_OK)
		*grant = fetch.grant;
	else if (error != NULL)
		*error = fetch.error;
	se_http_free(parts.http);
	return code;
}
