/*
 * notify: tells the supervisor that started the agent how it is: systemd's protocol, which others
 * speak as well. Source: sd_notify(3), sd_watchdog_enabled(3).
 */
#ifndef SE_AGENT_NOTIFY_H
#define SE_AGENT_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { SE_NOTIFY_STATUS_MAX = 400 };

/* All zero: nobody is to be told, and every call does nothing. */
struct se_notify {
	int fd;
	struct sockaddr_un address;
	socklen_t address_len; /* 0: nobody is to be told */
	int64_t alive_every;   /* monotonic milliseconds between two signs of life; 0: none */
	int64_t next_alive;
	const char *state; /* of the service, not told yet; NULL: nothing new */
	char status[SE_NOTIFY_STATUS_MAX + 1];
	bool unsaid; /* state or status has to be sent, at the latest at `next_try` */
	int64_t next_try;
};

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and removes them from the environment. */
void se_notify_begin(struct se_notify *notify);

/* What `systemctl status` shows; cut where it is too long. May be called at any time. */
void se_notify_status(struct se_notify *notify, const char *text);

/* The agent serves; it reads its configuration again (then say ready); it ends. No call waits: what
 * cannot be sent now is tried again in a later turn. */
void se_notify_ready(struct se_notify *notify);
void se_notify_reloading(struct se_notify *notify);
void se_notify_stopping(struct se_notify *notify);

/* When the next turn is due, monotonic milliseconds; INT64_MAX: never. */
int64_t se_notify_due(const struct se_notify *notify);

/* Called by the one loop, so that a loop that hangs is seen: sends what is due. */
void se_notify_turn(struct se_notify *notify, int64_t now);

void se_notify_end(struct se_notify *notify);

#endif
