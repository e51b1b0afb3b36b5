#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool/login_listen.h"

enum { TRIES = 20, BACKLOG = 16 };

static int
give_up(int fd)
{
	const int saved = errno;

	(void)close(fd);
	errno = saved;
	return -1;
}

static int
listen_at(const struct sockaddr *address, socklen_t len)
{
	const int yes = 1, fd = socket(address->sa_family, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
		(address->sa_family == AF_INET6 &&
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) != 0) ||
		/* for --port: the last sign-in's connections may linger */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
		bind(fd, address, len) != 0 || listen(fd, BACKLOG) != 0)
		return give_up(fd);
	return fd;
}

static int
listen_v4(unsigned *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int fd;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)*port);
	fd = listen_at((const struct sockaddr *)&address, sizeof(address));
	if (fd >= 0 && getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return give_up(fd);
	if (fd >= 0)
		*port = ntohs(address.sin_port);
	return fd;
}

static int
listen_v6(unsigned port)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	address.sin6_port = htons((uint16_t)port);
	return listen_at((const struct sockaddr *)&address, sizeof(address));
}

/* A machine without IPv6 has no browser that goes there either. */
static bool
has_no_v6(int why)
{
	return why == EAFNOSUPPORT || why == EADDRNOTAVAIL || why == EPROTONOSUPPORT;
}

enum se_code
se_login_listen(unsigned *port, int sockets[SE_LISTEN_MAX], struct se_error *error)
{
	const unsigned wanted = *port;

	for (int i = 0; i < (wanted == 0 ? TRIES : 1); i++) {
		*port = wanted;
		sockets[1] = -1;
		sockets[0] = listen_v4(port);
		if (sockets[0] < 0)
			break;
		sockets[1] = listen_v6(*port);
		if (sockets[1] >= 0 || has_no_v6(errno))
			return SE_OK;
		(void)give_up(sockets[0]);
		sockets[0] = -1;
	}
	return se_error_set(error, SE_CONFIG,
		"the browser cannot be waited for at port %u of this machine: %s%s", *port,
		strerror(errno), wanted != 0 ? "; give another --port, or none" : "");
}
