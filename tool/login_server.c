#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#include <microhttpd.h>

#include "core/buffer.h"
#include "core/world.h"
#include "engine/crypto_pkce.h"
#include "engine/sign_in.h"

#include "tool/login_listen.h"
#include "tool/login_server.h"

enum {
	CONNECTIONS_MAX = 16,
	CONNECTION_BYTES = SE_SIGN_IN_ANSWER_MAX + 64 * 1024, /* request line and headers */
	IDLE_SECONDS = 30
};

struct se_login_server {
	struct MHD_Daemon *daemons[SE_LISTEN_MAX];
	unsigned port;
	se_login_answer *answer;
	void *context;
	bool answered;         /* the one answer has come */
	struct se_buffer done; /* the page for /done; empty: not yet */
	char nonce[SE_RANDOM_TEXT_SIZE];
	bool shown;
	struct MHD_Connection *held[CONNECTIONS_MAX]; /* wait for /done */
	size_t held_count;
};

/* One request. */
struct request {
	struct se_buffer target; /* as it came: it may hold a code */
	bool is_result;
};

/* --- responses -------------------------------------------------------------------------------- */

static bool
add_headers(struct MHD_Response *response, const char *nonce)
{
	char policy[256];

	(void)snprintf(policy, sizeof(policy),
		"default-src 'none'; style-src 'nonce-%s'; base-uri 'none'; form-action 'none'; "
		"frame-ancestors 'none'",
		nonce);
	return MHD_add_response_header(response, "Content-Security-Policy", policy) == MHD_YES &&
	       MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_YES &&
	       MHD_add_response_header(response, "Referrer-Policy", "no-referrer") == MHD_YES &&
	       MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_YES &&
	       MHD_add_response_header(response, "Connection", "close") == MHD_YES;
}

/* `where`: the Location, or NULL. */
static enum MHD_Result
respond(struct MHD_Connection *connection, unsigned status, const struct se_buffer *page,
	const char *nonce, const char *where)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(page->len, page->data, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_NO;

	if (response == NULL)
		return MHD_NO;
	if (add_headers(response, nonce) &&
		MHD_add_response_header(response, "Content-Type", "text/html; charset=utf-8") ==
			MHD_YES &&
		(where == NULL || MHD_add_response_header(response, "Location", where) == MHD_YES))
		result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
tell(struct MHD_Connection *connection, unsigned status, const char *title, const char *text)
{
	const struct se_login_page page = {.kind = SE_PAGE_NEUTRAL, .title = title, .text = text};
	char nonce[SE_RANDOM_TEXT_SIZE];
	struct se_buffer html;
	enum MHD_Result result = MHD_NO;

	se_buffer_init(&html, SE_LOGIN_PAGE_MAX);
	if (se_random_text(&se_world_system, nonce)) {
		se_login_page(&page, nonce, &html);
		result = respond(connection, status, &html, nonce, NULL);
	}
	se_buffer_free(&html);
	return result;
}

static enum MHD_Result
send_on(struct MHD_Connection *connection)
{
	struct se_buffer nothing;

	se_buffer_init(&nothing, 0);
	return respond(connection, MHD_HTTP_SEE_OTHER, &nothing, "none", "/done");
}

/* --- requests --------------------------------------------------------------------------------- */

/* Another name that leads here would let a foreign page's scripts read what we answer. */
static bool
is_for_us(const struct se_login_server *server, struct MHD_Connection *connection)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
	char wanted[32];

	for (size_t i = 0; host != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(wanted, sizeof(wanted), "%s:%u", names[i], server->port);
		/* Browsers leave the standard port out. */
		if (strcmp(host, wanted) == 0 ||
			(server->port == 80 && strcmp(host, names[i]) == 0))
			return true;
	}
	return false;
}

static bool
has_answer(struct MHD_Connection *connection)
{
	return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "code") != NULL ||
	       MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "error") != NULL;
}

static enum MHD_Result
take_answer(struct se_login_server *server, struct MHD_Connection *connection,
	const struct request *request)
{
	const char *query = strchr(se_buffer_text(&request->target), '?');
	struct se_error error = {0};

	if (!has_answer(connection) || query == NULL)
		return tell(connection, MHD_HTTP_BAD_REQUEST, "Waiting for the sign-in",
			"This is where the browser comes back to. Go to the address that the "
			"terminal shows.");
	if (server->answered)
		return tell(connection, MHD_HTTP_BAD_REQUEST, "This sign-in is over",
			"It has had its answer already. Close this window.");
	server->answered = server->answer(server->context, query + 1, strlen(query + 1), &error);
	if (server->answered)
		return send_on(connection);
	return tell(connection, MHD_HTTP_BAD_REQUEST, "Not this sign-in", error.text);
}

