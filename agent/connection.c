#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/wire.h"

#include "agent/connection.h"
#include "agent/log.h"

enum {
	READ_MS = 5000,        /* from connecting to the last byte of the request */
	WRITE_MS = 1000,       /* for taking the answer */
	RESERVE_MS = 1000,     /* of the asker's time, for our way back to him */
	ENGINE_GRACE_MS = 500, /* the engine answers in time; if it ever should not */
	FIRST_READ = 256       /* bytes: most requests are shorter */
};

enum state { READING, WAITING, WRITING };

struct se_connection {
	struct se_service *service;
	int fd;
	enum state state;
	int64_t deadline; /* of this state */
	bool peer_known;
	struct se_ask *ask; /* NULL unless WAITING */
	struct se_buffer in;
	struct se_buffer out;
	size_t sent;

	/* Not set before it is needed, because to write it takes time. */
	struct se_peer peer;         /* where it is known */
	enum se_operation operation; /* that was asked for, and for whom */
	char login[SE_NAME_MAX + 1];
	char first[FIRST_READ]; /* lent to `in` */
};

static int64_t
now_ms(const struct se_connection *connection)
{
	const struct se_world *world = connection->service->world;

	return world->monotonic(world->context);
}

static void
enter(struct se_connection *connection, enum state state, int64_t ms)
{
	connection->state = state;
	connection->deadline = now_ms(connection) + ms;
}

struct se_connection *
se_connection_new(int fd, const struct se_peer *peer, struct se_service *service)
{
	struct se_connection *connection = malloc(sizeof(*connection));

	if (connection == NULL) {
		close(fd);
		return NULL;
	}
	connection->service = service;
	connection->fd = fd;
	connection->peer_known = peer != NULL;
	if (peer != NULL)
		connection->peer = *peer;
	connection->ask = NULL;
	connection->sent = 0;
	se_buffer_init(&connection->in, SE_WIRE_REQUEST_MAX);
	se_buffer_lend(&connection->in, connection->first, sizeof(connection->first));
	se_buffer_init(&connection->out, SE_WIRE_ANSWER_MAX);
	enter(connection, READING, READ_MS);
	return connection;
}

void
se_connection_free(struct se_connection *connection)
{
	if (connection == NULL)
		return;
	if (connection->ask != NULL)
		se_engine_cancel(connection->service->engine, connection->ask);
	se_buffer_free(&connection->in);
	se_buffer_free(&connection->out);
	close(connection->fd);
	free(connection);
}

/* A client that waits has nothing to say; that it hangs up is reported unasked. */
struct pollfd
se_connection_poll(const struct se_connection *connection)
{
	static const short events[] = {[READING] = POLLIN, [WAITING] = 0, [WRITING] = POLLOUT};

	return (struct pollfd){.fd = connection->fd, .events = events[connection->state]};
}

int64_t
se_connection_deadline(const struct se_connection *connection)
{
	return connection->deadline;
}

