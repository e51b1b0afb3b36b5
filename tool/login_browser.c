#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool/login_browser.h"

enum { DESCRIPTORS_MAX = 4096 };

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

static bool
has_value(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] != '\0';
}

/* Looks for xdg-open in PATH's absolute directories. */
static bool
find_program(char program[PATH_MAX])
{
	const char *at = getenv("PATH");

	while (at != NULL && *at != '\0') {
		const size_t len = strcspn(at, ":");
		const int n = snprintf(program, PATH_MAX, "%.*s/xdg-open", (int)len, at);

		if (at[0] == '/' && n > 0 && n < PATH_MAX && access(program, X_OK) == 0)
			return true;
		at += len + (at[len] == ':');
	}
	return false;
}

bool
se_login_browser_there(void)
{
	char program[PATH_MAX];

	return geteuid() != 0 && getuid() != 0 &&
	       (has_value("DISPLAY") || has_value("WAYLAND_DISPLAY")) && find_program(program);
}

/* Only what is safe after fork(). Nothing of ours is open in the browser, and what it says does
 * not come between our lines. */
static void
become_browser(char *program, char *url)
{
	char *const arguments[] = {program, url, NULL};
	const int nowhere = open("/dev/null", O_RDWR);

	if (nowhere < 0)
		_exit(127);
	(void)dup2(nowhere, STDIN_FILENO);
	(void)dup2(nowhere, STDOUT_FILENO);
	(void)dup2(nowhere, STDERR_FILENO);
	for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS_MAX; fd++)
		(void)close(fd);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_DFL);
	(void)setsid(); /* Control-C is meant for us alone */
	(void)execv(program, arguments);
	_exit(127);
}

bool
se_login_browser_open(const char *url)
{
	char program[PATH_MAX], *copy = find_program(program) ? strdup(url) : NULL;
	const pid_t child = copy != NULL ? fork() : -1;
	int status;

	if (child == 0) {
		/* The browser is nobody's child, so that nobody need wait for it. */
		const pid_t browser = fork();

		if (browser == 0)
			become_browser(program, copy);
		_exit(browser > 0 ? 0 : 1);
	}
	free(copy);
	if (child < 0)
		return false;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
