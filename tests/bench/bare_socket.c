/*
 * bare_socket: what a conversation as long as one with the agent costs without anything in it.
 *
 *   bare_socket lengths SOCKET LOGIN SERVER   asks the agent; prints the bytes of request and answer
 *   bare_socket serve SOCKET REQUEST ANSWER   answers each connection from memory, until it is ended
 *   bare_socket ask SOCKET REQUEST ANSWER     prints the microseconds of socket, connect, send,
 *                                             receive and close
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/wire.h"

#include "auth.h"

enum { BYTES_MAX = SE_WIRE_ANSWER_MAX };

static char bytes[BYTES_MAX];

static int
open_socket(const char *path, struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (!se_copy(address->sun_path, sizeof(address->sun_path), path))
		return -1;
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static bool
receive(int fd, size_t wanted)
{
	size_t got = 0;

	while (got < wanted) {
		ssize_t n = recv(fd, bytes + got, wanted - got, 0);

		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

static bool
send_whole(int fd, size_t len)
{
	return send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static int
serve(const char *path, size_t request, size_t answer)
{
	struct sockaddr_un address;
	int listener = open_socket(path, &address), fd;

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(listener, SOMAXCONN) != 0) {
		perror(path);
		return 1;
	}
	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (receive(fd, request))
			(void)send_whole(fd, answer);
		(void)close(fd);
	}
	return 1;
}

static int
ask(const char *path, size_t request, size_t answer)
{
	struct sockaddr_un address;
	double from = bench_now_us(), took;
	int fd = open_socket(path, &address);
	bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		  send_whole(fd, request) && receive(fd, answer);

	if (fd >= 0)
		(void)close(fd);
	took = bench_now_us() - from;
	if (!ok) {
		perror(path);
		return 1;
	}
	(void)printf("%.2f\n", took);
	return 0;
}

/* The request as the plugin makes it; of the answer only the length is of interest. */
static int
lengths(const char *path, const char *login, const char *server)
{
	struct se_request request = {.operation = SE_OPERATION_TOKEN, .time_left = SE_BUDGET_MS};
	struct sockaddr_un address;
	struct se_buffer frame;
	int fd = open_socket(path, &address);
	size_t answer = 0;
	ssize_t n;

	se_buffer_init(&frame, SE_WIRE_REQUEST_MAX);
	if (fd < 0 || !se_copy(request.login, sizeof(request.login), login) ||
		!se_copy(request.server, sizeof(request.server), server) ||
		!se_copy(request.service, sizeof(request.service), "smtp") ||
		!se_wire_put_request(&frame, &request) ||
		connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		send(fd, frame.data, frame.len, MSG_NOSIGNAL) != (ssize_t)frame.len) {
		perror(path);
		return 1;
	}
	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		answer += (size_t)n;
	(void)close(fd);
	(void)printf("%zu %zu\n", frame.len, answer);
	se_buffer_free(&frame);
	return answer > SE_WIRE_HEADER ? 0 : 1;
}

int
main(int argc, char **argv)
{
	size_t request, answer;

	if (argc != 5)
		return 2;
	if (strcmp(argv[1], "lengths") == 0)
		return lengths(argv[2], argv[3], argv[4]);
	request = strtoul(argv[3], NULL, 10);
	answer = strtoul(argv[4], NULL, 10);
	if (request == 0 || answer == 0 || request > sizeof(bytes) || answer > sizeof(bytes))
		return 2;
	if (strcmp(argv[1], "serve") == 0)
		return serve(argv[2], request, answer);
	return strcmp(argv[1], "ask") == 0 ? ask(argv[2], request, answer) : 2;
}
