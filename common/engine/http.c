#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/descriptor.h"
#include "core/wiping_memory.h"
#include "engine/http_transfer.h"
#include "engine/signals.h"

/* What was given back while names were still being looked up for it: whoever wants an se_http next
 * takes it over, so that a program that begins anew again and again gathers no more of them. */
static _Atomic(struct se_http *) left_behind;

enum {
	POLL_PAUSE_MS = 20,
	POLL_FAILURES_MAX = 250,
	LINGER_MS = 5000,       /* as long as libcurl has, if it does, to close a connection */
	LINGERS_FROM = 0x080900 /* the version that came to do so by and by, for 2 s at the most */
};

static int64_t
now_ms(const struct se_http *http)
{
	return http->world->monotonic(http->world->context);
}

/* --- making and freeing --------------------------------------------------------------------- */

/* libcurl has requests, answers and headers in buffers of its own. They are malloc()'s all the same,
 * so that a host that uses libcurl too is not disturbed; where it was first, its functions stay. */
bool
se_http_begin_curl(void)
{
	return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, se_wiping_free, se_wiping_realloc,
		       strdup, calloc) == CURLE_OK;
}

static void
leave_behind(struct se_http *http)
{
	struct se_http *top = atomic_load(&left_behind);

	do
		http->next = top;
	while (!atomic_compare_exchange_weak(&left_behind, &top, http));
}

/* One of them, or NULL. What came by a fork is left alone: it is the parent's threads that look the
 * names up. */
static struct se_http *
take_over(const struct se_world *world)
{
	struct se_http *http, *next, *ours = NULL;

	for (http = atomic_exchange(&left_behind, NULL); http != NULL; http = next) {
		next = http->next;
		if (ours == NULL && http->owner == getpid())
			ours = http;
		else
			leave_behind(http);
	}
	if (ours == NULL)
		return NULL;
	ours->world = world;
	ours->poll_failures = 0;
	return ours;
}

/* It makes a pair of sockets to wake itself up by, and keeps them. */
static CURLM *
make_multi(void)
{
	struct se_descriptors_held held;
	CURLM *multi;

	se_descriptors_hold(&held);
	multi = curl_multi_init();
	se_descriptors_release(&held);
	return multi;
}

struct se_http *
se_http_new(const struct se_world *world)
{
	struct se_http *http = take_over(world);
	const curl_version_info_data *curl;
	const char *tls;

	if (http != NULL)
		return http;
	if (!se_http_begin_curl())
		return NULL;
	http = calloc(1, sizeof(*http));
	if (http != NULL)
		http->multi = make_multi();
	if (http == NULL || http->multi == NULL) {
		free(http);
		curl_global_cleanup();
		return NULL;
	}
	curl = curl_version_info(CURLVERSION_NOW);
	tls = curl->ssl_version;
	http->linger = curl->version_num >= LINGERS_FROM ? LINGER_MS : 0;
	http->openssl = tls != NULL && strstr(tls, "OpenSSL") != NULL;
	http->world = world;
	http->owner = getpid();
	http->end = &http->transfers;
	return http;
}

static void
transfer_free(struct se_http_transfer *transfer)
{
	struct curl_slist *header;

	if (transfer->easy != NULL)
		curl_easy_cleanup(transfer->easy);
	for (header = transfer->headers; header != NULL; header = header->next)
		se_wipe(header->data, strlen(header->data));
	curl_slist_free_all(transfer->headers);
	se_secret_free(transfer->body);
	se_buffer_free(&transfer->answer);
	free(transfer);
}

/* Takes it off the list; frees it unless its name lookup hangs. */
static void
transfer_drop(struct se_http *http, struct se_http_transfer *transfer)
{
	struct se_http_transfer **at;
	struct se_signals_held held;

	for (at = &http->transfers; *at != NULL; at = &(*at)->next) {
		if (*at == transfer) {
			*at = transfer->next;
			if (*at == NULL)
				http->end = at;
			break;
		}
	}
	if (transfer->parked)
		http->parked--;
	se_signals_hold(&held);
	(void)curl_multi_remove_handle(http->multi, transfer->easy);
	transfer_free(transfer);
	se_signals_release(&held);
}

