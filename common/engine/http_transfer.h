/*
 * http_transfer: what the parts of http share. Not for anybody else.
 */
#ifndef SE_ENGINE_HTTP_TRANSFER_H
#define SE_ENGINE_HTTP_TRANSFER_H

#include <sys/types.h>

#include <curl/curl.h>

#include "engine/http.h"

struct se_http {
	const struct se_world *world;
	CURLM *multi;
	struct se_http_transfer *transfers; /* the oldest first */
	struct se_http_transfer **end;      /* where the next one is to be linked */
	size_t parked;
	struct se_http *next;   /* of those that were left behind */
	pid_t owner;            /* whose threads look names up for it */
	bool openssl;           /* libcurl's TLS is OpenSSL's, so that an SSL_CTX is one */
	unsigned poll_failures; /* in a row */
	int64_t linger;         /* ms that libcurl closes connections after their transfers */
	int64_t rests;          /* when libcurl, without a transfer, has nothing left to do */
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
	bool admitted;            /* libcurl has it, and may look its name up */
	bool begun;               /* libcurl has had a turn with it */
	bool parked;
	bool too_large;
	bool over; /* libcurl has ended it, with `code` */
	CURLcode code;
	bool machine;
	bool proxied;
	int64_t date; /* as se_http_response has it, or below 0 */
	char challenge[SE_HTTP_CHALLENGE_MAX + 1];
	char host[300]; /* of the endpoint, for sentences */
	char name[300]; /* that is looked up: the endpoint's or the proxy's */
	char text[CURL_ERROR_SIZE];
	se_http_done *done;
	void *context;
};

/* Starts libcurl, once per call of curl_global_cleanup(); for mail_server.c, too. */
bool se_http_begin_curl(void);

/* Whether there is a connection to the endpoint itself, TLS and all. */
bool se_http_is_connected(const struct se_http_transfer *transfer);

/* Whether the name of the host is still being looked up, or may be: nothing came of it yet. */
bool se_http_looks_up_name(const struct se_http_transfer *transfer);

/* The oldest transfer that waits and whose name may be looked up now; NULL: none. */
struct se_http_transfer *se_http_next_lookup(const struct se_http *http);

/* How many given-up lookups still hang, when they are so many that this one's name may not be looked
 * up as well; else 0. */
size_t se_http_hanging_lookups(const struct se_http_transfer *transfer);

/* Sets the rules that hold for every request, and this one. False when memory ran out. */
bool se_http_prepare(struct se_http_transfer *transfer, const struct se_http_request *request);

/* Says in words what libcurl's code means for this transfer, that too much came, or why its time
 * was up. */
void se_http_explain(struct se_http_transfer *transfer, CURLcode code, struct se_error *error);
void se_http_explain_large(const struct se_http_transfer *transfer, struct se_error *error);
void se_http_explain_late(struct se_http_transfer *transfer, struct se_error *error);

#endif
