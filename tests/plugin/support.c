#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/wire.h"

#include "support.h"

enum { LOG_LINES = 64 };

static char work[PATH_MAX];    /* this run's own directory */
static char plugins[PATH_MAX]; /* the plugin directory in it */
static int lock = -1;

static struct {
	int level;
	char text[SE_ERROR_TEXT_MAX + 200];
} lines[LOG_LINES];
static unsigned line_count;

/* --- the world around the plugin ------------------------------------------------------------ */

void
make_directories(const char *path)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0755) != 0 && errno != EEXIST) {
			printf("Bail out! cannot make %s: %s\n", part, strerror(errno));
			exit(99);
		}
	}
}

void
write_file(const char *path, const char *text)
{
	FILE *file;

	make_directories(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

void
copy_file(const char *from, const char *to)
{
	char block[65536];
	FILE *in = fopen(from, "r");
	FILE *out;
	size_t len;

	if (in == NULL) {
		printf("Bail out! %s is not built\n", from);
		exit(99);
	}
	make_directories(to);
	unlink(to); /* never write into what a process has mapped */
	out = fopen(to, "w");
	assert_non_null(out);
	while ((len = fread(block, 1, sizeof(block), in)) > 0)
		assert_int_equal(fwrite(block, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
	fclose(in);
}

const char *
built(const char *variable, const char *path)
{
	static char name[PATH_MAX];
	const char *given = getenv(variable);
	const char *top = getenv("top_builddir");

	if (given != NULL)
		return given;
	snprintf(name, sizeof(name), "%s/%s", top != NULL ? top : ".", path);
	return name;
}

/* What is installed under the tests' prefix steps aside while they run. */
static void
put_aside(const char *path, bool back)
{
	char saved[PATH_MAX];

	snprintf(saved, sizeof(saved), "%s.saved", path);
	if (back) {
		unlink(path);
		rename(saved, path);
	} else if (access(saved, F_OK) == 0) {
		unlink(path); /* of a run that was killed */
	} else {
		rename(path, saved);
	}
}

/* The compiled-in paths are made and emptied here: never those of a real machine. */
static void
require_private(const char *path)
{
	if (strncmp(path, "/tmp/", 5) != 0) {
		printf("Bail out! %s is not below /tmp: configure with "
		       "--prefix=/tmp/sasl-entra.XXXX"
		       " --runstatedir=/tmp/sasl-entra.XXXX/run to run these tests\n",
			path);
		exit(99);
	}
	make_directories(path);
}

static void
take_lock(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s.tests", SE_CONFIGURATION_PATH);
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX) != 0) {
		printf("Bail out! cannot lock %s: %s\n", path, strerror(errno));
		exit(99);
	}
}

bool
memory_is_checked(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	return true;
#endif
#endif
	char line[512];
	bool found = false;
	FILE *file = fopen("/proc/self/maps", "r");

	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = strstr(line, "vgpreload") != NULL;
	if (file != NULL)
		fclose(file);
	return found;
}

bool
engine_is_private(void)
{
	return strncmp(SE_ENGINE_PATH, "/tmp/", 5) == 0;
}

void
world_setup(void)
{
	char plugin[PATH_MAX + 32];

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_RUNTIME_DIR");
	setenv("HOME", "/nonexistent", 1);
	require_private(SE_SOCKET_PATH);
	require_private(SE_CONFIGURATION_PATH);
	snprintf(work, sizeof(work), "/tmp/sasl-entra-plugin.XXXXXX");
	if (mkdtemp(work) == NULL || chmod(work, 0755) != 0) {
		printf("Bail out! cannot make %s\n", work);
		exit(99);
	}
	snprintf(plugins, sizeof(plugins), "%s", scratch("plugins"));
	snprintf(plugin, sizeof(plugin), "%s/libsasl-entra.so", plugins);
	copy_file(built("SE_TEST_PLUGIN", ".libs/libsasl-entra.so"), plugin);
	take_lock();
	put_aside(SE_CONFIGURATION_PATH, false);
	if (engine_is_private()) {
		make_directories(SE_ENGINE_PATH);
		put_aside(SE_ENGINE_PATH, false);
	}
}

void
world_teardown(void)
{
	char command[PATH_MAX + 16];

	put_aside(SE_CONFIGURATION_PATH, true);
	if (engine_is_private())
		put_aside(SE_ENGINE_PATH, true);
	snprintf(command, sizeof(command), "rm -rf '%s'", work);
	if (system(command) != 0)
		printf("# %s is left behind\n", work);
	close(lock);
}

const char *
plugin_directory(void)
{
	return plugins;
}

int
getpath_callback(void *context, const char **path)
{
	*path = context != NULL ? context : plugins;
	return SASL_OK;
}

const char *
scratch(const char *rest)
{
	static char names[4][PATH_MAX + 64];
	static unsigned next;
	char *name = names[next++ % 4];

	snprintf(name, sizeof(names[0]), "%s/%s", work, rest);
	return name;
}

void
skip_because(const char *why)
{
	printf("# the next test is skipped: %s\n", why);
}

void
in_child(int (*body)(void))
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int line = body();

		if (line != 0) {
			fprintf(stderr, "# line %d of the child's body; logged:\n", line);
			for (unsigned i = 0; i < line_count; i++)
				fprintf(stderr, "#   %d %s\n", lines[i].level, lines[i].text);
		}
		_exit(line != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* --- the agent ------------------------------------------------------------------------------ */

static void
agent_answer(struct agent *agent, struct se_buffer *out)
{
	struct se_answer answer = {0};
	struct se_error error = {0};

	if (agent->code != SE_OK) {
		se_error_set(&error, agent->code, "%s", agent->text);
		se_wire_put_error(out, &error);
		return;
	}
	se_copy(answer.user, sizeof(answer.user), agent->user);
	se_copy(answer.fingerprint, sizeof(answer.fingerprint), agent->fingerprint);
	se_copy(answer.note, sizeof(answer.note), agent->note);
	answer.warning = agent->warning;
	answer.seconds_left = 3600;
	answer.keep = agent->keep;
	answer.token = se_secret_new(agent->token, strlen(agent->token));
	se_wire_put_answer(out, &answer);
	se_answer_free(&answer);
}

static void
agent_serve(struct agent *agent, int client)
{
	char frame[SE_WIRE_REQUEST_MAX];
	struct se_buffer out;
	size_t len = 0;
	long whole = 0;

	while (whole == 0 || len < (size_t)whole) {
		ssize_t got = read(client, frame + len, sizeof(frame) - len);

		if (got <= 0)
			return;
		len += (size_t)got;
		whole = se_wire_frame_len(frame, len, sizeof(frame));
		if (whole < 0)
			return;
	}
	if (!se_wire_get_request(frame, len, &agent->request))
		return;
	agent->asked++;
	if (agent->silent)
		return;
	se_buffer_init(&out, SE_WIRE_ANSWER_MAX);
	agent_answer(agent, &out);
	for (size_t done = 0; done < out.len;) {
		ssize_t put = write(client, out.data + done, out.len - done);

		if (put <= 0)
			break;
		done += (size_t)put;
	}
	se_buffer_free(&out);
}

struct agent *
agent_start(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct agent *agent = mmap(
		NULL, sizeof(*agent), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t child;

	assert_true(agent != MAP_FAILED);
	assert_true(server >= 0);
	make_directories(path);
	assert_true(se_copy(agent->path, sizeof(agent->path), path));
	assert_true(se_copy(address.sun_path, sizeof(address.sun_path), path));
	unlink(path);
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(listen(server, 16), 0);
	agent_says(agent, SE_OK, "");

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(lock); /* it outlives no test program, and keeps none waiting */
#if defined(__linux__)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	}
	while (child == 0) {
		int client = accept(server, NULL, NULL);

		if (client >= 0) {
			agent_serve(agent, client);
			close(client);
		}
	}
	agent->process = child;
	close(server);
	return agent;
}

void
agent_stop(struct agent *agent)
{
	if (agent == NULL)
		return;
	kill((pid_t)agent->process, SIGKILL);
	waitpid((pid_t)agent->process, NULL, 0);
	unlink(agent->path);
	munmap(agent, sizeof(*agent));
}

void
agent_says(struct agent *agent, enum se_code code, const char *text)
{
	agent->code = code;
	agent->silent = false;
	agent->warning = false;
	agent->asked = 0;
	agent->user[0] = '\0';
	agent->note[0] = '\0';
	memset(&agent->request, 0, sizeof(agent->request));
	se_copy(agent->text, sizeof(agent->text), text);
	se_copy(agent->token, sizeof(agent->token), TOKEN);
	se_copy(agent->fingerprint, sizeof(agent->fingerprint), FINGERPRINT);
}

/* --- a host program ------------------------------------------------------------------------- */

int
login_callback(void *context, int id, const char **result, unsigned *len)
{
	struct person *person = context;

	if (id != SASL_CB_AUTHNAME)
		return SASL_BADPARAM;
	person->asked_login++;
	*result = person->login;
	if (len != NULL)
		*len = person->login != NULL ? (unsigned)strlen(person->login) : 0;
	return SASL_OK;
}

int
user_callback(void *context, int id, const char **result, unsigned *len)
{
	struct person *person = context;

	if (id != SASL_CB_USER)
		return SASL_BADPARAM;
	person->asked_user++;
	*result = person->user;
	if (len != NULL)
		*len = person->user != NULL ? (unsigned)strlen(person->user) : 0;
	return SASL_OK;
}

/* Not one byte more than the password: Mutt's has no NUL behind it. */
int
password_callback(sasl_conn_t *conn, void *context, int id, sasl_secret_t **secret)
{
	struct person *person = context;
	size_t len;

	(void)conn;
	person->asked_password++;
	if (id != SASL_CB_PASS || person->password == NULL)
		return SASL_FAIL;
	len = strlen(person->password);
	free(person->secret);
	person->secret = malloc(offsetof(sasl_secret_t, data) + (len > 8 ? len : 8));
	if (person->secret == NULL)
		return SASL_NOMEM;
	person->secret->len = len;
	memcpy(person->secret->data, person->password, len);
	*secret = person->secret;
	return SASL_OK;
}

void
person_free(struct person *person)
{
	free(person->secret);
	person->secret = NULL;
}

int
log_callback(void *context, int level, const char *message)
{
	(void)context;
	if (line_count < LOG_LINES) {
		lines[line_count].level = level;
		se_copy(lines[line_count].text, sizeof(lines[0].text), message);
		line_count++;
	}
	return SASL_OK;
}

void
log_clear(void)
{
	line_count = 0;
}

unsigned
log_count(int level)
{
	unsigned count = 0;

	for (unsigned i = 0; i < line_count; i++)
		count += lines[i].level == level;
	return count;
}

bool
log_has(const char *text)
{
	for (unsigned i = 0; i < line_count; i++)
		if (strstr(lines[i].text, text) != NULL)
			return true;
	return false;
}

const sasl_callback_t quiet_callbacks[] = {
	{SASL_CB_GETPATH, PROC(getpath_callback), NULL},
	{SASL_CB_LOG, PROC(log_callback), NULL},
	{SASL_CB_LIST_END, NULL, NULL},
};

void
callbacks_for(struct person *person, sasl_callback_t callbacks[4])
{
	callbacks[0] = (sasl_callback_t){SASL_CB_USER, PROC(user_callback), person};
	callbacks[1] = (sasl_callback_t){SASL_CB_AUTHNAME, PROC(login_callback), person};
	callbacks[2] = (sasl_callback_t){SASL_CB_PASS, PROC(password_callback), person};
	callbacks[3] = (sasl_callback_t){SASL_CB_LIST_END, NULL, NULL};
}

int
log_in(struct person *person, char *detail, size_t size)
{
	sasl_callback_t callbacks[4];
	const char *out = NULL;
	unsigned len = 0;
	sasl_conn_t *conn;
	int result;

	callbacks_for(person, callbacks);
	result = sasl_client_new("smtp", SERVER, NULL, NULL, callbacks, 0, &conn);
	if (result != SASL_OK)
		return result;
	result = sasl_client_start(conn, "XOAUTH2", NULL, &out, &len, NULL);
	detail[0] = '\0';
	if (result == SASL_CONTINUE && out != NULL) {
		snprintf(detail, size, "%.*s", (int)len, out);
		result = sasl_client_step(conn, NULL, 0, NULL, &out, &len);
	} else {
		const char *text = sasl_errdetail(conn); /* NULL: no memory for it */

		se_copy(detail, size, text != NULL ? text : "");
	}
	sasl_dispose(&conn);
	person_free(person);
	return result;
}

void
assert_xoauth2(const char *out, unsigned len, const char *user, const char *token)
{
	char expected[SE_TOKEN_MAX + SE_NAME_MAX + 64];

	assert_non_null(out);
	snprintf(expected, sizeof(expected), "user=%s\001auth=Bearer %s\001\001", user, token);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(out, expected, len);
}
