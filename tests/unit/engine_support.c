#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/json.h"

#include "engine_support.h"

enum { TEXTS = 16, REPLY_MAX = 1 << 22 };

/* The next of a few buffers, so that several texts can be in one call. */
static char *
next_text(void)
{
	static char texts[TEXTS][PATH_MAX];
	static unsigned at;

	return texts[at++ % TEXTS];
}

static void
bail_out(const char *what)
{
	printf("Bail out! %s\n", what);
	fflush(stdout);
	faults_stop();
	scratch_remove();
	exit(99);
}

/* --- the directory of this run --------------------------------------------------------------- */

static char directory[64];
static pid_t owner;   /* a forked child leaves it alone */
static bool is_child; /* of start_child() */

void
scratch_make(void)
{
	snprintf(directory, sizeof(directory), "/tmp/sasl-entra-unit.XXXXXX");
	owner = getpid();
	if (mkdtemp(directory) == NULL)
		bail_out("no directory can be made below /tmp");
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)walk;
	return type == FTW_DP ? rmdir(path) : unlink(path);
}

void
scratch_remove(void)
{
	if (directory[0] != '\0' && owner == getpid())
		(void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	directory[0] = '\0';
}

const char *
scratch(const char *name)
{
	char *path = next_text();

	snprintf(path, PATH_MAX, "%s/%s", directory, name);
	return path;
}

void
write_file(const char *path, const void *data, size_t len, mode_t mode)
{
	int fd;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	assert_int_equal(close(fd), 0);
}

void
write_text(const char *path, const char *text)
{
	assert_non_null(text);
	write_file(path, text, strlen(text), 0600);
}

char *
read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text;
	size_t len;

	if (file == NULL)
		return NULL;
	text = malloc(REPLY_MAX);
	assert_non_null(text);
	len = fread(text, 1, REPLY_MAX - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static unsigned
count_entries(const char *path, bool hidden, const char *ending)
{
	DIR *list = opendir(path);
	struct dirent *entry;
	size_t len = strlen(ending);
	unsigned count = 0;

	assert_non_null(list);
	while ((entry = readdir(list)) != NULL) {
		const char *name = entry->d_name;
		size_t name_len = strlen(name);

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
			(name[0] == '.') == hidden && name_len >= len &&
			strcmp(name + name_len - len, ending) == 0)
			count++;
	}
	closedir(list);
	return count;
}

unsigned
count_files(const char *path, const char *ending)
{
	return count_entries(path, false, ending);
}

unsigned
count_hidden(const char *path)
{
	return count_entries(path, true, "");
}

/* --- configuration --------------------------------------------------------------------------- */

struct se_config *
config_of(const char *text)
{
	struct se_config *config;
	struct se_error error = {0};

	if (se_config_parse(text, strlen(text), "test.conf", &config, NULL, &error) != SE_OK)
		fail_msg("%s", error.text);
	return config;
}

/* --- the world ------------------------------------------------------------------------------- */

int64_t world_later_s, world_later_ms;
unsigned char world_chance;

static int64_t stopped_at; /* 0: it goes on */

static int64_t
moved_wall(void *context)
{
	const int64_t now = stopped_at != 0 ? stopped_at : se_world_system.wall(context);

	return now + world_later_s;
}

void
world_stop_wall(void)
{
	stopped_at = se_world_system.wall(NULL);
}

static int64_t
moved_monotonic(void *context)
{
	return se_world_system.monotonic(context) + world_later_ms;
}

/* One byte is for jitter; whoever wants more wants something unique. */
static bool
chosen_random(void *context, void *data, size_t len)
{
	if (len > 1)
		return se_world_system.random(context, data, len);
	memcpy(data, &world_chance, len);
	return true;
}

const struct se_world world = {moved_wall, moved_monotonic, chosen_random, NULL};

void
world_wait(int64_t seconds)
{
	world_later_s += seconds;
	world_later_ms += seconds * 1000;
}

void
world_reset(void)
{
	world_later_s = 0;
	world_later_ms = 0;
	world_chance = 0;
	stopped_at = 0;
}

int64_t
real_ms(void)
{
	return se_world_system.monotonic(NULL);
}

/* --- children -------------------------------------------------------------------------------- */

pid_t
start_child(int (*body)(void *context), void *context)
{
	pid_t child;

	fflush(stdout);
	fflush(stderr);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		is_child = true;
		_exit(body(context));
	}
	return child;
}

void
end_if_child(void)
{
	if (is_child) {
		print_error("an assertion failed in a child\n");
		_exit(2);
	}
}

