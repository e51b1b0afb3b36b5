#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/program.h"
#include "engine/credential_secret.h"
#include "engine/secret_command.h"

enum {
	WORDS_MAX = 64,
	OUTPUT_MAX = 65536,
	CANNOT_RUN = 127,
	LAST_RESORT = 1024,
	LOOKS = 5,    /* after a kill, a millisecond apart: an agent has others to serve */
	LEFT_MAX = 8, /* then no other program is started */
	FATE_MAX = 160
};

struct se_secret_command {
	const struct se_world *world;
	char *text;                 /* the words, each ended */
	char *words[WORDS_MAX + 1]; /* in it */
	char *path;
	pid_t pid;   /* 0: none, or waited for */
	bool killed; /* that was tried: */
	int no_kill; /* errno; 0: it worked */
	int from;    /* its stdout; -1: at its end */
	int64_t deadline;
	struct se_buffer output;
	bool all;                       /* lines are wanted, not the first alone */
	struct se_secret_command *next; /* among those that are left */
};

static bool person; /* se_secret_command_permit() */

/* Nobody wants them any more, but they have not ended: a setuid program that has become root cannot be
 * killed, and one that hangs in the kernel does not die. There are no more than LEFT_MAX and those that ran
 * when there were so many. */
static struct se_secret_command *left;
static size_t left_count;

void
se_secret_command_permit(bool permitted)
{
	person = permitted;
}

/* --- which program ---------------------------------------------------------------------------- */

static bool
split(struct se_secret_command *command, const char *text)
{
	char *at = NULL;
	size_t n = 0;

	command->text = strdup(text);
	if (command->text == NULL)
		return false;
	for (char *word = strtok_r(command->text, " \t", &at); word != NULL && n < WORDS_MAX;
		word = strtok_r(NULL, " \t", &at))
		command->words[n++] = word;
	return n > 0;
}

static char *
find(const char *name)
{
	const char *at = getenv("PATH");
	char path[4096];
	size_t len;

	if (name[0] == '/')
		return strdup(name);
	for (; at != NULL && *at != '\0'; at += len + (at[len] == ':')) {
		int n;

		len = strcspn(at, ":");
		n = snprintf(path, sizeof(path), "%.*s/%s", (int)len, at, name);
		if (at[0] == '/' && n > 0 && (size_t)n < sizeof(path) && access(path, X_OK) == 0)
			return strdup(path);
	}
	return NULL;
}

char *
se_secret_command_find(const char *words)
{
	struct se_secret_command command = {.from = -1};
	char *path = split(&command, words) ? find(command.words[0]) : NULL;

	free(command.text);
	return path;
}

static enum se_code
look(struct se_secret_command *command, const char *text, struct se_error *error)
{
	if (!person || getuid() == 0 || geteuid() == 0 || getuid() != geteuid())
		return se_error_set(error, SE_CONFIG,
			"a program that prints a secret is run only for a user's own "
			"configuration, by his own sasl-entrad and by sasl-entra, never as root "
			"and never inside a mail program; start the agent (systemctl --user enable "
			"--now sasl-entrad.socket), or write the secret into a file");
	if (!split(command, text))
		return se_error_memory(error);
	command->path = find(command->words[0]);
	if (command->path == NULL)
		return se_error_set(
			error, SE_CONFIG, "there is no program %s in $PATH", command->words[0]);
	return se_program_check(command->path, error);
}

enum se_code
se_secret_command_check(const char *words, struct se_error *error)
{
	struct se_secret_command command = {.from = -1};
	enum se_code code = look(&command, words, error);

	free(command.path);
	free(command.text);
	return code;
}

/* --- running ---------------------------------------------------------------------------------- */

/* Between fork and exec. There may be threads, so that only what a signal handler may do is done. */
_Noreturn static void
become(const struct se_secret_command *command, int out, long most)
{
	struct sigaction usual;
	sigset_t none;
	int null;

	(void)setpgid(0, 0);
	memset(&usual, 0, sizeof(usual));
	usual.sa_handler = SIG_DFL;
	(void)sigaction(SIGPIPE, &usual, NULL);
	(void)sigaction(SIGXFSZ, &usual, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(null, STDIN_FILENO) < 0 ||
		dup2(null, STDERR_FILENO) < 0)
		_exit(CANNOT_RUN);
#ifdef HAVE_CLOSE_RANGE
	if (close_range(3, ~0U, 0) == 0)
		most = 0;
#endif
	for (int fd = 3; fd < most; fd++)
		(void)close(fd);
	(void)execv(command->path, command->words);
	_exit(CANNOT_RUN);
}

