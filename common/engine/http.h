/*
 * http: one request or many at once, by libcurl's multi interface, within limits of time and size.
 * Only the http* files know libcurl.
 *
 * https only (but for a machine's own endpoint, see below), no redirects, TLS 1.2 or later,
 * HTTP/1.1, a connection for each request, 5 s to connect, 64 KiB of headers and of body, no proxy
 * and no key log file from the environment.
 */
#ifndef SE_ENGINE_HTTP_H
#define SE_ENGINE_HTTP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/secret.h"
#include "core/world.h"

enum {
	SE_HTTP_BODY_MAX = 64 * 1024, /* bytes, as on the wire */
	SE_HTTP_CONNECT_MS = 5000,    /* from the name's address to the end of the TLS handshake */
	SE_HTTP_CHALLENGE_MAX = 1024,
	SE_HTTP_LOOKUPS_MAX = 16, /* names that are looked up at a time; other transfers wait */
	SE_HTTP_PARKED_MAX = 4    /* of these, the same name */
};

struct se_http;
struct se_http_transfer;

struct se_http_request {
	const char *url;
	struct se_secret *body; /* taken over, whatever happens; form-encoded; NULL: a GET */
	const char *request_id; /* sent as client-request-id; NULL: none */
	const struct se_secret *header; /* "Name: value", or NULL */
	bool microsoft;      /* Entra, which is told that 429 and Retry-After are heeded */
	bool machine;        /* the endpoint of this machine's managed identity: http, by a literal
	                 link-local or loopback address, never by a proxy, and with what such an
	                 endpoint wants to see: "Metadata: true" */
	const char *proxy;   /* NULL: none */
	const char *ca_file; /* NULL: the system's */
	int64_t deadline;    /* on world->monotonic, milliseconds */
};

struct se_http_response {
	long status;
	const char *body; /* NUL-terminated, may hold NUL bytes */
	size_t body_len;
	unsigned retry_after;  /* seconds; 0: not said */
	int64_t date;          /* header Date, seconds since 1970; 0: not said */
	const char *challenge; /* value of WWW-Authenticate, at most SE_HTTP_CHALLENGE_MAX bytes of
	                          it; "": none */
};

/* Called once a transfer, from se_http_turn(): `response` when an HTTP answer came, whatever its
 * status; else NULL, and `error` says what happened. */
typedef void
se_http_done(void *context, const struct se_http_response *response, const struct se_error *error);

/* NULL when libcurl cannot start. */
struct se_http *se_http_new(const struct se_world *world);

/* Frees everything but parked transfers: cancelling those would wait for their name lookup. The next
 * se_http_new() of the process takes them over. */
void se_http_free(struct se_http *http);

/* NULL with `error` set when it cannot start, SE_AGAIN while too many lookups of its name, or of any,
 * have been given up and still hang. */
struct se_http_transfer *se_http_start(struct se_http *http, struct se_http_request *request,
	se_http_done *done, void *context, struct se_error *error);

/* Ends a transfer without a call of `done`. */
void se_http_cancel(struct se_http *http, struct se_http_transfer *transfer);

/* After each poll(2), with what it came to and a count that begins at 0: true when it worked, or the
 * failure may pass by itself (the kernel is short of memory) and a moment was waited, so that nobody
 * spins. False with errno when it has failed for some seconds. */
bool se_poll_passes(bool worked, unsigned *failures);

/* Waits at most `wait` milliseconds for the caller's descriptors and the transfers', then does
 * what is due. Fills revents. A signal ends the wait, which is no failure; false with errno when
 * polling fails and does not cease to. */
bool se_http_turn(struct se_http *http, struct pollfd *fds, size_t count, int wait);

/* For tests: how many transfers are parked, given up while their name lookup hangs. */
size_t se_http_parked(const struct se_http *http);

#endif
