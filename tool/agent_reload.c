#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tool/agent_reload.h"
#include "tool/run.h"

#define RELOAD "systemctl reload sasl-entrad"
#define SYSTEMD_RUNS "/run/systemd/system" /* sd_booted(3) */

enum { USER_MAX = 256 };

/* Whoever began to listen there: the agent, or the system's manager, which hands it over. 0: nobody. */
static pid_t
listener(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	pid_t pid = 0;
	int fd = -1;
#ifdef SO_PEERCRED
	struct ucred peer = {.pid = 0};
	socklen_t len = sizeof(peer);

	if (strlen(SE_SOCKET_PATH) < sizeof(address.sun_path))
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return 0;
	memcpy(address.sun_path, SE_SOCKET_PATH, sizeof(SE_SOCKET_PATH));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
		pid = peer.pid;
	(void)close(fd);
#else
	(void)address;
	(void)fd;
#endif
	return pid;
}

static bool
is_agent(pid_t pid)
{
	static const char name[] = "/sasl-entrad";
	char link[40], target[PATH_MAX];
	const char *slash;
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/%ld/exe", (long)pid);
	len = readlink(link, target, sizeof(target) - 1);
	if (len <= 0)
		return false;
	target[len] = '\0';
	slash = strrchr(target, '/');
	return slash != NULL && strncmp(slash, name, strlen(name)) == 0;
}

/* One that the manager has not started yet needs no word. */
static bool
manager_reloads(void)
{
	static const char *const argv[] = {
		"systemctl", "try-reload-or-restart", "sasl-entrad.service", NULL};
	const struct se_run run = {.argv = argv};
	int status = 0;

	return se_run(&run, &status, NULL) == SE_OK && status == 0;
}

enum se_agent_told
se_agent_reload(const struct se_identity *identity)
{
	const pid_t pid = identity->system ? listener() : 0;

	if (pid <= 0)
		return SE_AGENT_NONE;
	if (pid != 1 && is_agent(pid) && kill(pid, SIGHUP) == 0)
		return SE_AGENT_TOLD;
	if (manager_reloads())
		return SE_AGENT_TOLD;
	fprintf(stderr,
		"sasl-entra: warning: the agent could not be told to read %s anew: " RELOAD
		", or send it SIGHUP\n",
		identity->configuration);
	return SE_AGENT_NOT_TOLD;
}

bool
se_agent_reload_command(const struct se_identity *identity, char *command, size_t size)
{
	const pid_t pid = identity->system ? listener() : 0;

	if (pid <= 0)
		return false;
	if (access(SYSTEMD_RUNS, F_OK) == 0)
		(void)snprintf(command, size, RELOAD);
	else if (is_agent(pid))
		(void)snprintf(command, size, "kill -HUP %ld", (long)pid);
	else
		return false;
	return true;
}

static bool
user_of_process(pid_t pid, uid_t *uid)
{
	char path[40], line[128];
	unsigned long effective = 0;
	bool found = false;
	FILE *status;

	/* Not the owner of /proc/PID: that is root, as nobody may attach to the agent. */
	(void)snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	status = fopen(path, "re");
	if (status == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), status) != NULL)
		found = sscanf(line, "Uid: %*u %lu", &effective) == 1;
	(void)fclose(status);
	*uid = (uid_t)effective;
	return found;
}

/* It may not have been started yet. */
static bool
user_of_unit(uid_t *uid)
{
	static const char *const argv[] = {
		"systemctl", "show", "--property=User", "--value", "sasl-entrad.service", NULL};
	const struct passwd *entry = NULL;
	struct se_buffer name;
	const struct se_run run = {.argv = argv, .output = &name};
	int status = 0;

	se_buffer_init(&name, USER_MAX);
	if (se_run(&run, &status, NULL) == SE_OK && status == 0) {
		se_buffer_drop_line_end(&name);
		entry = getpwnam(se_buffer_text(&name));
	}
	se_buffer_free(&name);
	if (entry != NULL)
		*uid = entry->pw_uid;
	return entry != NULL;
}

bool
se_agent_user(const struct se_identity *identity, uid_t *uid)
{
	const pid_t pid = identity->system ? listener() : 0;

	if (pid <= 0)
		return false;
	return is_agent(pid) ? user_of_process(pid, uid) : user_of_unit(uid);
}