static enum MHD_Result
give_result(
	struct se_login_server *server, struct MHD_Connection *connection, struct request *request)
{
	if (server->done.len > 0) {
		request->is_result = true;
		return respond(connection, MHD_HTTP_OK, &server->done, server->nonce, NULL);
	}
	if (!server->answered || server->held_count == CONNECTIONS_MAX)
		return tell(connection, MHD_HTTP_NOT_FOUND, "Nothing here",
			"The sign-in has not come this far.");
	MHD_suspend_connection(connection);
	server->held[server->held_count++] = connection;
	return MHD_YES;
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *path, const char *method,
	const char *version, const char *data, size_t *len, void **own)
{
	struct se_login_server *server = context;
	struct request *request = *own;

	(void)version;
	(void)data;
	if (request == NULL)
		return MHD_NO;
	if (!is_for_us(server, connection))
		return tell(connection, MHD_HTTP_FORBIDDEN, "Nothing here",
			"This server is known by another name.");
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0) {
		*len = 0;
		return tell(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Nothing here",
			"Only GET is understood.");
	}
	if (strcmp(path, "/") == 0)
		return take_answer(server, connection, request);
	if (strcmp(path, "/done") == 0)
		return give_result(server, connection, request);
	return tell(connection, MHD_HTTP_NOT_FOUND, "Nothing here", "There is no such page.");
}

/* Before anything else of a request. */
static void *
on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	struct request *request = calloc(1, sizeof(*request));

	(void)context;
	(void)connection;
	if (request == NULL)
		return NULL;
	se_buffer_init(&request->target, CONNECTION_BYTES);
	se_buffer_add_text(&request->target, target);
	return request;
}

static void
on_end(void *context, struct MHD_Connection *connection, void **own,
	enum MHD_RequestTerminationCode why)
{
	struct se_login_server *server = context;
	struct request *request = *own;

	for (size_t i = 0; i < server->held_count; i++)
		if (server->held[i] == connection)
			server->held[i] = server->held[--server->held_count];
	if (request == NULL)
		return;
	if (request->is_result && why == MHD_REQUEST_TERMINATED_COMPLETED_OK)
		server->shown = true;
	se_buffer_free(&request->target);
	free(request);
	*own = NULL;
}

/* --- the whole -------------------------------------------------------------------------------- */

static struct MHD_Daemon *
start(struct se_login_server *server, int socket)
{
	return MHD_start_daemon(MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server,
		MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED, on_end,
		server, MHD_OPTION_END);
}

struct se_login_server *
se_login_server_open(unsigned port, se_login_answer *answer, void *context, struct se_error *error)
{
	struct se_login_server *server = calloc(1, sizeof(*server));
	int sockets[SE_LISTEN_MAX];

	if (server == NULL) {
		se_error_memory(error);
		return NULL;
	}
	server->port = port;
	server->answer = answer;
	server->context = context;
	se_buffer_init(&server->done, SE_LOGIN_PAGE_MAX);
	if (se_login_listen(&server->port, sockets, error) != SE_OK) {
		free(server);
		return NULL;
	}
	for (int i = 0; i < SE_LISTEN_MAX; i++)
		if (sockets[i] >= 0 && (server->daemons[i] = start(server, sockets[i])) == NULL) {
			(void)close(sockets[i]);
			se_error_set(error, SE_INTERNAL, "libmicrohttpd could not start");
		}
	if (server->daemons[0] != NULL && (sockets[1] < 0 || server->daemons[1] != NULL))
		return server;
	se_login_server_close(server);
	return NULL;
}

static void
let_go(struct se_login_server *server)
{
	while (server->held_count > 0)
		MHD_resume_connection(server->held[--server->held_count]);
}

void
se_login_server_close(struct se_login_server *server)
{
	if (server == NULL)
		return;
	let_go(server);
	for (int i = 0; i < SE_LISTEN_MAX; i++)
		if (server->daemons[i] != NULL)
			MHD_stop_daemon(server->daemons[i]);
	se_buffer_free(&server->done);
	free(server);
}

unsigned
se_login_server_port(const struct se_login_server *server)
{
	return server->port;
}

static size_t
collect(struct MHD_Daemon *daemon, struct pollfd *fds, size_t max, int *wait)
{
	fd_set readers, writers, troubled;
	MHD_socket top = -1;
	MHD_UNSIGNED_LONG_LONG timeout;
	size_t count = 0;

	FD_ZERO(&readers);
	FD_ZERO(&writers);
	FD_ZERO(&troubled);
	if (MHD_get_fdset(daemon, &readers, &writers, &troubled, &top) != MHD_YES)
		return 0;
	for (int fd = 0; fd <= top && count < max; fd++) {
		const int events = (FD_ISSET(fd, &readers) ? POLLIN : 0) |
				   (FD_ISSET(fd, &writers) ? POLLOUT : 0);

		if (events != 0)
			fds[count++] = (struct pollfd){.fd = fd, .events = (short)events};
	}
	if (MHD_get_timeout(daemon, &timeout) == MHD_YES && timeout < (unsigned)*wait)
		*wait = (int)timeout;
	return count;
}

size_t
se_login_server_prepare(struct se_login_server *server, struct pollfd *fds, size_t max, int *wait)
{
	size_t count = 0;

	for (int i = 0; i < SE_LISTEN_MAX; i++)
		if (server->daemons[i] != NULL)
			count += collect(server->daemons[i], fds + count, max - count, wait);
	return count;
}

void
se_login_server_turn(struct se_login_server *server)
{
	for (int i = 0; i < SE_LISTEN_MAX; i++)
		if (server->daemons[i] != NULL)
			(void)MHD_run(server->daemons[i]);
}

void
se_login_server_show(struct se_login_server *server, const struct se_login_page *page)
{
	se_buffer_reset(&server->done);
	if (!se_random_text(&se_world_system, server->nonce))
		return;
	se_login_page(page, server->nonce, &server->done);
	let_go(server);
}

const bool *
se_login_server_shown(const struct se_login_server *server)
{
	return &server->shown;
}
