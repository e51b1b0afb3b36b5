#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/world.h"

#include "tool/run.h"

/* Root's PATH may be short, and a user's has no sbin. */
#define USUAL_PATHS "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"

enum { CANNOT_RUN = 127, READ = 0, WRITE = 1, PIPES = 3, PAUSE_MS = 1 };

/* --- which program ------------------------------------------------------------------------------ */

static char *
find_in(const char *directories, const char *name)
{
	char path[4096];
	size_t len;

	for (; *directories != '\0'; directories += len + (directories[len] == ':')) {
		int n;

		len = strcspn(directories, ":");
		if (directories[0] != '/')
			continue;
		n = snprintf(path, sizeof(path), "%.*s/%s", (int)len, directories, name);
		if (n > 0 && (size_t)n < sizeof(path) && access(path, X_OK) == 0)
			return strdup(path);
	}
	return NULL;
}

char *
se_run_find(const char *name)
{
	const char *own = getenv("PATH");
	char *path;

	if (name[0] == '/')
		return access(name, X_OK) == 0 ? strdup(name) : NULL;
	path = find_in(USUAL_PATHS, name);
	return path == NULL && own != NULL ? find_in(own, name) : path;
}

/* --- in the child ------------------------------------------------------------------------------- */

/* An end of ours that stands where a standard descriptor belongs would be overwritten. */
static int
out_of_the_way(int descriptor)
{
	return descriptor > STDERR_FILENO ? descriptor : fcntl(descriptor, F_DUPFD, 3);
}

/* execve(2) writes to neither, whatever its prototype says. */
static char *const *
unwritten(const char *const *words)
{
	union {
		const char *const *in;
		char *const *out;
	} same = {words};

	return same.out;
}

_Noreturn static void
become_program(const char *path, const struct se_run *run, int in, int out, int err)
{
	static const char *const clean[] = {
		/* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): it is one string */
		"PATH=" USUAL_PATHS, "LC_ALL=C", "HOME=/", "TERM=dumb", NULL};
	const char *const *environment = run->environment != NULL ? run->environment : clean;
	sigset_t none;

	in = out_of_the_way(in);
	out = out_of_the_way(out);
	err = out_of_the_way(err);
	(void)signal(SIGXFSZ, SIG_DFL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
		dup2(err, STDERR_FILENO) >= 0)
		(void)execve(path, unwritten(run->argv), unwritten(environment));
	_exit(CANNOT_RUN);
}

/* --- the conversation --------------------------------------------------------------------------- */

struct talk {
	const struct se_run *run;
	int mine[PIPES]; /* what becomes its stdin, stdout, stderr; -1: closed */
	size_t written;
};

static void
end_of(struct talk *talk, int which)
{
	if (talk->mine[which] >= 0)
		close(talk->mine[which]);
	talk->mine[which] = -1;
}

static void
feed(struct talk *talk)
{
	const struct se_run *run = talk->run;
	ssize_t n = 0;

	if (talk->written < run->input_len)
		n = write(talk->mine[0], (const char *)run->input + talk->written,
			run->input_len - talk->written);
	if (n > 0)
		talk->written += (size_t)n;
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || talk->written >= run->input_len)
		end_of(talk, 0);
}

static void
take(struct talk *talk, int which)
{
	struct se_buffer *into = which == 1 ? talk->run->output : talk->run->errors;
	char data[4096];
	const ssize_t n = read(talk->mine[which], data, sizeof(data));

	if (n > 0 && into != NULL)
		se_buffer_add(into, data, (size_t)n);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		end_of(talk, which);
}

static int64_t
now(void)
{
	return se_world_system.monotonic(se_world_system.context);
}

