#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/http_transfer.h"

enum { POLL_PAUSE_MS = 20, POLL_FAILURES_MAX = 250 };

static int64_t
now_ms(const struct se_http *http)
{
	return http->world->monotonic(http->world->context);
}

/* --- making and freeing --------------------------------------------------------------------- */

struct se_http *
se_http_new(const struct se_world *world)
{
	struct se_http *http;
	const char *tls;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	http = calloc(1, sizeof(*http));
	if (http != NULL)
		http->multi = curl_multi_init();
	if (http == NULL || http->multi == NULL) {
		free(http);
		curl_global_cleanup();
		return NULL;
	}
	tls = curl_version_info(CURLVERSION_NOW)->ssl_version;
	http->openssl = tls != NULL && strstr(tls, "OpenSSL") != NULL;
	http->world = world;
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

	for (at = &http->transfers; *at != NULL; at = &(*at)->next) {
		if (*at == transfer) {
			*at = transfer->next;
			break;
		}
	}
	if (transfer->parked)
		http->parked--;
	(void)curl_multi_remove_handle(http->multi, transfer->easy);
	transfer_free(transfer);
}

/* libcurl would wait for a name lookup when a transfer is removed, so that such a one stays
 * until the lookup ends. Its secrets go at once. */
static void
transfer_give_up(struct se_http *http, struct se_http_transfer *transfer)
{
	if (!transfer->begun || !se_http_looks_up_name(transfer)) {
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

	if (http == NULL)
		return;
	for (transfer = http->transfers; transfer != NULL; transfer = next) {
		next = transfer->next;
		if (!transfer->parked)
			transfer_give_up(http, transfer);
	}
	if (http->parked > 0)
		return; /* left behind on purpose; engine.so is never unloaded */
	(void)curl_multi_cleanup(http->multi);
	free(http);
	curl_global_cleanup();
}

size_t
se_http_parked(const struct se_http *http)
{
	return http->parked;
}

/* --- starting -------------------------------------------------------------------------------- */

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
	transfer->done = done;
	transfer->context = context;
	host_of(request->url, transfer->host, sizeof(transfer->host));
	se_buffer_init(&transfer->answer, SE_HTTP_BODY_MAX);
	if (http->parked >= SE_HTTP_PARKED_MAX) {
		se_error_set(error, SE_AGAIN,
			"%zu name lookups still hang, so %s is not asked; "
			"look at the name servers in /etc/resolv.conf",
			http->parked, transfer->host);
		transfer_free(transfer);
		return NULL;
	}
	transfer->easy = curl_easy_init();
	if (transfer->easy == NULL || !se_http_prepare(transfer, request) ||
		curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK) {
		se_error_set(error, SE_MEMORY, "libcurl could not prepare a request to %s",
			transfer->host);
		transfer_free(transfer);
		return NULL;
	}
	transfer->next = http->transfers;
	http->transfers = transfer;
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
finish(struct se_http *http, struct se_http_transfer *transfer, CURLcode code)
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
		se_error_set(&error, SE_AGAIN,
			"%s answered with more than %d KiB, which no token "
			"endpoint does; is it the right address?",
			transfer->host, SE_HTTP_BODY_MAX / 1024);
		done(transfer->context, NULL, &error);
	} else if (code != CURLE_OK) {
		se_http_explain(transfer, code, &error);
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
		done(transfer->context, &response, NULL);
	}
	transfer_drop(http, transfer);
}

/* A transfer that `done` of another one cancelled may be gone: begin again after each. */
static void
collect(struct se_http *http)
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
		if (transfer != NULL)
			finish(http, transfer, code);
	}
}

static bool
is_late(struct se_http *http, struct se_http_transfer *transfer, int64_t now)
{
	curl_off_t ready = 0;

	if (now >= transfer->deadline)
		return true;
	if (transfer->connect_deadline == 0) {
		if (!se_http_looks_up_name(transfer))
			transfer->connect_deadline = now + SE_HTTP_CONNECT_MS;
		return false;
	}
	(void)http;
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
		if (!is_late(http, transfer, now))
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

bool
se_http_turn(struct se_http *http, struct pollfd *fds, size_t count, int wait)
{
	struct curl_waitfd few[16], *extra = few;
	struct se_http_transfer *transfer;
	int running = 0, cause;
	bool ok;
	size_t i;

	if (count > sizeof(few) / sizeof(few[0])) {
		extra = calloc(count, sizeof(*extra));
		if (extra == NULL)
			return false;
	}
	for (i = 0; i < count; i++) {
		/* CURL_WAIT_POLLIN, PRI and OUT are not poll's numbers. */
		extra[i].fd = fds[i].fd;
		extra[i].events = (short)(((fds[i].events & POLLIN) ? CURL_WAIT_POLLIN : 0) |
					  ((fds[i].events & POLLOUT) ? CURL_WAIT_POLLOUT : 0));
		extra[i].revents = 0;
	}
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
		transfer->begun = true;
	(void)curl_multi_perform(http->multi, &running);
	collect(http);
	expire(http);
	errno = cause;
	return ok;
}