/* libcurl would wait for a name lookup when a transfer is removed, so that such a one stays
 * until the lookup ends. Its secrets go at once. */
static void
transfer_give_up(struct se_http *http, struct se_http_transfer *transfer)
{
	if (!transfer->begun || transfer->over || !se_http_looks_up_name(transfer)) {
		transfer_drop(http, transfer);
		return;
	}
	transfer->parked = true;
	http->parked++;
	transfer->done = NULL;
	(void)curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, "");
	(void)curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE, 0L);
	se_secret_free(transfer->body);
	transfer->body = NULL;
}

void
se_http_free(struct se_http *http)
{
	struct se_http_transfer *transfer, *next;
	struct se_signals_held held;

	if (http == NULL)
		return;
	for (transfer = http->transfers; transfer != NULL; transfer = next) {
		next = transfer->next;
		if (!transfer->parked)
			transfer_give_up(http, transfer);
	}
	if (http->parked > 0) {
		leave_behind(http); /* engine.so is never unloaded */
		return;
	}
	se_signals_hold(&held);
	(void)curl_multi_cleanup(http->multi);
	curl_global_cleanup();
	se_signals_release(&held);
	free(http);
}

size_t
se_http_parked(const struct se_http *http)
{
	return http->parked;
}

/* --- starting -------------------------------------------------------------------------------- */

/* Which transfers libcurl has ended. */
static void
read_messages(struct se_http *http)
{
	struct se_http_transfer *transfer;
	char *context;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		context = NULL;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &context);
		transfer = (void *)context;
		if (transfer == NULL)
			continue;
		transfer->over = true;
		transfer->code = code;
	}
}

/* Lets go of parked transfers whose lookup has ended. Calls nobody's `done`: they have none. */
static void
reap(struct se_http *http)
{
	struct se_http_transfer *transfer, *next;
	struct se_signals_held held;
	int running = 0;

	se_signals_hold(&held);
	(void)curl_multi_perform(http->multi, &running);
	se_signals_release(&held);
	read_messages(http);
	for (transfer = http->transfers; transfer != NULL; transfer = next) {
		next = transfer->next;
		if (transfer->parked && (transfer->over || !se_http_looks_up_name(transfer)))
			transfer_drop(http, transfer);
	}
}

/* "https://login.example:8443/x" -> "login.example:8443", for sentences. */
static void
host_of(const char *url, char *host, size_t size)
{
	const char *from = strstr(url, "://");
	size_t len;

	from = from != NULL ? from + 3 : url;
	len = strcspn(from, "/?#");
	if (len >= size)
		len = size - 1;
	memcpy(host, from, len);
	host[len] = '\0';
}

struct se_http_transfer *
se_http_start(struct se_http *http, struct se_http_request *request, se_http_done *done,
	void *context, struct se_error *error)
{
	struct se_http_transfer *transfer = calloc(1, sizeof(*transfer));
	size_t hanging;

	if (transfer == NULL) {
		se_secret_free(request->body);
		request->body = NULL;
		se_error_memory(error);
		return NULL;
	}
	transfer->http = http;
	transfer->body = request->body;
	request->body = NULL;
	transfer->deadline = request->deadline;
	transfer->machine = request->machine;
	transfer->proxied = request->proxy != NULL && !request->machine;
	transfer->done = done;
	transfer->context = context;
	host_of(request->url, transfer->host, sizeof(transfer->host));
	host_of(transfer->proxied ? request->proxy : request->url, transfer->name,
		sizeof(transfer->name));
	se_buffer_init(&transfer->answer, SE_HTTP_BODY_MAX);
	hanging = se_http_hanging_lookups(transfer);
	if (hanging > 0) {
		reap(http);
		hanging = se_http_hanging_lookups(transfer);
	}
	if (hanging > 0) {
		se_error_set(error, SE_AGAIN,
			"%zu name lookups still hang, so %s is not asked; "
			"look at the name servers in /etc/resolv.conf",
			hanging, transfer->host);
		transfer_free(transfer);
		return NULL;
	}
	transfer->easy = curl_easy_init();
	if (transfer->easy == NULL || !se_http_prepare(transfer, request)) {
		se_error_set(error, SE_MEMORY, "libcurl could not prepare a request to %s",
			transfer->host);
		transfer_free(transfer);
		return NULL;
	}
	*http->end = transfer;
	http->end = &transfer->next;
	return transfer;
}

