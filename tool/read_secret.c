#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/world.h"

#include "tool/interrupt.h"
#include "tool/read_secret.h"

enum { KEY_INTERRUPT = 3, KEY_END = 4, KEY_BACKSPACE = 8, KEY_CLEAR = 21, KEY_DELETE = 127 };

static enum se_code
read_failed(const char *what, struct se_error *error)
{
	return se_error_set(
		error, SE_CONFIG, "could not read the %s from stdin: %s", what, strerror(errno));
}

static enum se_code
too_long(const char *what, size_t max, struct se_error *error)
{
	return se_error_set(error, SE_CONFIG, "the %s on stdin has more than %zu bytes", what, max);
}

static enum se_code
interrupted(struct se_error *error)
{
	se_interrupt_now();
	return se_error_set(error, SE_CONFIG, "interrupted; nothing was changed");
}

static enum se_code
late(const char *what, struct se_error *error)
{
	return se_error_set(error, SE_AGAIN, "no %s has come on stdin in time", what);
}

/* For poll(2): milliseconds until then. */
static int
left_until(int64_t until)
{
	const int64_t left = until - se_world_system.monotonic(se_world_system.context);

	if (until == SE_READ_FOR_EVER)
		return -1;
	return left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

/* Waits for stdin, a signal or the end of the time: a signal that comes just before a read would not
 * end it. SE_OK: there is something to read. */
static enum se_code
wait_for_input(const char *what, int64_t until, struct se_error *error)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = se_interrupt_descriptor(), .events = POLLIN}};
	int ready;

	do {
		ready = poll(fds, sizeof(fds) / sizeof(fds[0]), left_until(until));
	} while (ready < 0 && errno == EINTR && !se_interrupted());
	if (se_interrupted())
		return interrupted(error);
	return ready != 0 ? SE_OK : late(what, error);
}

static enum se_code
read_pipe(
	const char *what, size_t max, int64_t until, struct se_buffer *text, struct se_error *error)
{
	for (;;) {
		char *room = se_buffer_room(text, 1024);
		enum se_code code;
		ssize_t n;

		if (room == NULL)
			return too_long(what, max, error);
		code = wait_for_input(what, until, error);
		if (code != SE_OK)
			return code;
		n = read(STDIN_FILENO, room, 1024);
		if (n == 0)
			return SE_OK;
		if (n > 0)
			se_buffer_grown(text, (size_t)n);
		else if (errno != EINTR)
			return read_failed(what, error);
	}
}

static void
erase(struct se_buffer *text)
{
	if (text->len > 0)
		text->data[--text->len] = '\0';
}

/* False when the line is complete. */
static bool
type_key(struct se_buffer *text, char key)
{
	switch (key) {
	case '\n':
	case '\r':
	case KEY_END:
		return false;
	case KEY_BACKSPACE:
	case KEY_DELETE:
		erase(text);
		return true;
	case KEY_CLEAR:
		se_buffer_reset(text);
		return true;
	default:
		return se_buffer_add(text, &key, 1);
	}
}

static enum se_code
read_keys(
	const char *what, size_t max, int64_t until, struct se_buffer *text, struct se_error *error)
{
	char key = '\0';
	bool more = true;

	while (more) {
		enum se_code code = wait_for_input(what, until, error);
		ssize_t n;

		if (code != SE_OK)
			return code;
		n = read(STDIN_FILENO, &key, 1);
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return read_failed(what, error);
		if (key == KEY_INTERRUPT)
			return interrupted(error);
		more = type_key(text, key);
	}
	return text->failed ? too_long(what, max, error) : SE_OK;
}

/* Key by key: a terminal's own lines end at 4095 bytes, and without its signals nothing can leave
 * it mute. */
static enum se_code
read_terminal(
	const char *what, size_t max, int64_t until, struct se_buffer *text, struct se_error *error)
{
	struct termios before, quiet;
	enum se_code code;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return read_failed(what, error);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0)
		return read_failed(what, error);
	fprintf(stderr, "Paste the %s and press Enter (it is not shown): ", what);
	code = read_keys(what, max, until, text, error);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	return code;
}

static void
strip_line_end(struct se_buffer *text)
{
	if (text->len > 0 && text->data[text->len - 1] == '\n')
		erase(text);
	if (text->len > 0 && text->data[text->len - 1] == '\r')
		erase(text);
}

static enum se_code
judge(const char *what, size_t max, const struct se_buffer *text, struct se_error *error)
{
	if (text->len == 0)
		return se_error_set(error, SE_CONFIG, "there is no %s on stdin", what);
	if (text->len > max)
		return too_long(what, max, error);
	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] <= ' ' || text->data[i] > '~')
			return se_error_set(error, SE_CONFIG,
				"what is on stdin is no %s: it has a space, a line end or a "
				"control character inside",
				what);
	return SE_OK;
}

enum se_code
se_read_secret_until(const char *what, size_t max, int64_t until, struct se_secret **secret,
	struct se_error *error)
{
	struct se_buffer text;
	enum se_code code;

	*secret = NULL;
	se_buffer_init(&text, max + 1024 + 2); /* a whole read, and a line end */
	code = isatty(STDIN_FILENO) ? read_terminal(what, max, until, &text, error)
				    : read_pipe(what, max, until, &text, error);
	if (code == SE_OK) {
		strip_line_end(&text);
		code = judge(what, max, &text, error);
	}
	if (code == SE_OK && (*secret = se_secret_new(text.data, text.len)) == NULL)
		code = se_error_memory(error);
	se_buffer_free(&text);
	return code;
}

enum se_code
se_read_secret(const char *what, size_t max, struct se_secret **secret, struct se_error *error)
{
	return se_read_secret_until(what, max, SE_READ_FOR_EVER, secret, error);
}