/* False when all is sent, or nobody takes it. */
static bool
write_some(struct se_connection *connection)
{
	struct se_buffer *out = &connection->out;

	while (connection->sent < out->len) {
		const ssize_t n = send(connection->fd, out->data + connection->sent,
			out->len - connection->sent, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
		connection->sent += (size_t)n;
	}
	return false;
}

/* se_engine_who: the kernel is asked where it matters, which for most requests it does not. */
static const struct se_peer *
who(void *context)
{
	struct se_connection *connection = context;

	if (!connection->peer_known)
		se_peer_of(connection->fd, &connection->peer);
	connection->peer_known = true;
	return &connection->peer;
}

static void
log_refusal(struct se_connection *connection, const char *text)
{
	const uid_t uid = who(connection)->uid;
	unsigned unsaid;

	if (!se_refusal_note(&connection->service->refusals, uid, now_ms(connection), &unsaid))
		return;
	if (unsaid > 0)
		se_log("uid %lu was refused (%u more times since the last line): %s",
			(unsigned long)uid, unsaid, text);
	else
		se_log("uid %lu was refused: %s", (unsigned long)uid, text);
}

static void
answer_error(struct se_connection *connection, const struct se_error *error)
{
	if (error->code == SE_DENIED)
		log_refusal(connection, error->text);
	if (!se_wire_put_error(&connection->out, error))
		se_buffer_reset(&connection->out);
	enter(connection, WRITING, WRITE_MS);
}

/* For whoever supervises the agent; what was asked wrongly is the asker's business. */
static void
note_answer(struct se_connection *connection, const struct se_error *error)
{
	struct se_summary *summary = &connection->service->summary;

	if (error == NULL)
		se_summary_worked(summary, false, connection->login);
	else if (error->code != SE_NO_ACCOUNT && error->code != SE_DENIED)
		se_summary_failed(summary, false, error->text);
}

/* Sends what has been sent before. What does not go at once goes as other answers do. */
static void
send_again(struct se_connection *connection, const struct se_buffer *frame)
{
	const ssize_t n = send(connection->fd, frame->data, frame->len, MSG_NOSIGNAL);
	const size_t sent = n > 0 ? (size_t)n : 0;

	if (sent < frame->len)
		(void)se_buffer_add(&connection->out, frame->data + sent, frame->len - sent);
	enter(connection, WRITING, WRITE_MS);
}

/* se_engine_done */
static void
answer(void *context, enum se_code code, struct se_answer *found, const struct se_error *error)
{
	struct se_connection *connection = context;

	connection->ask = NULL;
	note_answer(connection, code == SE_OK ? NULL : error);
	/* Whoever administers the agent has no need to see the token. */
	if (code == SE_OK && connection->operation != SE_OPERATION_TOKEN)
		found->token = NULL;
	if (code != SE_OK) {
		answer_error(connection, error);
	} else if (se_wire_put_answer(&connection->out, found)) {
		/* At once: what the engine has to do after this, nobody waits for. */
		(void)write_some(connection);
		enter(connection, WRITING, WRITE_MS);
	} else {
		struct se_error failed;

		se_buffer_reset(&connection->out);
		(void)se_error_memory(&failed);
		answer_error(connection, &failed);
	}
}

static void
tell_status(struct se_connection *connection, const char *cursor)
{
	struct se_answer found;
	struct se_error error;
	enum se_code code = se_engine_status(connection->service->engine, cursor, &found, &error);

	answer(connection, code, &found, &error);
	se_answer_free(&found);
}

static uint32_t
time_for_engine(uint32_t time_left)
{
	if (time_left > SE_BUDGET_MS)
		time_left = SE_BUDGET_MS;
	return time_left > 2 * RESERVE_MS ? time_left - RESERVE_MS : time_left / 2;
}

static void
refuse_to_administer(struct se_connection *connection, const struct se_request *request)
{
	struct se_error error;

	(void)se_error_set(&error, SE_DENIED,
		"%s%sonly root and the agent's own user may ask the agent to refresh, to read "
		"again or for the status",
		request->login, request->login[0] != '\0' ? ": " : "");
	answer_error(connection, &error);
}

static void
say_unusable(struct se_connection *connection, const struct se_request *request)
{
	struct se_error error = *connection->service->unusable;

	se_error_about(&error, request->login);
	answer_error(connection, &error);
}

/* Whether it was answered, all of it. */
static bool
is_done(const struct se_connection *connection)
{
	return connection->state == WRITING && connection->out.len > 0 &&
	       connection->sent == connection->out.len;
}

static void
ask_engine(struct se_connection *connection, const struct se_request *request)
{
	struct se_service *service = connection->service;

	enter(connection, WAITING, (int64_t)request->time_left + ENGINE_GRACE_MS);
	connection->ask = se_engine_ask(service->engine, request, who, answer, connection);
	if (is_done(connection) &&
		se_again_keep(&service->again, service->engine, request, &connection->out))
		connection->sent = 0;
}

static void
ask(struct se_connection *connection, struct se_request *request)
{
	const struct se_buffer *frame;

	connection->operation = request->operation;
	(void)se_copy(connection->login, sizeof(connection->login), request->login);
	request->time_left = time_for_engine(request->time_left);
	if (request->operation != SE_OPERATION_TOKEN && !se_peer_may_administer(who(connection))) {
		refuse_to_administer(connection, request);
		return;
	}
	if (request->operation == SE_OPERATION_STATUS) {
		tell_status(connection, request->login);
		return;
	}
	if (connection->service->unusable != NULL) {
		say_unusable(connection, request);
		return;
	}
	frame = se_again_find(&connection->service->again, connection->service->engine, request);
	if (frame != NULL)
		send_again(connection, frame);
	else
		ask_engine(connection, request);
}

static void
refuse_request(struct se_connection *connection)
{
	struct se_error error;

	(void)se_error_set(&error, SE_INTERNAL,
		"the agent (sasl-entrad %s) does not understand the request; are plugin, tool and "
		"agent of the same version?",
		PACKAGE_VERSION);
	answer_error(connection, &error);
}

static void
take_request(struct se_connection *connection, size_t len)
{
	SE_UNSET struct se_request request;

	if (se_wire_get_request(connection->in.data, len, &request))
		ask(connection, &request);
	else
		refuse_request(connection);
}

/* Reads little past the one frame, so that memory does not depend on the client. What comes after it is
 * nobody's. */
static bool
read_some(struct se_connection *connection)
{
	struct se_buffer *in = &connection->in;
	long frame = 0;

	for (;;) {
		size_t wanted;
		ssize_t n;
		char *room;

		frame = se_wire_frame_len(se_buffer_text(in), in->len, SE_WIRE_REQUEST_MAX);
		if (frame < 0 || (frame > 0 && in->len >= (size_t)frame))
			break;
		wanted = frame > 0 ? (size_t)frame - in->len : FIRST_READ - 1;
		room = se_buffer_room(in, wanted);
		if (room == NULL)
			return false;
		n = recv(connection->fd, room, wanted, 0);
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
		se_buffer_grown(in, (size_t)n);
	}
	take_request(connection, frame > 0 ? (size_t)frame : in->len);
	return true;
}

/* False when there is nobody who waits for an answer. */
static bool
give_up(struct se_connection *connection, const char *why)
{
	struct se_error error;

	if (connection->state != WAITING)
		return false;
	se_engine_cancel(connection->service->engine, connection->ask);
	connection->ask = NULL;
	(void)se_error_set(&error, SE_AGAIN, "%s", why);
	answer_error(connection, &error);
	return true;
}

bool
se_connection_serve(struct se_connection *connection, short revents)
{
	if (connection->state == READING && revents != 0 && !read_some(connection))
		return false;
	if (connection->state == WAITING && (revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
		return false;
	if (connection->state != WRITING && now_ms(connection) >= connection->deadline &&
		!give_up(connection, "the agent had no answer in time"))
		return false;
	if (connection->state != WRITING)
		return true;
	return write_some(connection) && now_ms(connection) < connection->deadline;
}

void
se_connection_stop(struct se_connection *connection)
{
	if (give_up(connection, "the agent was stopped before it had an answer"))
		(void)write_some(connection);
	se_connection_free(connection);
}