/* False when the time is over. */
static bool
converse(struct talk *talk, int64_t deadline)
{
	while (talk->mine[1] >= 0 || talk->mine[2] >= 0) {
		struct pollfd fds[PIPES] = {{talk->mine[0], POLLOUT, 0}, {talk->mine[1], POLLIN, 0},
			{talk->mine[2], POLLIN, 0}};
		const int64_t left = deadline - now();

		if (left <= 0)
			return false;
		if (poll(fds, PIPES, (int)left) < 0 && errno != EINTR)
			return false;
		if (fds[0].revents != 0 && talk->mine[0] >= 0)
			feed(talk);
		for (int which = 1; which < PIPES; which++)
			if (fds[which].revents != 0 && talk->mine[which] >= 0)
				take(talk, which);
	}
	return true;
}

/* --- the whole ---------------------------------------------------------------------------------- */

static bool
open_pipes(int pipes[PIPES][2])
{
	for (int i = 0; i < PIPES; i++)
		pipes[i][READ] = pipes[i][WRITE] = -1;
	for (int i = 0; i < PIPES; i++)
		if (pipe2(pipes[i], O_CLOEXEC) != 0)
			return false;
	return true;
}

static void
close_pipes(int pipes[PIPES][2])
{
	for (int i = 0; i < PIPES; i++)
		for (int end = READ; end <= WRITE; end++)
			if (pipes[i][end] >= 0)
				close(pipes[i][end]);
}

static bool
keep_ours(int pipes[PIPES][2], struct talk *talk)
{
	bool ok = true;

	for (int i = 0; i < PIPES; i++) {
		const int mine = i == 0 ? WRITE : READ;

		talk->mine[i] = pipes[i][mine];
		pipes[i][mine] = -1;
		ok &= fcntl(talk->mine[i], F_SETFL, O_NONBLOCK) == 0;
	}
	close_pipes(pipes);
	return ok;
}

/* It is ended where its time is over, or where there was nothing more to hear and it ran on until then. False
 * when it had to be. */
static bool
bury(pid_t child, int64_t deadline, int *status)
{
	bool in_time = true;
	int how = 0;
	pid_t found;

	while ((found = waitpid(child, &how, in_time ? WNOHANG : 0)) != child) {
		if (found < 0 && errno != EINTR) {
			*status = CANNOT_RUN;
			return in_time;
		}
		if (in_time && now() >= deadline) {
			in_time = false;
			(void)kill(child, SIGKILL);
		} else if (in_time) {
			(void)poll(NULL, 0, PAUSE_MS);
		}
	}
	*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	return in_time;
}

static enum se_code
speak_with(pid_t child, int pipes[PIPES][2], const struct se_run *run, int *status,
	struct se_error *error)
{
	const int timeout = run->timeout > 0 ? run->timeout : SE_RUN_MS;
	struct talk talk = {.run = run};
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	const int64_t deadline = now() + timeout;
	const bool heard = keep_ours(pipes, &talk) && converse(&talk, deadline);
	bool in_time;

	for (int i = 0; i < PIPES; i++)
		end_of(&talk, i);
	in_time = bury(child, heard ? deadline : 0, status) && heard;
	(void)signal(SIGPIPE, before);
	if (in_time)
		return SE_OK;
	return se_error_set(
		error, SE_AGAIN, "%s did not end within %d seconds", run->argv[0], timeout / 1000);
}

enum se_code
se_run(const struct se_run *run, int *status, struct se_error *error)
{
	char *path = se_run_find(run->argv[0]);
	enum se_code code = SE_OK;
	int pipes[PIPES][2];
	pid_t child = -1;

	if (path == NULL)
		return se_error_set(error, SE_ABSENT, "there is no program %s", run->argv[0]);
	if (!open_pipes(pipes) || (child = fork()) < 0)
		code = se_error_set(
			error, SE_AGAIN, "%s could not be run: %s", path, strerror(errno));
	if (child == 0)
		become_program(path, run, pipes[0][READ], pipes[1][WRITE], pipes[2][WRITE]);
	if (code == SE_OK)
		code = speak_with(child, pipes, run, status, error);
	else
		close_pipes(pipes);
	if (code == SE_OK && *status == CANNOT_RUN)
		code = se_error_set(error, SE_CONFIG, "%s cannot be run", path);
	free(path);
	return code;
}
