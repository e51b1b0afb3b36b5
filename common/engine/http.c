#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "engine/crypto_tls.h"
#include "engine/http.h"

struct se_http {
	const struct se_world *world;
	CURLM *multi;
	struct se_http_transfer *transfers;
	size_t parked;
	bool openssl; /* libcurl's TLS is OpenSSL's, so that an SSL_CTX is one */
};

struct se_http_transfer {
	struct se_http *http;
	struct se_http_transfer *next;
	CURL *easy;
	struct curl_slist *headers;
	struct se_secret *body;
	struct se_buffer answer;
	size_t header_bytes;
	int64_t deadline;
	int64_t connect_deadline; /* 0 until the name is known */
	bool parked;
	bool too_large;
	char host[300];
	char text[CURL_ERROR_SIZE];
	se_http_done *done;
	void *context;
};

static int64_t
now_ms(const struct se_http *http)
{
	return http->world->monotonic(http->world->context);
}

/* --- callbacks ------------------------------------------------------------------------------ */

static size_t
on_body(char *data, size_t size, size_t count, void *context)
{
	struct se_http_transfer *transfer = context;
	size_t len = size * count;

	if (se_buffer_add(&transfer->answer, data, len))
		return len;
	transfer->too_large = true;
	return 0;
}

static size_t
on_header(char *data, size_t size, size_t count, void *context)
{
	struct se_http_transfer *transfer = context;
	size_t len = size * count;

	(void)data;
	transfer->header_bytes += len;
	if (transfer->header_bytes <= SE_HTTP_BODY_MAX)
		return len;
	transfer->too_large = true;
	return 0;
}

