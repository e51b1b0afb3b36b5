#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/crypto_tls.h"
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
	ok = ok &&
	     !curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)se_secret_len(transfer->body));
	ok = ok && !curl_easy_setopt(easy, CURLOPT_POSTFIELDS, se_secret_reveal(transfer->body));
	ok = ok && add_header(transfer, "Accept: ", "application/json");
	ok = ok && add_header(transfer, "Expect:", "");
	ok = ok && add_header(transfer, "client-request-id: ", request->request_id);
	ok = ok && add_header(transfer, "return-client-request-id: ", "true");
	ok = ok && !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	return ok;
}

bool
se_http_prepare(struct se_http_transfer *transfer, const struct se_http_request *request)
{
	return set_rules(transfer) && set_request(transfer, request);
}
