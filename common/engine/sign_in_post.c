#include <string.h>

#include "engine/provider.h"
#include "engine/request_id.h"
#include "engine/sign_in_post.h"

enum { TURN_MS = 1000 };

enum se_code
se_poster_begin(struct se_poster *poster, const struct se_world *world,
	const struct se_watch *watch, const struct se_account *account, struct se_error *error)
{
	poster->world = world;
	poster->watch = watch;
	poster->account = account;
	poster->http = se_http_new(world);
	return poster->http != NULL ? SE_OK : se_error_memory(error);
}

void
se_poster_end(struct se_poster *poster)
{
	if (poster->http != NULL)
		se_http_free(poster->http);
	poster->http = NULL;
}

enum se_code
se_poster_wait(struct se_poster *poster, int64_t until, const bool *done, struct se_error *error)
{
	const struct se_watch *watch = poster->watch;
	const struct se_world *world = poster->world;

	while (done == NULL || !*done) {
		int64_t left = until - world->monotonic(world->context);
		struct pollfd fds[SE_WATCH_MAX];
		int wait = left < TURN_MS ? (int)left : TURN_MS;
		size_t count;

		if (left <= 0)
			break;
		count = watch->prepare(watch->context, fds, &wait);
		if (!se_http_turn(poster->http, fds, count, wait))
			return se_error_set(error, SE_INTERNAL, "polling failed");
		if (!watch->turn(watch->context))
			return se_error_set(error, SE_SIGN_IN, "the sign-in was given up");
	}
	return SE_OK;
}

struct pending {
	struct se_post_reply *reply;
	struct se_error *error;
	enum se_code code;
	bool done;
};

static void
answered(void *context, const struct se_http_response *response, const struct se_error *trouble)
{
	struct pending *pending = context;

	pending->done = true;
	if (response == NULL) {
		pending->code = trouble->code;
		if (pending->error != NULL)
			*pending->error = *trouble;
		return;
	}
	pending->reply->status = response->status;
	pending->reply->retry_after = response->retry_after;
	pending->code = SE_OK;
	if (!se_buffer_add(&pending->reply->body, response->body, response->body_len))
		pending->code = se_error_memory(pending->error);
}

enum se_code
se_poster_post(struct se_poster *poster, const char *url, struct se_secret *form,
	struct se_post_reply *reply, struct se_error *error)
{
	const struct se_world *world = poster->world;
	const struct se_account *account = poster->account;
	struct pending pending = {.reply = reply, .error = error, .code = SE_AGAIN};
	char id[SE_REQUEST_ID_SIZE];
	struct se_http_request request = {
		.url = url,
		.body = form,
		.request_id = id,
		.microsoft = account->provider->microsoft,
		.proxy = account->value[SE_KEY_PROXY].text,
		.ca_file = account->value[SE_KEY_CA_FILE].text,
		.deadline = world->monotonic(world->context) + (int64_t)account->timeout * 1000,
	};
	struct se_http_transfer *transfer;
	enum se_code code;

	memset(reply, 0, sizeof(*reply));
	se_buffer_init(&reply->body, SE_HTTP_BODY_MAX);
	if (!se_request_id_make(world, id)) {
		se_secret_free(form);
		return se_error_set(error, SE_INTERNAL, "there is no randomness to be had");
	}
	transfer = se_http_start(poster->http, &request, answered, &pending, error);
	if (transfer == NULL)
		return error->code;
	/* The transfer has a deadline of its own, so that it ends in any case. */
	code = se_poster_wait(poster, INT64_MAX, &pending.done, error);
	if (!pending.done)
		se_http_cancel(poster->http, transfer);
	return code != SE_OK ? code : pending.code;
}
