#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/wire.h"

#include "ask.h"

int64_t
bench_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool
bench_frame(struct se_buffer *frame, const char *login)
{
	struct se_request request = {.operation = SE_OPERATION_TOKEN, .time_left = SE_BUDGET_MS};

	(void)se_copy(request.login, sizeof(request.login), login);
	(void)se_copy(request.service, sizeof(request.service), "smtp");
	(void)se_copy(request.server, sizeof(request.server), "localhost");
	se_buffer_init(frame, SE_WIRE_REQUEST_MAX);
	return se_wire_put_request(frame, &request);
}

static bool
is_token(const char *data, size_t len)
{
	struct se_answer answer = {0};
	struct se_error error = {0};
	const bool is = se_wire_frame_len(data, len, SE_WIRE_ANSWER_MAX) == (long)len &&
			se_wire_get_answer(data, len, &answer, &error) == SE_OK &&
			answer.token != NULL;

	se_answer_free(&answer);
	return is;
}

/* Until the agent closes. */
static size_t
receive(int fd, char *data, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while (len < size && (got = recv(fd, data + len, size - len, 0)) > 0)
		len += (size_t)got;
	return len;
}

bool
bench_ask(const char *path, const struct se_buffer *frame)
{
	static char answer[SE_WIRE_ANSWER_MAX];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good;

	(void)se_copy(address.sun_path, sizeof(address.sun_path), path);
	good = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	       send(fd, frame->data, frame->len, MSG_NOSIGNAL) == (ssize_t)frame->len &&
	       is_token(answer, receive(fd, answer, sizeof(answer)));
	if (fd >= 0)
		(void)close(fd);
	return good;
}
