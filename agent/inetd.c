#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/inetd.h"
#include "agent/log.h"
#include "agent/signals.h"

/* Why descriptor 0 is no client, or NULL. */
static const char *
judge(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNSPEC}, client;
	socklen_t len = sizeof(address), client_len = sizeof(client), type_len = sizeof(int);
	int type = 0;

	if (getsockname(STDIN_FILENO, (struct sockaddr *)&address, &len) != 0)
		return "is no socket";
	if (address.sun_family != AF_UNIX)
		return "is no Unix socket, and tokens are handed out to this machine only";
	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &type_len) != 0 ||
		type != SOCK_STREAM)
		return "is no stream socket";
	if (getpeername(STDIN_FILENO, (struct sockaddr *)&client, &client_len) != 0)
		return "is not connected to a client";
	return NULL;
}

enum se_code
se_inetd_check(struct se_error *error)
{
	const char *why = judge();

	if (why == NULL)
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"--inetd: standard input %s; this option is for Postfix's spawn(8) and its like",
		why);
}

static int
wait_ms(const struct se_connection *connection, const struct se_world *world)
{
	const int64_t left = se_connection_deadline(connection) - world->monotonic(world->context);

	return left > 0 ? (int)left : 0;
}

/* Nobody waits any more, but a sign-in may be being renewed. Signals only end a wait. */
static int
finish(struct se_service *service, int signals)
{
	struct pollfd stop = {.fd = signals, .events = POLLIN};

	se_engine_wind_down(service->engine);
	while (se_engine_is_exchanging(service->engine)) {
		if (!se_engine_turn(service->engine, &stop, 1, SE_BUDGET_MS) && errno != EINTR)
			return EX_OSERR;
		(void)se_signals_take();
	}
	return EX_OK;
}

int
se_inetd_serve(struct se_service *service, int signals)
{
	const int flags = fcntl(STDIN_FILENO, F_GETFL);
	struct se_connection *connection;
	struct pollfd fds[2];

	if (flags < 0 || fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) != 0) {
		se_log("standard input: %s", strerror(errno));
		return EX_OSERR;
	}
	connection = se_connection_new(STDIN_FILENO, NULL, service);
	if (connection == NULL) {
		se_log("out of memory");
		return EX_OSERR;
	}
	do {
		fds[0] = se_connection_poll(connection);
		fds[1] = (struct pollfd){.fd = signals, .events = POLLIN};
		if (!se_engine_turn(service->engine, fds, 2, wait_ms(connection, service->world)) &&
			errno != EINTR) {
			se_log("polling failed: %s", strerror(errno));
			se_connection_stop(connection);
			return EX_OSERR;
		}
		if (se_signals_take().stop) {
			se_connection_stop(connection);
			return finish(service, signals);
		}
	} while (se_connection_serve(connection, fds[0].revents));
	se_connection_free(connection);
	return finish(service, signals);
}
