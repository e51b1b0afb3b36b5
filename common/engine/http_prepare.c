#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "core/descriptor.h"
#include "engine/http_tls.h"
#include "engine/http_transfer.h"

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

/* "WWW-Authenticate: Basic realm=..." */
static void
keep_challenge(struct se_http_transfer *transfer, const char *line, size_t len)
{
	static const char name[] = "WWW-Authenticate:";
	size_t at = sizeof(name) - 1;

	if (len <= at || strncasecmp(line, name, at) != 0)
		return;
	while (at < len && (line[at] == ' ' || line[at] == '\t'))
		at++;
	while (len > at && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	if (len - at > SE_HTTP_CHALLENGE_MAX)
		return;
	memcpy(transfer->challenge, line + at, len - at);
	transfer->challenge[len - at] = '\0';
}

/* The last answer's counts: those before are a proxy's, or say that one is to wait. */
static void
keep_date(struct se_http_transfer *transfer, const char *line, size_t len)
{
	static const char name[] = "Date:";
	char text[64];

	if (len > 5 && strncmp(line, "HTTP/", 5) == 0)
		transfer->date = 0;
	if (len < sizeof(name) || len - (sizeof(name) - 1) >= sizeof(text) ||
		strncasecmp(line, name, sizeof(name) - 1) != 0)
		return;
	memcpy(text, line + sizeof(name) - 1, len - (sizeof(name) - 1));
	text[len - (sizeof(name) - 1)] = '\0';
	transfer->date = (int64_t)curl_getdate(text, NULL);
}

static size_t
on_header(char *data, size_t size, size_t count, void *context)
{
	struct se_http_transfer *transfer = context;
	size_t len = size * count;

	keep_challenge(transfer, data, len);
	keep_date(transfer, data, len);
	transfer->header_bytes += len;
	if (transfer->header_bytes <= SE_HTTP_BODY_MAX)
		return len;
	transfer->too_large = true;
	return 0;
}

static bool
stays_here(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;
	uint32_t host;

	if (address->sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
		       IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr);
	host = ntohl(v4->sin_addr.s_addr);
	return address->sa_family == AF_INET && (host >> 24 == 127 || host >> 16 == 0xa9fe);
}

/* libcurl goes on to the next address when one fails, and would wait for minutes until then. With one
 * repetition of the first packet the system gives an address up after 3 s, which leaves some of
 * SE_HTTP_CONNECT_MS to the next. */
static void
give_up_soon(int fd)
{
#ifdef TCP_SYNCNT
	const int repetitions = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &repetitions, sizeof(repetitions));
#else
	(void)fd;
#endif
}

/* A parked transfer has been given up: when its name lookup ends at last, nothing is sent. And
 * whatever a machine's endpoint was called, its token does not leave the machine's own link. */
static curl_socket_t
on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	const struct se_http_transfer *transfer = context;
	int fd;

	(void)purpose;
	if (transfer->parked || (transfer->machine && !stays_here(&address->addr)))
		return CURL_SOCKET_BAD;
	fd = se_descriptor_safe(
		socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol));
	if (fd < 0)
		return CURL_SOCKET_BAD;
	give_up_soon(fd);
	return fd;
}

static bool
only_one_protocol(const struct se_http_transfer *transfer)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(transfer->easy, CURLOPT_PROTOCOLS_STR,
		       transfer->machine ? "http" : "https") == CURLE_OK;
#else
	return curl_easy_setopt(transfer->easy, CURLOPT_PROTOCOLS,
		       (long)(transfer->machine ? CURLPROTO_HTTP : CURLPROTO_HTTPS)) == CURLE_OK;
#endif
}

static bool
add_header(struct se_http_transfer *transfer, const char *line)
{
	struct curl_slist *list = curl_slist_append(transfer->headers, line);

	if (list == NULL)
		return false;
	transfer->headers = list;
	return true;
}

static bool
add_request_id(struct se_http_transfer *transfer, const char *id)
{
	char line[100];

	return id == NULL ||
	       ((size_t)snprintf(line, sizeof(line), "client-request-id: %s", id) < sizeof(line) &&
		       add_header(transfer, line) &&
		       add_header(transfer, "return-client-request-id: true"));
}

/* The rules that hold for every request. A connection is not kept for the next one: libcurl before
 * 8.1 takes what came on it unasked for that one's answer, and tokens are fetched too seldom for
 * it to be worth much. */
static bool
set_rules(struct se_http_transfer *transfer)
{
	CURL *easy = transfer->easy;
	bool ok = true;

	ok = ok && only_one_protocol(transfer);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* is_late() of http.c ends it much earlier. By a limit of its own, 5 minutes, libcurl would
	 * end a parked transfer, and wait for the lookup to do so. */
	ok = ok && !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 24L * 3600);
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
		ok = ok && se_http_keep_nothing(easy);
	/* Libcurl 7.88 frees the name of a session that it keeps twice when memory runs out, and a
	 * whole handshake for each token costs little. */
	ok = ok && !curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* CAs that were read for another connection may be outdated, or lack what there was no
	 * memory for then; libcurl would go on with those for a day. */
	if (ok)
		(void)curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
	return ok;
}

static bool
set_method(struct se_http_transfer *transfer)
{
	CURL *easy = transfer->easy;
	const struct se_secret *body = transfer->body;

	if (body == NULL)
		return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)se_secret_len(body)) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_POSTFIELDS, se_secret_reveal(body)) == CURLE_OK &&
	       add_header(transfer, "Expect:");
}

static bool
set_request(struct se_http_transfer *transfer, const struct se_http_request *request)
{
	CURL *easy = transfer->easy;
	const char *proxy = request->proxy != NULL && !request->machine ? request->proxy : "";
	bool ok = true;

	ok = ok && !curl_easy_setopt(easy, CURLOPT_URL, request->url);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_PROXY, proxy);
	if (request->ca_file != NULL) {
		ok = ok && !curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
		ok = ok && !curl_easy_setopt(easy, CURLOPT_CAPATH, (char *)NULL);
	}
	ok = ok && set_method(transfer);
	ok = ok && add_header(transfer, "Accept: application/json");
	ok = ok && add_request_id(transfer, request->request_id);
	ok = ok && (!request->microsoft ||
			   add_header(transfer, "x-ms-lib-capability: retry-after, h429"));
	ok = ok && (!request->machine || add_header(transfer, "Metadata: true"));
	ok = ok &&
	     (request->header == NULL || add_header(transfer, se_secret_reveal(request->header)));
	ok = ok && !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	return ok;
}

bool
se_http_prepare(struct se_http_transfer *transfer, const struct se_http_request *request)
{
	return set_rules(transfer) && set_request(transfer, request);
}
