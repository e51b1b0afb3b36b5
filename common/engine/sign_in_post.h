/*
 * sign_in_post: the requests of a sign-in, one after the other. They block, as nothing else in the
 * engine does, but look after whatever else the caller has: a server for the browser, a countdown,
 * a person who gives up.
 */
#ifndef SE_ENGINE_SIGN_IN_POST_H
#define SE_ENGINE_SIGN_IN_POST_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/world.h"
#include "engine/config.h"
#include "engine/http.h"

enum { SE_WATCH_MAX = 64 };

/* What goes on meanwhile. */
struct se_watch {
	/* Fills at most SE_WATCH_MAX descriptors, returns how many; lowers *wait (milliseconds)
	 * where it wants its turn earlier. */
	size_t (*prepare)(void *context, struct pollfd *fds, int *wait);
	/* Does what is due. False: the person has given up. */
	bool (*turn)(void *context);
	void *context;
};

struct se_poster {
	const struct se_world *world;
	struct se_http *http;
	const struct se_watch *watch;
	const struct se_account *account;
};

struct se_post_reply {
	long status;
	struct se_buffer body; /* may hold tokens: it wipes itself */
	unsigned retry_after;
};

/* NULL world or watch are not fine. SE_MEMORY when libcurl cannot start. */
enum se_code se_poster_begin(struct se_poster *poster, const struct se_world *world,
	const struct se_watch *watch, const struct se_account *account, struct se_error *error);
void se_poster_end(struct se_poster *poster);

/* Turns until `until` (monotonic milliseconds) or until *done, which may be NULL. SE_SIGN_IN when
 * the person has given up. */
enum se_code
se_poster_wait(struct se_poster *poster, int64_t until, const bool *done, struct se_error *error);

/* Posts a form, which is taken over. SE_OK: an HTTP answer came, whatever its status; the caller
 * frees reply->body. SE_AGAIN: none came. */
enum se_code se_poster_post(struct se_poster *poster, const char *url, struct se_secret *form,
	struct se_post_reply *reply, struct se_error *error);

#endif
