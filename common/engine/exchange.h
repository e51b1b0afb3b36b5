/*
 * exchange: the requests that end in one grant. Mostly that is one POST to a token endpoint; a
 * managed identity is one GET, or two with Azure Arc; an app that trusts a managed identity needs
 * that GET first and the POST with its token then. Never blocks; runs by se_http_turn().
 */
#ifndef SE_ENGINE_EXCHANGE_H
#define SE_ENGINE_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/world.h"
#include "engine/answer.h"
#include "engine/config.h"
#include "engine/http.h"
#include "engine/managed_identity.h"
#include "engine/request_id.h"

/* SE_OK: `grant` is the callee's to take from. Else `error`, and `grant`, or NULL, as se_answer_read()
 * leaves it; `pause` is how many milliseconds later the whole is worth another try within the same step,
 * -1: not within it. */
typedef void se_exchange_done(void *context, enum se_code code, struct se_grant *grant,
	const struct se_error *error, int pause);

/* What it is made with; borrowed until it ends. */
struct se_exchange_parts {
	const struct se_world *world;
	struct se_http *http;
	bool environment; /* this process may believe its environment (managed_identity.h) */
	const struct se_account *account;
	const char *login;                     /* who asked, for messages */
	const struct se_secret *refresh_token; /* NULL where the grant needs none */
	const struct se_secret *client_secret; /* what client_secret_command has printed */
	int64_t deadline;                      /* monotonic ms, of all requests together */
	unsigned tries; /* how often this has been tried before in the step */
	se_exchange_done *done;
	void *context;
};

struct se_exchange {
	struct se_exchange_parts parts;
	struct se_http_transfer *transfer; /* NULL: nothing is under way */
	struct se_machine machine;
	bool proven; /* Arc's challenge has been answered */
	char request_id[SE_REQUEST_ID_SIZE];
};

/* Starts. On error nothing was sent, and `done` is not called; else it is called once, from
 * se_http_turn(), unless se_exchange_cancel() comes first. */
enum se_code se_exchange_start(struct se_exchange *exchange, const struct se_exchange_parts *parts,
	struct se_error *error);

/* Ends it without a call. Nothing under way is fine. */
void se_exchange_cancel(struct se_exchange *exchange);

#endif
