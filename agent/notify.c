#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/notify.h"

enum { TRY_AGAIN_MS = 100, MESSAGE_MAX = SE_NOTIFY_STATUS_MAX + 100 };

static bool
find_socket(struct se_notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const size_t before = offsetof(struct sockaddr_un, sun_path);
	size_t len = path != NULL ? strlen(path) : 0;

	if (len < 2 || len >= sizeof(notify->address.sun_path) ||
		(path[0] != '/' && path[0] != '@'))
		return false;
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, path, len + 1);
	if (path[0] == '@')
		notify->address.sun_path[0] = '\0';
	else
		len++;
	notify->address_len = (socklen_t)(before + len);
	return true;
}

/* Half of what the supervisor waits for a sign of life, as sd_watchdog_enabled(3) advises. */
static int64_t
watchdog_interval(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	const char *usec = getenv("WATCHDOG_USEC");
	long long wait = usec != NULL ? strtoll(usec, NULL, 10) : 0;

	if (wait <= 0 || wait == INT64_MAX ||
		(pid != NULL && strtoll(pid, NULL, 10) != (long long)getpid()))
		return 0;
	return wait < 4000 ? 1 : wait / 2000;
}

void
se_notify_begin(struct se_notify *notify)
{
	memset(notify, 0, sizeof(*notify));
	if (find_socket(notify)) {
		notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (notify->fd < 0)
			notify->address_len = 0;
	}
	if (notify->address_len > 0)
		notify->alive_every = watchdog_interval();
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
}

/* False when it is worth another try. By address each time: the supervisor may have been
 * restarted, with a new socket at the old place. */
static bool
deliver(const struct se_notify *notify, const char *message)
{
	return sendto(notify->fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
		       (const struct sockaddr *)&notify->address, notify->address_len) >= 0 ||
	       (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS && errno != EINTR);
}

static int64_t
now_us(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
tell(struct se_notify *notify)
{
	char message[MESSAGE_MAX], *at = message;
	size_t room = sizeof(message);
	int n = 0;

	if (notify->state != NULL)
		n = snprintf(at, room, "%s", notify->state);
	if (notify->state != NULL && strcmp(notify->state, "RELOADING=1\n") == 0)
		n += snprintf(
			at + n, room - (size_t)n, "MONOTONIC_USEC=%lld\n", (long long)now_us());
	(void)snprintf(at + n, room - (size_t)n, "STATUS=%s\n", notify->status);
	notify->unsaid = !deliver(notify, message);
	if (notify->unsaid)
		notify->next_try = now_us() / 1000 + TRY_AGAIN_MS;
	else
		notify->state = NULL;
}

static void
enter(struct se_notify *notify, const char *state)
{
	if (notify->address_len == 0)
		return;
	notify->state = state;
	tell(notify);
}

void
se_notify_status(struct se_notify *notify, const char *text)
{
	char status[SE_NOTIFY_STATUS_MAX + 1];

	if (notify->address_len == 0)
		return;
	(void)snprintf(status, sizeof(status), "%s", text);
	/* A line's end would begin another message, and half a character spoil all of it. */
	for (char *at = status; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	if (strcmp(status, notify->status) == 0)
		return;
	memcpy(notify->status, status, sizeof(status));
	notify->unsaid = true;
	notify->next_try = 0;
}

void
se_notify_ready(struct se_notify *notify)
{
	enter(notify, "READY=1\n");
}

void
se_notify_reloading(struct se_notify *notify)
{
	enter(notify, "RELOADING=1\n");
}

void
se_notify_stopping(struct se_notify *notify)
{
	enter(notify, "STOPPING=1\n");
}

int64_t
se_notify_due(const struct se_notify *notify)
{
	int64_t due = INT64_MAX;

	if (notify->unsaid)
		due = notify->next_try;
	if (notify->alive_every > 0 && notify->next_alive < due)
		due = notify->next_alive;
	return due;
}

void
se_notify_turn(struct se_notify *notify, int64_t now)
{
	if (notify->unsaid && now >= notify->next_try)
		tell(notify);
	if (notify->alive_every == 0 || now < notify->next_alive)
		return;
	notify->next_alive =
		now + (deliver(notify, "WATCHDOG=1\n") ? notify->alive_every : TRY_AGAIN_MS);
}

void
se_notify_end(struct se_notify *notify)
{
	if (notify->address_len > 0)
		close(notify->fd);
	notify->address_len = 0;
}