/* A parked transfer has been given up: when its name lookup ends at last, nothing is sent. */
static curl_socket_t
on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	const struct se_http_transfer *transfer = context;

	(void)purpose;
	if (transfer->parked)
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURLcode
on_tls(CURL *easy, void *ssl_ctx, void *context)
{
	(void)easy;
	(void)context;
	se_tls_no_key_log(ssl_ctx);
	return CURLE_OK;
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
	if (transfer->easy != NULL)
		curl_easy_cleanup(transfer->easy);
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

static bool
looks_up_name(const struct se_http_transfer *transfer)
{
	curl_off_t looked_up = 0, ready = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	return looked_up == 0 && ready == 0;
}

/* libcurl would wait for a name lookup when a transfer is removed, so that such a one stays
 * until the lookup ends. Its secrets go at once. */
static void
transfer_give_up(struct se_http *http, struct se_http_transfer *transfer)
{
	if (!looks_up_name(transfer)) {
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

static bool
only_https(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK;
#else
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS) == CURLE_OK;
#endif
}

static bool
add_header(struct se_http_transfer *transfer, const char *name, const char *value)
{
	char line[200];
	struct curl_slist *list;

	if ((size_t)snprintf(line, sizeof(line), "%s%s", name, value) >= sizeof(line))
		return false;
	list = curl_slist_append(transfer->headers, line);
	if (list == NULL)
		return false;
	transfer->headers = list;
	return true;
}

/* The rules that hold for every request. */
static bool
set_rules(struct se_http_transfer *transfer)
{
	CURL *easy = transfer->easy;
	bool ok = true;

	ok = ok && only_https(easy);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	ok = ok && !curl_easy_setopt(easy, CURLOPT_USERAGENT, "sasl-entra/" PACKAGE_VERSION);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->text);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	if (transfer->http->openssl)
		ok = ok && !curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	return ok;
}

static bool
set_request(struct se_http_transfer *transfer, const struct se_http_request *request)
{
	CURL *easy = transfer->easy;
	bool ok = true;

	ok = ok && !curl_easy_setopt(easy, CURLOPT_URL, request->url);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy ? request->proxy : "");
	if (request->ca_file != NULL) {
		ok = ok && !curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
		ok = ok && !curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	ok = ok && !curl_easy_setopt(easy, CURLOPT_POST, 1L);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
		(long)se_secret_len(transfer->body));
	ok = ok && !curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
		se_secret_reveal(transfer->body));
	ok = ok && add_header(transfer, "Accept: ", "application/json");
	ok = ok && add_header(transfer, "Expect:", "");
	ok = ok && add_header(transfer, "client-request-id: ", request->request_id);
	ok = ok && add_header(transfer, "return-client-request-id: ", "true");
	ok = ok && !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	return ok;
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
	transfer->done = done;
	transfer->context = context;
	host_of(request->url, transfer->host, sizeof(transfer->host));
	se_buffer_init(&transfer->answer, SE_HTTP_BODY_MAX);
	if (http->parked >= SE_HTTP_PARKED_MAX) {
		se_error_set(error, SE_AGAIN, "%zu name lookups still hang, so %s is not asked; "
			"look at the name servers in /etc/resolv.conf", http->parked,
			transfer->host);
		transfer_free(transfer);
		return NULL;
	}
	transfer->easy = curl_easy_init();
	if (transfer->easy == NULL || !set_rules(transfer) || !set_request(transfer, request) ||
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

/* --- what failed, in words -------------------------------------------------------------------- */

static const char *
curl_text(const struct se_http_transfer *transfer, CURLcode code)
{
	return transfer->text[0] != '\0' ? transfer->text : curl_easy_strerror(code);
}

static void
explain(const struct se_http_transfer *transfer, CURLcode code, struct se_error *error)
{
	const char *host = transfer->host, *text = curl_text(transfer, code);

	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		se_error_set(error, SE_AGAIN, "no address was found for %s (%s); look at the network "
			"and /etc/resolv.conf", host, text);
		break;
	case CURLE_COULDNT_CONNECT:
		se_error_set(error, SE_AGAIN, "%s cannot be reached (%s); look at the network, the "
			"firewall and the key \"proxy\"", host, text);
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		se_error_set(error, SE_CONFIG, "the certificate of %s is not to be trusted (%s); if a "
			"proxy here inspects TLS, name its CA with the key \"ca_file\"", host, text);
		break;
	case CURLE_SSL_CACERT_BADFILE:
		se_error_set(error, SE_CONFIG, "the CA certificates to check %s with cannot be read "
			"(%s); install ca-certificates or correct the key \"ca_file\"", host, text);
		break;
	case CURLE_SSL_CONNECT_ERROR:
		se_error_set(error, SE_AGAIN, "no TLS connection to %s (%s); TLS 1.2 or later is "
			"needed", host, text);
		break;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		se_error_set(error, SE_CONFIG, "%s is not asked: the address must begin with https:// "
			"(%s)", host, text);
		break;
	case CURLE_OUT_OF_MEMORY:
		se_error_memory(error);
		break;
	default:
		se_error_set(error, SE_AGAIN, "the exchange with %s broke off (%s)", host, text);
		break;
	}
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
		se_error_set(&error, SE_AGAIN, "%s answered with more than %d KiB, which no token "
			"endpoint does; is it the right address?", transfer->host,
			SE_HTTP_BODY_MAX / 1024);
		done(transfer->context, NULL, &error);
	} else if (code != CURLE_OK) {
		explain(transfer, code, &error);
		done(transfer->context, NULL, &error);
	} else {
		(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &response.status);
		(void)curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after);
		response.retry_after = retry_after <= 0 ? 0 :
			retry_after > 3600 ? 3600 : (unsigned)retry_after;
		response.body = se_buffer_text(&transfer->answer);
		response.body_len = transfer->answer.len;
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
		if (!looks_up_name(transfer))
			transfer->connect_deadline = now + SE_HTTP_CONNECT_MS;
		return false;
	}
	(void)http;
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	return ready == 0 && now >= transfer->connect_deadline;
}

static void
say_late(struct se_http_transfer *transfer, struct se_error *error)
{
	curl_off_t ready = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	if (looks_up_name(transfer))
		se_error_set(error, SE_AGAIN, "the name lookup of %s did not end in time; look at "
			"the name servers in /etc/resolv.conf", transfer->host);
	else if (ready == 0)
		se_error_set(error, SE_AGAIN, "no connection to %s in time; look at the network, the "
			"firewall and the key \"proxy\"", transfer->host);
	else
		se_error_set(error, SE_AGAIN, "%s did not answer in time", transfer->host);
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
			if (!looks_up_name(transfer))
				transfer_drop(http, transfer);
			continue;
		}
		if (!is_late(http, transfer, now))
			continue;
		say_late(transfer, &error);
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

bool
se_http_turn(struct se_http *http, struct pollfd *fds, size_t count, int wait)
{
	struct curl_waitfd few[16], *extra = few;
	int running = 0;
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
	ok = curl_multi_poll(http->multi, extra, (unsigned)count, shorten(http, wait), NULL) ==
		CURLM_OK;
	for (i = 0; i < count; i++)
		fds[i].revents = (short)(
			((extra[i].revents & CURL_WAIT_POLLIN) ? POLLIN : 0) |
			((extra[i].revents & CURL_WAIT_POLLOUT) ? POLLOUT : 0));
	if (extra != few)
		free(extra);
	(void)curl_multi_perform(http->multi, &running);
	collect(http);
	expire(http);
	return ok;
}
