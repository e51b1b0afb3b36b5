/* Fuzzes what may answer at the agent's socket: any bytes, in pieces, are the agent's answer, or an
 * error with a sentence, in bounded time. An input is one byte, how many bytes a piece has (0: all
 * of them); one that is odd where the other end stays silent at the end, else it hangs up; and the
 * bytes. */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/sockios.h>
#endif

#include "core/client.h"
#include "core/wire.h"

#include "fuzz.h"

enum { TIME_LEFT = 5000, PIECES_MAX = 50 /* or so: each takes a few calls of the system */ };

/* The other end. The client looks at its clock before each wait, and that is when this gets its
 * turn: no second process, and no waiting. */
static struct {
	int listener, fd;
	struct input answer;
	size_t piece;
	bool silent;
} peer = {.listener = -1, .fd = -1};

static void
listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	must(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	peer.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(peer.listener >= 0);
	must(bind(peer.listener, (const struct sockaddr *)&address, sizeof(address)) == 0);
	must(listen(peer.listener, 1) == 0);
}

/* Bytes that were said and not heard yet. Where that cannot be known nobody is silent. */
static int
unheard(void)
{
	int count = 0;

#ifdef SIOCOUTQ
	must(ioctl(peer.fd, SIOCOUTQ, &count) == 0);
#endif
	return count;
}

static void
end_of_answer(void)
{
	if (!peer.silent)
		must(shutdown(peer.fd, SHUT_WR) == 0);
	else if (unheard() == 0)
		fuzz_clock_ms += TIME_LEFT;
}

static void
peer_turn(void)
{
	size_t piece = peer.piece > 0 ? peer.piece : peer.answer.len;
	ssize_t sent;

	if (peer.fd < 0)
		peer.fd = accept(peer.listener, NULL, NULL);
	if (peer.fd < 0)
		return;
	if (peer.answer.len == 0) {
		end_of_answer();
		return;
	}
	if (piece > peer.answer.len)
		piece = peer.answer.len;
	sent = send(peer.fd, peer.answer.data, piece, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent <= 0)
		return;
	peer.answer.data += sent;
	peer.answer.len -= (size_t)sent;
}

static int64_t
monotonic(void *context)
{
	(void)context;
	peer_turn();
	return fuzz_clock_ms;
}

/* What one whole frame and nothing else must come to. */
static void
must_be_as_sent(const struct input *sent, enum se_code code, const struct se_answer *answer)
{
	long whole = se_wire_frame_len(sent->data, sent->len, SE_WIRE_ANSWER_MAX);
	struct se_answer expected;
	struct se_error error;
	enum se_code wanted;

	if (whole <= 0 || whole != (long)sent->len) {
		/* What follows a whole frame may come too late to be seen. */
		must(code != SE_OK || (whole > 0 && whole < (long)sent->len));
		return;
	}
	wanted = se_wire_get_answer(sent->data, sent->len, &expected, &error);
	if (wanted == SE_INTERNAL && error.text[0] == '\0')
		wanted = SE_AGAIN;
	must(code == wanted);
	must(se_secret_equal(answer->token, expected.token));
	must_be_same(answer->note, expected.note);
	se_answer_free(&expected);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct se_request request = {.operation = SE_OPERATION_TOKEN,
		.time_left = TIME_LEFT,
		.login = FUZZ_LOGIN,
		.service = "smtp",
		.server = "smtp.office365.com"};
	const struct se_world world = {fuzz_world.wall, monotonic, fuzz_world.random, NULL};
	struct input input = {(const char *)data, size};
	struct se_answer answer;
	struct se_error error;
	enum se_code code;

	if (peer.listener < 0)
		listen_at(scratch("agent.sock"));
	peer.fd = -1;
	peer.piece = input_byte(&input);
	peer.silent = (input_byte(&input) & 1) != 0;
#ifndef SIOCOUTQ
	peer.silent = false;
#endif
	if (peer.piece > 0 && peer.piece < input.len / PIECES_MAX)
		peer.piece = input.len / PIECES_MAX;
	peer.answer = input;
	se_error_clear(&error);
	code = se_client_ask(scratch("agent.sock"), false, &request, &world, &answer, &error);
	if (code == SE_OK) {
		must(answer.token == NULL || se_secret_len(answer.token) > 0);
		must_be_printable(answer.note);
	} else {
		must(code != SE_ABSENT && answer.token == NULL && answer.status == NULL);
		must_explain(&error, code);
	}
	must_be_as_sent(&input, code, &answer);
	se_answer_free(&answer);
	if (peer.fd >= 0)
		(void)close(peer.fd);
	return 0;
}
