#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

static struct {
	pid_t process;
	FILE *commands, *replies;
	char ports[2000];
	char reply[65536];
} server;

static void
bail_out(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(99);
}

/* --- the fault server ------------------------------------------------------------------------- */

static void
run_server(int commands, int replies, const char *where)
{
	const char *python = getenv("PYTHON"), *top = getenv("top_srcdir");
	char script[PATH_MAX];

	snprintf(
		script, sizeof(script), "%s/tests/faults/fault_server.py", top != NULL ? top : ".");
	if (dup2(commands, STDIN_FILENO) < 0 || dup2(replies, STDOUT_FILENO) < 0)
		_exit(98);
	if (python == NULL || python[0] == '\0')
		python = "/usr/bin/python3";
	execlp(python, python, "-B", "-W", "ignore", script, where, (char *)NULL);
	_exit(97);
}

static void
server_start(void)
{
	const char *where = scratch("faults");
	int commands[2], replies[2];

	if (mkdir(where, 0755) != 0 || pipe2(commands, O_CLOEXEC) != 0 ||
		pipe2(replies, O_CLOEXEC) != 0)
		bail_out("no pipes");
	fflush(stdout);
	server.process = fork();
	if (server.process == 0)
		run_server(commands[0], replies[1], where);
	close(commands[0]);
	close(replies[1]);
	server.commands = fdopen(commands[1], "w");
	server.replies = fdopen(replies[0], "r");
	if (server.process < 0 || server.commands == NULL || server.replies == NULL ||
		fgets(server.ports, sizeof(server.ports), server.replies) == NULL)
		bail_out("tests/faults/fault_server.py does not start");
}

static void
server_stop(void)
{
	fclose(server.commands);
	fclose(server.replies);
	kill(server.process, SIGTERM);
	waitpid(server.process, NULL, 0);
}

const char *
faults_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(server.commands, fmt, args);
	va_end(args);
	fputc('\n', server.commands);
	fflush(server.commands);
	if (fgets(server.reply, sizeof(server.reply), server.replies) == NULL)
		bail_out("the fault server does not answer");
	server.reply[strcspn(server.reply, "\n")] = '\0';
	return server.reply;
}

const char *
faults_file(const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "faults/%s", name);
	return scratch(path);
}

static unsigned
port_of(const char *listener)
{
	char name[40];
	const char *at;

	snprintf(name, sizeof(name), "\"%s\": ", listener);
	at = strstr(server.ports, name);
	if (at == NULL)
		bail_out("no such listener");
	return (unsigned)strtoul(at + strlen(name), NULL, 10);
}

/* --- the machine ------------------------------------------------------------------------------- */

void
guest_begin(void)
{
	if (!engine_is_private()) {
		printf("1..0 # SKIP %s is not below /tmp\n", SE_ENGINE_PATH);
		exit(0);
	}
	world_setup();
	copy_file(built("SE_TEST_ENGINE_MODULE", ".libs/engine.so"), SE_ENGINE_PATH);
	server_start();
	write_file(scratch("client.secret"), "Zx8~not+a=secret&of/anybody\n");
	if (chmod(scratch("client.secret"), 0600) != 0)
		bail_out("no secret");
}

void
guest_end(void)
{
	server_stop();
	world_teardown();
}

void
configure(const char *host, const char *listener, const char *path, const char *more)
{
	const bool own = strstr(more, "credential =") != NULL;
	char text[4096];

	snprintf(text, sizeof(text),
		"[account guest]\n"
		"match = *@contoso.com\n"
		"tenant = contoso.onmicrosoft.com\n"
		"client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
		"token_endpoint = https://%s:%u%s\n"
		"ca_file = %s\n"
		"%s%s\n%s",
		host, port_of(listener), path, faults_file("ca.pem"),
		own ? "#" : "credential = secret\nclient_secret_file = ",
		own ? "" : scratch("client.secret"), more);
	/* written anew, because what tells a change is the file itself */
	unlink(SE_CONFIGURATION_PATH);
	write_file(SE_CONFIGURATION_PATH, text);
}

void
never_keep(void)
{
	(void)faults_say("answer guest {\"members\": {\"expires_in\": 1}}");
}

/* --- sizes ------------------------------------------------------------------------------------- */

static long
count_entries(const char *path)
{
	DIR *directory = opendir(path);
	long count = -3; /* ".", ".." and the descriptor of this */

	while (directory != NULL && readdir(directory) != NULL)
		count++;
	if (directory != NULL)
		closedir(directory);
	return count;
}

struct size
size_now(void)
{
	struct size size = {0};
	FILE *maps = fopen("/proc/self/maps", "r"), *pages = fopen("/proc/self/statm", "r");
	int c;

	while (maps != NULL && (c = getc(maps)) != EOF)
		size.mappings += c == '\n';
	if (pages == NULL || fscanf(pages, "%*s %ld", &size.pages) != 1)
		size.pages = 0;
	if (maps != NULL)
		fclose(maps);
	if (pages != NULL)
		fclose(pages);
	size.descriptors = count_entries("/proc/self/fd");
	size.threads = count_entries("/proc/self/task") + 1;
	return size;
}

void
figure(const char *row, const char *test, const char *what, long number)
{
	const char *python = getenv("PYTHON"), *top = getenv("top_srcdir");
	char command[PATH_MAX + 400];

	if (getenv("SE_FIGURES_FILE") == NULL || top == NULL)
		return;
	snprintf(command, sizeof(command),
		"'%s' '%s/tests/reliability/figures.py' add '%s' '%s' %s=%ld",
		python != NULL ? python : "python3", top, row, test, what, number);
	if (system(command) != 0)
		printf("# the figure was not kept\n");
}