/* Standard descriptors are never free here: each program of ours fills them first. */
static enum se_code
begin(struct se_secret_command *command, struct se_error *error)
{
	const long most = sysconf(_SC_OPEN_MAX);
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return se_error_set(error, SE_AGAIN, "%s could not be started: %s", command->path,
			strerror(errno));
	command->from = ends[0];
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
		command->pid = fork();
	else
		command->pid = -1;
	if (command->pid == 0)
		become(command, ends[1], most > 0 ? most : LAST_RESORT);
	(void)close(ends[1]);
	if (command->pid > 0) {
		(void)setpgid(command->pid, command->pid); /* whoever of us is first */
		return SE_OK;
	}
	command->pid = 0;
	return se_error_set(
		error, SE_AGAIN, "%s could not be started: %s", command->path, strerror(errno));
}

/* Those that cannot be ended must not become more and more. */
static enum se_code
look_at_those_left(struct se_error *error)
{
	se_secret_command_reap();
	if (left_count < LEFT_MAX)
		return SE_OK;
	return se_error_set(error, SE_AGAIN,
		"%zu programs that were to print a secret have not ended although their time was "
		"over, and no other is started; see why, and end them as root; the last one is "
		"process %ld",
		left_count, (long)left->pid);
}

struct se_secret_command *
se_secret_command_start(const char *words, const struct se_world *world, struct se_error *error)
{
	struct se_secret_command *command = calloc(1, sizeof(*command));

	if (command == NULL) {
		se_error_memory(error);
		return NULL;
	}
	command->world = world;
	command->from = -1;
	command->deadline = world->monotonic(world->context) + SE_SECRET_COMMAND_MS;
	se_buffer_init(&command->output, OUTPUT_MAX);
	if (look(command, words, error) == SE_OK && look_at_those_left(error) == SE_OK &&
		begin(command, error) == SE_OK)
		return command;
	se_secret_command_free(command);
	return NULL;
}

/* --- ending ----------------------------------------------------------------------------------- */

/* Never blocks. */
static bool
is_over(struct se_secret_command *command)
{
	if (command->pid > 0 && waitpid(command->pid, NULL, WNOHANG) != 0)
		command->pid = 0;
	return command->pid == 0;
}

/* With all that it has started. What a kill has reached is gone at once, or hangs for who knows how long;
 * what it has not reached runs on. */
static void
put_down(struct se_secret_command *command)
{
	if (command->killed || command->pid == 0)
		return;
	command->killed = true;
	(void)kill(-command->pid, SIGKILL); /* works where it works for one of them */
	if (kill(command->pid, SIGKILL) != 0)
		command->no_kill = errno;
	for (int i = 0; !is_over(command) && command->no_kill == 0 && i < LOOKS; i++)
		(void)poll(NULL, 0, 1);
}

/* What has become of it, for a message. */
static void
tell_fate(const struct se_secret_command *command, char fate[FATE_MAX])
{
	if (command->no_kill == 0 || command->pid == 0)
		(void)snprintf(fate, FATE_MAX, "was killed");
	else
		(void)snprintf(fate, FATE_MAX,
			"could not be killed (%s), so that it runs on as process %ld until root "
			"ends it",
			strerror(command->no_kill), (long)command->pid);
}

void
se_secret_command_reap(void)
{
	struct se_secret_command **at = &left;

	while (*at != NULL) {
		struct se_secret_command *command = *at;

		if (!is_over(command)) {
			at = &command->next;
			continue;
		}
		*at = command->next;
		left_count--;
		free(command);
	}
}

void
se_secret_command_free(struct se_secret_command *command)
{
	if (command == NULL)
		return;
	if (command->from >= 0)
		(void)close(command->from);
	se_buffer_free(&command->output);
	free(command->path);
	free(command->text);
	put_down(command);
	if (command->pid == 0) {
		free(command);
	} else {
		command->next = left;
		left = command;
		left_count++;
	}
	se_secret_command_reap();
}

/* --- what it says ----------------------------------------------------------------------------- */

