#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/secret.h"
#include "core/world.h"

#include "tool/aside.h"
#include "tool/terminal.h"

enum { TURN_MS = 250, SHOWN_AFTER_MS = 1000 };

struct se_aside {
	int pipe;
};

void
se_aside_tell(struct se_aside *aside, const void *data, size_t len)
{
	const char *from = data;

	while (len > 0) {
		const ssize_t n = write(aside->pipe, from, len);

		if (n < 0 && errno != EINTR)
			_exit(EXIT_FAILURE); /* nobody listens */
		from += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

_Noreturn static void
be_child(const struct se_aside_work *work, const int ends[2])
{
	struct se_aside aside = {ends[1]};

	close(ends[0]);
	(void)signal(SIGPIPE, SIG_IGN);
	work->act(work->context, &aside);
	(void)fflush(stderr);
	_exit(EXIT_SUCCESS);
}

/* False at the end of what there is to hear. */
static bool
listen_to(const struct se_aside_work *work, int pipe, struct se_buffer *heard)
{
	char data[4096];
	const ssize_t n = read(pipe, data, sizeof(data));

	if (n > 0)
		se_buffer_add(heard, data, (size_t)n);
	se_wipe(data, sizeof(data));
	if (n > 0 && work->heard != NULL) {
		se_terminal_end_line(); /* it may print */
		work->heard(work->context, heard);
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

static bool
hear_out(const struct se_aside_work *work, int pipe, struct se_buffer *heard)
{
	const int64_t begun = se_world_system.monotonic(NULL);
	bool more = true;

	while (more) {
		struct pollfd end = {.fd = pipe, .events = POLLIN};
		const int64_t gone = se_world_system.monotonic(NULL) - begun;

		if (gone >= work->timeout)
			break;
		if (work->what != NULL && gone >= SHOWN_AFTER_MS)
			se_terminal_countdown(work->what, (work->timeout - gone) / 1000);
		if (poll(&end, 1, TURN_MS) > 0)
			more = listen_to(work, pipe, heard);
	}
	se_terminal_end_line();
	return !more;
}

static enum se_code
bury(pid_t child, const struct se_aside_work *work, bool in_time, struct se_error *error)
{
	int how = 0;

	if (!in_time)
		(void)kill(child, SIGKILL);
	while (waitpid(child, &how, 0) < 0)
		if (errno != EINTR)
			return se_error_set(error, SE_INTERNAL, "%s", strerror(errno));
	if (!in_time)
		return se_error_set(error, SE_AGAIN, "it did not end within %d seconds",
			(work->timeout + 999) / 1000);
	if (WIFSIGNALED(how))
		return se_error_set(error, SE_INTERNAL, "it was ended by signal %d (%s)",
			WTERMSIG(how), strsignal(WTERMSIG(how)));
	return SE_OK;
}

enum se_code
se_aside(const struct se_aside_work *work, struct se_buffer *heard, struct se_error *error)
{
	int ends[2];
	pid_t child;
	bool in_time;

	(void)fflush(NULL);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return se_error_set(error, SE_AGAIN, "no pipe: %s", strerror(errno));
	child = fork();
	if (child == 0)
		be_child(work, ends);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return se_error_set(error, SE_AGAIN, "no process: %s", strerror(errno));
	}
	in_time = hear_out(work, ends[0], heard);
	close(ends[0]);
	return bury(child, work, in_time, error);
}
