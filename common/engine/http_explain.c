#include <string.h>

#include "engine/http_transfer.h"

bool
se_http_is_connected(const struct se_http_transfer *transfer)
{
	curl_off_t ready = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	return ready != 0;
}

/* What libcurl said, without the blank that some of its texts end in. */
static const char *
text_of(struct se_http_transfer *transfer, CURLcode code)
{
	size_t len = strlen(transfer->text);

	while (len > 0 && transfer->text[len - 1] == ' ')
		transfer->text[--len] = '\0';
	return len > 0 ? transfer->text : curl_easy_strerror(code);
}

/* Whether it was the proxy that said no. */
static bool
explain_proxy(const struct se_http_transfer *transfer, struct se_error *error)
{
	long status = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	if (status < 300)
		return false;
	if (status == 407)
		se_error_set(error, SE_CONFIG,
			"the proxy wants a password before it connects to %s "
			"(status 407), and sasl-entra has none to give; let the proxy admit this "
			"machine, or name another one with the key \"proxy\"",
			transfer->host);
	else
		se_error_set(error, SE_AGAIN,
			"the proxy did not connect to %s (status %ld); look at "
			"its log, and at the key \"proxy\"",
			transfer->host, status);
	return true;
}

/* Once there is a connection, some of libcurl's codes mean something else than before: what came
 * is no HTTP/1.1, or one line of it goes beyond what libcurl keeps of a line. True when it is one
 * of these. */
static bool
explain_no_http(const struct se_http_transfer *transfer, CURLcode code, const char *text,
	struct se_error *error)
{
	switch (code) {
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		se_error_set(error, SE_AGAIN,
			"%s did not answer in HTTP/1.1 (%s); is it the right address, or is a "
			"proxy or a portal in between? It is asked again by itself",
			transfer->host, text);
		return true;
	case CURLE_OUT_OF_MEMORY:
#if LIBCURL_VERSION_NUM >= 0x080600
	case CURLE_TOO_LARGE:
#endif
		se_error_set(error, SE_AGAIN,
			"a header line of %s does not end, or memory ran out here (%s); is it the "
			"right address? It is asked again by itself",
			transfer->host, text);
		return true;
	default:
		return false;
	}
}

static void
explain_end(const struct se_http_transfer *transfer, const char *text, struct se_error *error)
{
	if (transfer->proxied && !se_http_is_connected(transfer))
		se_error_set(error, SE_AGAIN,
			"the proxy did not connect to %s (%s); look at its log, and at the key "
			"\"proxy\"",
			transfer->host, text);
	else
		se_error_set(error, SE_AGAIN,
			"the exchange with %s broke off (%s); it is asked again by itself",
			transfer->host, text);
}

/* As OpenSSL and GnuTLS put it. */
static bool
is_about_time(const char *text)
{
	return strstr(text, "not yet") != NULL || strstr(text, "expired") != NULL;
}

/* libcurl looks names up in a thread of its own, which may be one too many. */
static bool
is_about_threads(const char *text)
{
	return strstr(text, "thread") != NULL;
}

void
se_http_explain(struct se_http_transfer *transfer, CURLcode code, struct se_error *error)
{
	const char *host = transfer->host, *text = text_of(transfer, code);

	if (explain_proxy(transfer, error) ||
		(se_http_is_connected(transfer) && explain_no_http(transfer, code, text, error)))
		return;
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		se_error_set(error, SE_AGAIN, "no address was found for %s (%s); %s", host, text,
			is_about_threads(text)
				? "raise the limit of processes and threads of this user (ulimit "
				  "-u, LimitNPROC=)"
				: "look at the network and /etc/resolv.conf");
		break;
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT: /* of the connection: it has no other time from us */
		se_error_set(error, SE_AGAIN, "%s cannot be reached (%s)%s", host, text,
			transfer->machine ? ""
					  : "; look at the network, the firewall and the key "
					    "\"proxy\"");
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		se_error_set(error, SE_CONFIG,
			"the certificate of %s is not to be trusted (%s); %s", host, text,
			is_about_time(text) ? "is this machine's clock right? date(1) shows it"
					    : "if a proxy here inspects TLS, name its CA with the "
					      "key \"ca_file\"");
		break;
	case CURLE_SSL_CACERT_BADFILE:
		se_error_set(error, SE_CONFIG,
			"the CA certificates to check %s with cannot be read "
			"(%s); install ca-certificates or correct the key \"ca_file\"",
			host, text);
		break;
	case CURLE_SSL_CONNECT_ERROR:
		se_error_set(error, SE_AGAIN,
			"no TLS connection to %s (%s); TLS 1.2 or later is "
			"needed",
			host, text);
		break;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		se_error_set(error, SE_CONFIG,
			"%s is not asked: the address must begin with https:// "
			"(%s)",
			host, text);
		break;
	case CURLE_OUT_OF_MEMORY:
		se_error_memory(error);
		break;
	default:
		explain_end(transfer, text, error);
		break;
	}
}

void
se_http_explain_large(const struct se_http_transfer *transfer, struct se_error *error)
{
	if (transfer->proxied && !se_http_is_connected(transfer))
		se_error_set(error, SE_AGAIN,
			"the proxy answered with more than %d KiB instead of connecting to %s; "
			"look at its log, and at the key \"proxy\"",
			SE_HTTP_BODY_MAX / 1024, transfer->host);
	else
		se_error_set(error, SE_AGAIN,
			"%s answered with more than %d KiB, which no token endpoint does; is it "
			"the right address?",
			transfer->host, SE_HTTP_BODY_MAX / 1024);
}

void
se_http_explain_late(struct se_http_transfer *transfer, struct se_error *error)
{
	if (!transfer->admitted)
		se_error_set(error, SE_AGAIN,
			"other name lookups hang, so that %s was not asked in time; look at the "
			"name servers in /etc/resolv.conf",
			transfer->host);
	else if (se_http_looks_up_name(transfer))
		se_error_set(error, SE_AGAIN,
			"the name lookup of %s did not end in time; look at "
			"the name servers in /etc/resolv.conf",
			transfer->host);
	else if (!se_http_is_connected(transfer))
		se_error_set(error, SE_AGAIN, "no connection to %s in time%s", transfer->host,
			transfer->machine ? ""
					  : "; look at the network, the firewall and the key "
					    "\"proxy\"");
	else
		se_error_set(error, SE_AGAIN, "%s did not answer in time", transfer->host);
}