static void
take(struct se_secret_command *command)
{
	ssize_t n = 1;

	while (n > 0 && command->from >= 0) {
		char *room = se_buffer_room(&command->output, 4096);

		if (room == NULL)
			return;
		n = read(command->from, room, 4096);
		if (n > 0)
			se_buffer_grown(&command->output, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			(void)close(command->from);
			command->from = -1;
		}
	}
}

static enum se_code
first_line(
	const struct se_secret_command *command, struct se_secret **secret, struct se_error *error)
{
	const char *text = se_buffer_text(&command->output);
	size_t len = 0;

	while (len < command->output.len && text[len] != '\n')
		len++;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (len == 0)
		return se_error_set(error, SE_CONFIG,
			"%s printed nothing, or an empty line first; it must print the secret "
			"alone on the first line",
			command->path);
	for (size_t i = 0; i < len; i++)
		if (len > SE_CLIENT_SECRET_MAX || (unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return se_error_set(error, SE_CONFIG,
				"the first line that %s printed is no secret: it is longer than "
				"%d bytes, or has control characters",
				command->path, SE_CLIENT_SECRET_MAX);
	*secret = se_secret_new(text, len);
	return *secret != NULL ? SE_OK : se_error_memory(error);
}

static enum se_code
judge(const struct se_secret_command *command, int how, struct se_secret **secret,
	struct se_error *error)
{
	if (WIFEXITED(how) && WEXITSTATUS(how) == 0 && !command->all)
		return first_line(command, secret, error);
	if (WIFEXITED(how) && WEXITSTATUS(how) == 0) {
		*secret = se_secret_new(se_buffer_text(&command->output), command->output.len);
		return *secret != NULL ? SE_OK : se_error_memory(error);
	}
	if (WIFSIGNALED(how))
		return se_error_set(error, SE_CONFIG, "%s was ended by signal %d", command->path,
			WTERMSIG(how));
	return se_error_set(error, SE_CONFIG,
		"%s failed with exit code %d; type the command of the configuration in a terminal "
		"to see why (is the password store unlocked?)",
		command->path, WEXITSTATUS(how));
}

static enum se_code
give_up(struct se_secret_command *command, struct se_error *error)
{
	char fate[FATE_MAX];

	put_down(command);
	tell_fate(command, fate);
	if (command->output.failed)
		return se_error_set(error, SE_CONFIG,
			"%s printed more than %d bytes and %s; it must print the secret alone on "
			"the first line",
			command->path, OUTPUT_MAX, fate);
	return se_error_set(error, SE_AGAIN,
		"%s did not end within %d seconds and %s; it must not ask anybody: unlock the "
		"password store first",
		command->path, SE_SECRET_COMMAND_MS / 1000, fate);
}

enum se_code
se_secret_command_stop(struct se_secret_command *command, struct se_error *error)
{
	char fate[FATE_MAX];

	put_down(command);
	tell_fate(command, fate);
	return se_error_set(error, SE_AGAIN,
		"%s had not ended when the time for this token was over, and %s", command->path,
		fate);
}

bool
se_secret_command_step(struct se_secret_command *command, enum se_code *code,
	struct se_secret **secret, struct se_error *error)
{
	const int64_t now = command->world->monotonic(command->world->context);
	pid_t found = 0;
	int how = 0;

	se_secret_command_reap();
	*secret = NULL;
	take(command);
	if (command->from < 0 && !command->output.failed)
		found = waitpid(command->pid, &how, WNOHANG);
	if (found == command->pid) {
		command->pid = 0;
		*code = judge(command, how, secret, error);
		return true;
	}
	if (found < 0)
		command->pid = 0; /* SIGCHLD is ignored: its number may be another's by now */
	if (found == 0 && !command->output.failed && now < command->deadline)
		return false;
	*code = give_up(command, error);
	return true;
}

enum se_code
se_secret_command_run(const char *words, bool all, const struct se_world *world,
	struct se_secret **secret, struct se_error *error)
{
	struct se_secret_command *command = se_secret_command_start(words, world, error);
	enum se_code code = SE_INTERNAL;

	*secret = NULL;
	if (command == NULL)
		return error->code;
	command->all = all;
	while (!se_secret_command_step(command, &code, secret, error))
		(void)poll(NULL, 0, SE_SECRET_COMMAND_POLL_MS);
	se_secret_command_free(command);
	return code;
}
