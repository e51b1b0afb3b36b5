#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/program.h"

#include "agent/spawn.h"

enum { LAST_RESORT = 4096 }; /* descriptors that are closed where nobody says how many there are */

static void
close_others(long most)
{
#ifdef HAVE_CLOSE_RANGE
	if (close_range(3, ~0U, 0) == 0)
		return;
#endif
	for (int fd = 3; fd < most; fd++)
		(void)close(fd);
}

/* Between fork and exec. libcurl may have threads, so that only what a signal handler may do is
 * done here. */
static void
become(char *const *arguments, char *const *environment, long most)
{
	struct sigaction usual;
	sigset_t none;
	int null;

	(void)setpgid(0, 0);
	memset(&usual, 0, sizeof(usual));
	usual.sa_handler = SIG_DFL;
	(void)sigaction(SIGPIPE, &usual, NULL); /* what is ignored stays so; handlers do not */
	(void)sigaction(SIGXFSZ, &usual, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
		chdir("/") != 0)
		_exit(126);
	close_others(most);
	(void)execve(arguments[0], arguments, environment);
	_exit(127);
}

/* execve(2) writes to neither, whatever its prototype says. */
static char *const *
unwritten(const char *const *list)
{
	union {
		const char *const *ours;
		char *const *theirs;
	} cast = {.ours = list};

	return cast.theirs;
}

pid_t
se_spawn(const char *program, const char *const *environment, struct se_error *error)
{
	const char *const arguments[] = {program, NULL};
	const long most = sysconf(_SC_OPEN_MAX);
	pid_t pid;

	if (se_program_check(program, error) != SE_OK)
		return -1;
	pid = fork();
	if (pid == 0)
		become(unwritten(arguments), unwritten(environment), most > 0 ? most : LAST_RESORT);
	if (pid < 0)
		se_error_set(
			error, SE_AGAIN, "%s could not be started: %s", program, strerror(errno));
	else
		(void)setpgid(pid, pid); /* whoever of us is first */
	return pid;
}

bool
se_spawn_ended(pid_t pid, int *status)
{
	const pid_t found = waitpid(pid, status, WNOHANG);

	if (found < 0 && errno == ECHILD) {
		*status = 0;
		return true;
	}
	return found == pid;
}

void
se_spawn_kill(pid_t pid)
{
	(void)kill(-pid, SIGKILL);
}
