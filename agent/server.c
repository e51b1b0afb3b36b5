#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "engine/secret_command.h"

#include "agent/log.h"
#include "agent/server.h"
#include "agent/signals.h"

enum {
	OTHER_DESCRIPTORS =
		128,           /* listeners' directories, files, the engine's transfers and watch */
	ACCEPTS_A_TURN = 64,   /* so that a crowd does not keep those waiting who came before */
	ACCEPT_PAUSE_MS = 200, /* when descriptors or memory have run out */
	ACCEPT_SAID_MS = 60000,
	TURN_MS = 60000
};

struct loop {
	struct se_server *server;
	struct se_connection **clients; /* dense */
	size_t client_count;
	size_t client_max;
	struct pollfd *fds; /* signals, listeners, clients, the engine's */
	int64_t accept_after;
	int64_t accept_said; /* when a failure to accept was logged */
	bool stopping;
	int64_t stop_deadline;
};

static int64_t
now_ms(const struct loop *loop)
{
	const struct se_world *world = loop->server->service.world;

	return world->monotonic(world->context);
}

void
se_server_raise_limit(size_t listener_count)
{
	const rlim_t needed = SE_CLIENTS_MAX + OTHER_DESCRIPTORS + 2 * (rlim_t)listener_count;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
		limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > needed
				 ? needed
				 : limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static size_t
client_limit(size_t listener_count)
{
	const rlim_t other = OTHER_DESCRIPTORS + 2 * (rlim_t)listener_count;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
		limit.rlim_cur >= SE_CLIENTS_MAX + other)
		return SE_CLIENTS_MAX;
	return limit.rlim_cur > other + 16 ? (size_t)(limit.rlim_cur - other) : 16;
}

static bool
accepting(const struct loop *loop)
{
	return !loop->stopping && loop->client_count < loop->client_max &&
	       now_ms(loop) >= loop->accept_after;
}

/* Milliseconds until something is due even if nothing happens. */
static int
wait_ms(const struct loop *loop)
{
	const int64_t now = now_ms(loop);
	int64_t next = now + TURN_MS;

	if (loop->stopping && loop->client_count > 0 && loop->stop_deadline < next)
		next = loop->stop_deadline;
	if (loop->accept_after > now && loop->accept_after < next)
		next = loop->accept_after;
	if (se_notice_due(loop->server->service.notice) < next)
		next = se_notice_due(loop->server->service.notice);
	if (se_notify_due(&loop->server->notify) < next)
		next = se_notify_due(&loop->server->notify);
	for (size_t i = 0; i < loop->client_count; i++)
		if (se_connection_deadline(loop->clients[i]) < next)
			next = se_connection_deadline(loop->clients[i]);
	return next > now ? (int)(next - now) : 0;
}

static size_t
fill(struct loop *loop)
{
	const struct se_server *server = loop->server;
	const bool open = accepting(loop);
	size_t n = 0;

	loop->fds[n++] = (struct pollfd){.fd = server->signals, .events = POLLIN};
	for (size_t i = 0; i < server->listener_count; i++)
		loop->fds[n++] = (struct pollfd){
			.fd = open ? server->listeners[i].fd : -1, .events = POLLIN};
	for (size_t i = 0; i < loop->client_count; i++)
		loop->fds[n++] = se_connection_poll(loop->clients[i]);
	loop->fds[n++] = se_engine_watch(server->service.engine); /* after those who ask */
	return n;
}

static void
pause_accepting(struct loop *loop)
{
	const int reason = errno;
	const int64_t now = now_ms(loop);

	loop->accept_after = now + ACCEPT_PAUSE_MS;
	if (loop->accept_said != 0 && now - loop->accept_said < ACCEPT_SAID_MS)
		return;
	loop->accept_said = now;
	se_log("could not accept a client: %s", strerror(reason));
}

static void
add_client(struct loop *loop, int fd)
{
	struct se_connection *new = se_connection_new(fd, NULL, &loop->server->service);

	if (new != NULL)
		loop->clients[loop->client_count++] = new;
}

/* To look is a tenth of what it costs to accept nobody. */
static bool
somebody_waits(int fd)
{
	struct pollfd listener = {.fd = fd, .events = POLLIN};

	return poll(&listener, 1, 0) != 0;
}

static void
accept_some(struct loop *loop, int fd, int most)
{
	for (int i = 0; i < most && accepting(loop) && (i == 0 || somebody_waits(fd)); i++) {
		const int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client >= 0)
			add_client(loop, client);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		else if (errno != EINTR && errno != ECONNABORTED)
			pause_accepting(loop);
	}
}