int
end_child(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- texts ----------------------------------------------------------------------------------- */

void
check_says(const char *text, const char *words, bool wanted, const char *file, int line)
{
	if ((strstr(text, words) != NULL) == wanted)
		return;
	print_error("\"%s\" is %s \"%s\"\n", words, wanted ? "not in" : "in", text);
	_fail(file, line);
}

/* --- the server that misbehaves -------------------------------------------------------------- */

static struct {
	pid_t process;
	FILE *commands, *replies;
	char *reply;
	struct se_json *ports;
	char ca[PATH_MAX];
} server;

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
read_reply(void)
{
	if (fgets(server.reply, REPLY_MAX, server.replies) == NULL)
		bail_out("tests/faults/fault_server.py does not answer");
	server.reply[strcspn(server.reply, "\n")] = '\0';
}

void
faults_start(void)
{
	const char *where = scratch("faults");
	int commands[2], replies[2];

	if (mkdir(where, 0700) != 0 || pipe2(commands, O_CLOEXEC) != 0 ||
		pipe2(replies, O_CLOEXEC) != 0)
		bail_out("no pipes");
	/* A server that is gone must be a failed test, not a dead one. */
	signal(SIGPIPE, SIG_IGN);
	fflush(stdout);
	server.process = fork();
	if (server.process == 0)
		run_server(commands[0], replies[1], where);
	close(commands[0]);
	close(replies[1]);
	server.commands = fdopen(commands[1], "w");
	server.replies = fdopen(replies[0], "r");
	server.reply = malloc(REPLY_MAX);
	if (server.process < 0 || server.commands == NULL || server.replies == NULL ||
		server.reply == NULL)
		bail_out("the fault server cannot be started");
	snprintf(server.ca, sizeof(server.ca), "%s/ca.pem", where);
	read_reply();
	server.ports = se_json_parse(server.reply, strlen(server.reply));
	if (server.ports == NULL)
		bail_out("the fault server named no ports");
}

void
faults_stop(void)
{
	int status;

	if (server.process <= 0)
		return;
	if (server.commands != NULL)
		fclose(server.commands);
	if (server.replies != NULL)
		fclose(server.replies);
	(void)kill(server.process, SIGTERM);
	(void)waitpid(server.process, &status, 0);
	free(server.reply);
	se_json_free(server.ports);
	memset(&server, 0, sizeof(server));
}

const char *
faults_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vfprintf(server.commands, fmt, args);
	va_end(args);
	(void)fputc('\n', server.commands);
	(void)fflush(server.commands);
	read_reply();
	return server.reply;
}

long
faults_hits(const char *name)
{
	return strtol(faults_say("hits %s", name), NULL, 10);
}

unsigned
faults_port(const char *listener)
{
	int64_t port = 0;

	assert_true(se_json_integer(server.ports, listener, &port));
	return (unsigned)port;
}

const char *
faults_url(const char *listener, const char *path)
{
	char *url = next_text();

	snprintf(url, PATH_MAX, "%s://localhost:%u%s",
		strcmp(listener, "http") == 0 ? "http" : "https", faults_port(listener), path);
	return url;
}

const char *
faults_ca(void)
{
	return server.ca;
}

/* --- one HTTP request ------------------------------------------------------------------------ */

static void
fetched(void *context, const struct se_http_response *response, const struct se_error *error)
{
	struct fetch *fetch = context;

	fetch->ended = real_ms();
	fetch->transfer = NULL;
	assert_int_equal(fetch->calls++, 0);
	assert_true((response == NULL) != (error == NULL));
	if (response == NULL) {
		fetch->error = *error;
		return;
	}
	fetch->answered = true;
	fetch->status = response->status;
	fetch->retry_after = response->retry_after;
	fetch->date = response->date;
	fetch->len = response->body_len;
	fetch->body_came = malloc(fetch->len + 1);
	assert_non_null(fetch->body_came);
	memcpy(fetch->body_came, response->body, fetch->len + 1);
	assert_int_equal(fetch->body_came[fetch->len], '\0');
}

bool
fetch_start(struct se_http *http, struct fetch *fetch)
{
	const char *body = fetch->body != NULL ? fetch->body : "a=b";
	const int64_t began = real_ms(); /* before the deadline is reckoned */
	struct se_http_request request = {
		.url = fetch->url,
		.body = se_secret_new(body, strlen(body)),
		.request_id = REQUEST_ID,
		.machine = fetch->machine,
		.proxy = fetch->proxy,
		.ca_file = fetch->ca_file == NULL      ? faults_ca()
			   : fetch->ca_file[0] != '\0' ? fetch->ca_file
						       : NULL,
		.deadline = world.monotonic(NULL) + (fetch->time > 0 ? fetch->time : 20000),
	};

	fetch->began = began;
	fetch->transfer = se_http_start(http, &request, fetched, fetch, &fetch->error);
	assert_null(request.body);
	return fetch->transfer != NULL;
}

void
fetch_wait(struct se_http *http, struct fetch *fetch)
{
	int64_t until = real_ms() + 60000;

	while (fetch->calls == 0 && real_ms() < until)
		assert_true(se_http_turn(http, NULL, 0, 1000));
	assert_int_equal(fetch->calls, 1);
}

void
fetch(struct se_http *http, struct fetch *fetch)
{
	if (!fetch_start(http, fetch))
		fail_msg("%s", fetch->error.text);
	fetch_wait(http, fetch);
}

void
fetch_forget(struct fetch *fetch)
{
	free(fetch->body_came);
	memset(fetch, 0, sizeof(*fetch));
}

int
faults_begin(void **state)
{
	(void)state;
	scratch_make();
	faults_start();
	return 0;
}

int
faults_end(void **state)
{
	(void)state;
	faults_stop();
	scratch_remove();
	return 0;
}