void
se_http_cancel(struct se_http *http, struct se_http_transfer *transfer)
{
	if (transfer != NULL)
		transfer_give_up(http, transfer);
}

/* --- turning ---------------------------------------------------------------------------------- */

static void
finish(struct se_http *http, struct se_http_transfer *transfer)
{
	struct se_http_response response = {0};
	struct se_error error = {0};
	curl_off_t retry_after = 0;
	se_http_done *done = transfer->done;

	if (done == NULL) { /* parked, and its lookup has ended */
		transfer_drop(http, transfer);
		return;
	}
	if (transfer->too_large) {
		se_http_explain_large(transfer, &error);
		done(transfer->context, NULL, &error);
	} else if (transfer->code != CURLE_OK) {
		se_http_explain(transfer, transfer->code, &error);
		done(transfer->context, NULL, &error);
	} else {
		(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &response.status);
		(void)curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after);
		response.retry_after = retry_after <= 0     ? 0
				       : retry_after > 3600 ? 3600
							    : (unsigned)retry_after;
		response.body = se_buffer_text(&transfer->answer);
		response.body_len = transfer->answer.len;
		response.challenge = transfer->challenge;
		response.date = transfer->date > 0 ? transfer->date : 0;
		done(transfer->context, &response, NULL);
	}
	transfer_drop(http, transfer);
}

/* `done` of one transfer may start and cancel others: begin again after each. */
static void
collect(struct se_http *http)
{
	struct se_http_transfer *transfer;

	read_messages(http);
	for (transfer = http->transfers; transfer != NULL;)
		if (transfer->over) {
			finish(http, transfer);
			transfer = http->transfers;
		} else {
			transfer = transfer->next;
		}
}

/* Gives libcurl those that may have their names looked up. */
static void
admit(struct se_http *http)
{
	struct se_http_transfer *transfer;

	while ((transfer = se_http_next_lookup(http)) != NULL) {
		transfer->admitted = true;
		if (curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK) {
			transfer->over = true;
			transfer->code = CURLE_OUT_OF_MEMORY;
		}
	}
}

static bool
is_late(struct se_http_transfer *transfer, int64_t now)
{
	curl_off_t ready = 0;

	if (now >= transfer->deadline)
		return true;
	if (transfer->connect_deadline == 0) {
		if (!se_http_looks_up_name(transfer))
			transfer->connect_deadline = now + SE_HTTP_CONNECT_MS;
		return false;
	}
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	return ready == 0 && now >= transfer->connect_deadline;
}

static void
expire(struct se_http *http)
{
	struct se_http_transfer *transfer, *next;
	int64_t now = now_ms(http);

	for (transfer = http->transfers; transfer != NULL; transfer = next) {
		struct se_error error = {0};
		se_http_done *done = transfer->done;
		void *context = transfer->context;

		next = transfer->next;
		if (transfer->parked) {
			if (!se_http_looks_up_name(transfer))
				transfer_drop(http, transfer);
			continue;
		}
		if (!is_late(transfer, now))
			continue;
		se_http_explain_late(transfer, &error);
		transfer_give_up(http, transfer);
		done(context, NULL, &error);
		next = http->transfers; /* `done` may have started or ended others */
	}
}