/* Whoever is in the queue already has been promised an answer. */
static void
begin_stop(struct loop *loop)
{
	struct se_server *server = loop->server;

	if (loop->stopping)
		return;
	for (size_t i = 0; i < server->listener_count; i++) {
		accept_some(loop, server->listeners[i].fd, ACCEPTS_A_TURN);
		se_listen_close(&server->listeners[i]);
	}
	loop->stopping = true;
	loop->stop_deadline = now_ms(loop) + SE_STOP_MS;
	se_engine_wind_down(server->service.engine);
	se_notify_stopping(&server->notify);
	se_log("stopping; %zu clients are still being served%s", loop->client_count,
		se_engine_is_exchanging(server->service.engine)
			? ", and the sign-in that is being renewed is kept first"
			: "");
}

static void
put_status(struct se_server *server)
{
	struct se_summary *summary = &server->service.summary;
	char text[SE_SUMMARY_MAX];

	if (!summary->changed)
		return;
	summary->changed = false;
	se_summary_text(summary, text);
	se_notify_status(&server->notify, text);
}

static void
handle_signals(struct loop *loop)
{
	const struct se_signals taken = se_signals_take();

	if (taken.reload && !loop->stopping && !taken.stop) {
		se_notify_reloading(&loop->server->notify);
		loop->server->reload(loop->server->context);
		put_status(loop->server);
		se_notify_ready(&loop->server->notify);
	}
	if (taken.stop)
		begin_stop(loop);
}

static void
serve(struct loop *loop, size_t i, short revents)
{
	if (se_connection_serve(loop->clients[i], revents))
		return;
	se_connection_free(loop->clients[i]);
	loop->clients[i] = loop->clients[--loop->client_count];
}

/* From the last to the first: whoever moves into a gap has been served. */
static void
serve_clients(struct loop *loop, const struct pollfd *fds)
{
	for (size_t i = loop->client_count; i-- > 0;)
		serve(loop, i, fds[i].revents);
}

/* The request of whoever has come to an agent at rest is mostly there by now: what can be answered at
 * once needs no other turn, and does not wait for those who come next. */
static void
serve_first(struct loop *loop)
{
	for (size_t i = loop->client_count; i-- > 0;)
		serve(loop, i, POLLIN);
}

static void
drop_clients(struct loop *loop)
{
	if (loop->client_count > 0)
		se_log("stopped without an answer for %zu clients", loop->client_count);
	while (loop->client_count > 0)
		se_connection_stop(loop->clients[--loop->client_count]);
}

static bool
turn(struct loop *loop)
{
	struct se_server *server = loop->server;
	const size_t count = fill(loop);
	bool rested;

	if (!se_engine_turn(server->service.engine, loop->fds, count, wait_ms(loop)) &&
		errno != EINTR)
		return false;
	se_engine_watched(server->service.engine, loop->fds[count - 1].revents);
	serve_clients(loop, loop->fds + 1 + server->listener_count);
	rested = loop->client_count == 0;
	for (size_t i = 0; i < server->listener_count; i++)
		if ((loop->fds[1 + i].revents & POLLIN) != 0)
			accept_some(loop, server->listeners[i].fd, rested ? 1 : ACCEPTS_A_TURN);
	if (rested)
		serve_first(loop);
	if (loop->fds[0].revents != 0)
		handle_signals(loop);
	se_again_tidy(&server->service.again, server->service.engine);
	se_notice_step(server->service.notice);
	se_secret_command_reap();
	put_status(server);
	se_notify_turn(&server->notify, now_ms(loop));
	return true;
}

static bool
finished(struct loop *loop)
{
	if (!loop->stopping)
		return false;
	if (now_ms(loop) >= loop->stop_deadline)
		drop_clients(loop);
	return loop->client_count == 0 && !se_engine_is_exchanging(loop->server->service.engine);
}

int
se_server_run(struct se_server *server)
{
	struct loop loop = {.server = server, .client_max = client_limit(server->listener_count)};
	int exit_code = EX_OK;

	loop.clients = calloc(loop.client_max, sizeof(*loop.clients));
	loop.fds = calloc(2 + server->listener_count + loop.client_max, sizeof(*loop.fds));
	if (loop.clients == NULL || loop.fds == NULL) {
		se_log("out of memory");
		exit_code = EX_OSERR;
		goto out;
	}
	put_status(server);
	se_notify_ready(&server->notify);
	while (!finished(&loop)) {
		if (!turn(&loop)) {
			se_log("polling failed: %s", strerror(errno));
			exit_code = EX_OSERR;
			break;
		}
	}
out:
	drop_clients(&loop);
	se_again_free(&server->service.again);
	free(loop.clients);
	free(loop.fds);
	return exit_code;
}
