#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/source.h"

#include "agent/inherit.h"

enum { FIRST = 3, NAME_LEN_MAX = 255 };

/* A number of the environment; -1 when it is not there or none. */
static long
number_of(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	long number;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	number = strtol(text, &end, 10);
	return *end == '\0' && errno == 0 ? number : -1;
}

/* The name that the supervisor gave the descriptor, for messages. */
static void
name_of(size_t index, char name[NAME_LEN_MAX + 1])
{
	const char *at = getenv("LISTEN_FDNAMES");
	size_t len;

	for (; at != NULL && index > 0; index--) {
		at = strchr(at, ':');
		at = at != NULL ? at + 1 : NULL;
	}
	len = at != NULL ? strcspn(at, ":") : 0;
	if (len == 0 || len > NAME_LEN_MAX) {
		memcpy(name, "unnamed", sizeof("unnamed"));
		return;
	}
	memcpy(name, at, len);
	name[len] = '\0';
}

static int
option_of(int fd, int option)
{
	socklen_t len = sizeof(int);
	int value = -1;

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : -1;
}

/* Why a descriptor cannot be served; NULL when it can, and its path is taken. */
static const char *
judge(int fd, struct se_listener *listener)
{
	struct {
		struct sockaddr_un address;
		char end; /* a path may fill sun_path without a NUL */
	} got;
	socklen_t len = sizeof(got.address);

	memset(&got, 0, sizeof(got));
	if (getsockname(fd, (struct sockaddr *)&got.address, &len) != 0)
		return errno == EBADF ? "is not open" : "is no socket";
	if (got.address.sun_family != AF_UNIX)
		return "is no Unix socket, and tokens are handed out to this machine only";
	if (option_of(fd, SO_TYPE) != SOCK_STREAM)
		return "is no stream socket; its unit must have ListenStream=";
	if (option_of(fd, SO_ACCEPTCONN) != 1)
		return "does not listen; its unit must not have Accept=yes";
	if (len <= offsetof(struct sockaddr_un, sun_path) || got.address.sun_path[0] != '/')
		return "has no path, so that anybody could connect to it";
	(void)se_copy(listener->path, sizeof(listener->path), got.address.sun_path);
	return NULL;
}

static bool
prepare(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static enum se_code
take(size_t index, struct se_listener *listener, struct se_error *error)
{
	const int fd = FIRST + (int)index;
	char name[NAME_LEN_MAX + 1];
	const char *why;

	*listener = (struct se_listener){.fd = fd, .directory = -1};
	why = judge(fd, listener);
	if (why == NULL && !prepare(fd))
		why = strerror(errno);
	if (why == NULL)
		return SE_OK;
	name_of(index, name);
	return se_error_set(error, SE_CONFIG,
		"descriptor %d (%s), inherited by LISTEN_FDS, %s; correct the socket unit", fd,
		name, why);
}

static enum se_code
take_all(long inherited, struct se_listener *listeners, size_t max, size_t *count,
	struct se_error *error)
{
	enum se_code code;

	if ((size_t)inherited > max)
		return se_error_set(error, SE_CONFIG,
			"LISTEN_FDS hands over %ld sockets, and %zu is the most", inherited, max);
	for (size_t i = 0; i < (size_t)inherited; i++) {
		code = take(i, &listeners[i], error);
		if (code != SE_OK)
			return code;
		(*count)++;
	}
	return SE_OK;
}

enum se_code
se_inherit_sockets(struct se_listener *listeners, size_t max, size_t *count, struct se_error *error)
{
	static const char *const variables[] = {
		"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"};
	const long inherited = number_of("LISTEN_FDS");
	enum se_code code = SE_OK;

	*count = 0;
	if (inherited > 0 && number_of("LISTEN_PID") == (long)getpid())
		code = take_all(inherited, listeners, max, count, error);
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		(void)unsetenv(variables[i]);
	return code;
}
