#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/client.h"
#include "core/client_connect.h"
#include "core/wire.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

enum {
	CHUNK = 4095,        /* and a NUL: of 4096 a buffer would make 8192, to touch and to wipe */
	REQUEST_MOSTLY = 256 /* bytes of a frame */
};

/* What the agent has said before it hung up is worth reading, so a broken pipe is no error. */
static enum se_code
send_all(const struct se_call *call, const struct se_buffer *frame)
{
	size_t done = 0;

	while (done < frame->len) {
		ssize_t put = send(call->fd, frame->data + done, frame->len - done, MSG_NOSIGNAL);
		enum se_code code;

		if (put >= 0) {
			done += (size_t)put;
			continue;
		}
		if (errno == EPIPE || errno == ECONNRESET)
			return SE_OK;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return se_call_failed(call, errno);
		code = se_call_wait(call, POLLOUT);
		if (code != SE_OK)
			return code;
	}
	return SE_OK;
}

static enum se_code
send_request(const struct se_call *call, const struct se_request *asked)
{
	struct se_request request = *asked;
	struct se_buffer frame;
	SE_UNSET char bytes[REQUEST_MOSTLY];
	enum se_code code;

	request.time_left = (uint32_t)se_call_left(call);
	if (request.time_left == 0)
		return se_call_silent(call);
	se_buffer_init(&frame, SE_WIRE_REQUEST_MAX);
	se_buffer_lend(&frame, bytes, sizeof(bytes));
	code = se_wire_put_request(&frame, &request) ? send_all(call, &frame)
						     : se_error_memory(call->error);
	se_buffer_free(&frame);
	return code;
}

static enum se_code
not_understood(const struct se_call *call)
{
	return se_error_set(call->error, SE_AGAIN,
		"what listens at %s does not answer as the agent does; is it sasl-entrad, and of "
		"this version?",
		call->path);
}

/* Receives what is there, up to one frame. */
static enum se_code
receive_some(const struct se_call *call, struct se_buffer *in)
{
	size_t most = in->max - in->len;
	char *room = se_buffer_room(in, most < CHUNK ? most : CHUNK);
	ssize_t got;

	if (room == NULL)
		return se_error_memory(call->error);
	got = recv(call->fd, room, most < CHUNK ? most : CHUNK, 0);
	if (got > 0) {
		se_buffer_grown(in, (size_t)got);
		return SE_OK;
	}
	if (got == 0 || errno == ECONNRESET) {
		return se_error_set(call->error, SE_AGAIN,
			"the agent at %s closed the connection before it had answered", call->path);
	}
	if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)
		return SE_OK;
	return se_call_failed(call, errno);
}

static enum se_code
receive_frame(const struct se_call *call, struct se_buffer *in)
{
	long whole;

	while ((whole = se_wire_frame_len(in->data, in->len, SE_WIRE_ANSWER_MAX)) == 0 ||
		(whole > 0 && in->len < (size_t)whole)) {
		enum se_code code = se_call_wait(call, POLLIN);

		if (code == SE_OK)
			code = receive_some(call, in);
		if (code != SE_OK)
			return code;
	}
	return whole < 0 || in->len > (size_t)whole ? not_understood(call) : SE_OK;
}

static enum se_code
receive_answer(const struct se_call *call, struct se_answer *answer)
{
	struct se_buffer in;
	/* A token's answer mostly; and a stack has been touched before. */
	SE_UNSET char bytes[CHUNK + 1];
	enum se_code code;

	se_buffer_init(&in, SE_WIRE_ANSWER_MAX);
	se_buffer_lend(&in, bytes, sizeof(bytes));
	code = receive_frame(call, &in);
	if (code == SE_OK) {
		code = se_wire_get_answer(in.data, in.len, answer, call->error);
		if (code == SE_INTERNAL && call->error->text[0] == '\0')
			code = not_understood(call);
	}
	se_buffer_free(&in);
	return code;
}

enum se_code
se_client_ask(const char *path, bool root_is_safe, const struct se_request *request,
	const struct se_world *world, struct se_answer *answer, struct se_error *error)
{
	struct se_call call = {.path = path,
		.root_is_safe = root_is_safe,
		.world = world,
		.time_left = request->time_left,
		.deadline = world->monotonic(world->context) + (int64_t)request->time_left,
		.fd = -1,
		.error = error};
	enum se_code code;

	se_answer_init(answer);
	code = se_call_connect(&call);
	if (code == SE_OK)
		code = send_request(&call, request);
	if (code == SE_OK)
		code = receive_answer(&call, answer);
	if (call.fd >= 0)
		(void)close(call.fd);
	return code;
}