static int
shorten(const struct se_http *http, int wait)
{
	const struct se_http_transfer *transfer;
	int64_t now = now_ms(http), left = wait < 0 ? INT32_MAX : wait;

	for (transfer = http->transfers; transfer != NULL; transfer = transfer->next) {
		int64_t until = transfer->deadline - now;

		if (left > 250) /* when the name is known libcurl does not say */
			left = 250;
		if (!transfer->parked && until < left)
			left = until < 0 ? 0 : until;
	}
	return (int)left;
}

/* libcurl reports a hang-up as something to read, even where nobody asked for that. */
static short
revents_of(const struct curl_waitfd *extra)
{
	int revents = 0;

	if (extra->revents & CURL_WAIT_POLLOUT)
		revents |= POLLOUT;
	if (extra->revents & CURL_WAIT_POLLIN)
		revents |= (extra->events & CURL_WAIT_POLLIN) ? POLLIN : POLLHUP;
	return (short)revents;
}

bool
se_poll_passes(bool worked, unsigned *failures)
{
	const struct timespec pause = {0, POLL_PAUSE_MS * 1000000L};
	int cause = errno;

	if (worked) {
		*failures = 0;
		return true;
	}
	(void)nanosleep(&pause, NULL);
	errno = cause;
	return ++*failures < POLL_FAILURES_MAX;
}

/* As if polling had failed: there may be memory soon. */
static bool
turn_without_memory(struct se_http *http, struct pollfd *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fds[i].revents = 0;
	errno = ENOMEM;
	return se_poll_passes(false, &http->poll_failures);
}

/* Most turns of an agent's are without a transfer: libcurl has no part in them. */
static bool
turn_at_rest(struct se_http *http, struct pollfd *fds, size_t count, int wait)
{
	bool ok = poll(fds, (nfds_t)count, wait) >= 0;
	size_t i;

	for (i = 0; !ok && i < count; i++)
		fds[i].revents = 0;
	return se_poll_passes(ok || errno == EINTR, &http->poll_failures);
}

static bool
is_at_rest(struct se_http *http)
{
	int64_t now = now_ms(http);

	if (http->transfers != NULL)
		http->rests = now + http->linger;
	return http->transfers == NULL && now >= http->rests;
}

bool
se_http_turn(struct se_http *http, struct pollfd *fds, size_t count, int wait)
{
	struct curl_waitfd few[16], *extra = few;
	struct se_http_transfer *transfer;
	struct se_signals_held held;
	int running = 0, cause;
	bool ok;
	size_t i;

	if (is_at_rest(http))
		return turn_at_rest(http, fds, count, wait);
	if (count > sizeof(few) / sizeof(few[0])) {
		extra = calloc(count, sizeof(*extra));
		if (extra == NULL)
			return turn_without_memory(http, fds, count);
	}
	for (i = 0; i < count; i++) {
		/* CURL_WAIT_POLLIN, PRI and OUT are not poll's numbers. */
		extra[i].fd = fds[i].fd;
		extra[i].events = (short)(((fds[i].events & POLLIN) ? CURL_WAIT_POLLIN : 0) |
					  ((fds[i].events & POLLOUT) ? CURL_WAIT_POLLOUT : 0));
		extra[i].revents = 0;
	}
	admit(http);
	errno = 0;
	ok = curl_multi_poll(http->multi, extra, (unsigned)count, shorten(http, wait), NULL) ==
		     CURLM_OK ||
	     errno == EINTR;
	ok = se_poll_passes(ok, &http->poll_failures);
	cause = errno;
	for (i = 0; i < count; i++)
		fds[i].revents = revents_of(&extra[i]);
	if (extra != few)
		free(extra);
	for (transfer = http->transfers; transfer != NULL; transfer = transfer->next)
		transfer->begun = transfer->admitted;
	se_signals_hold(&held);
	(void)curl_multi_perform(http->multi, &running);
	se_signals_release(&held);
	collect(http);
	expire(http);
	errno = cause;
	return ok;
}
