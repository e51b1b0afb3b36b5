/*
 * http_transfer: what the parts of http share. Not for anybody else.
 */
#ifndef SE_ENGINE_HTTP_TRANSFER_H
#define SE_ENGINE_HTTP_TRANSFER_H

#include <curl/curl.h>

#include "engine/http.h"

struct se_http {
	const struct se_world *world;
	CURLM *multi;
	struct se_http_transfer *transfers;
	size_t parked;
	bool openssl;           /* libcurl's TLS is OpenSSL's, so that an SSL_CTX is one */
	unsigned poll_failures; /* in a row */
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
	bool begun;               /* libcurl has had a turn with it */
	bool parked;
	bool too_large;
	bool machine;
	char challenge[SE_HTTP_CHALLENGE_MAX + 1];
	char host[300];
	char text[CURL_ERROR_SIZE];
	se_http_done *done;
	void *context;
};

/* Whether the name of the host is still being looked up, or may be: nothing came of it yet. */
bool se_http_looks_up_name(const struct se_http_transfer *transfer);

/* Sets the rules that hold for every request, and this one. False when memory ran out. */
bool se_http_prepare(struct se_http_transfer *transfer, const struct se_http_request *request);

/* Says in words what libcurl's code means for this transfer, or why its time was up. */
void
se_http_explain(const struct se_http_transfer *transfer, CURLcode code, struct se_error *error);
void se_http_explain_late(struct se_http_transfer *transfer, struct se_error *error);

#endif
