#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/source.h"

#include "agent/directory.h"
#include "agent/listen.h"

enum { BACKLOG = 512, LOCK_TRIES = 20, LOCK_PAUSE_NS = 50000000 };

static const char *
name_of(const struct se_listener *listener)
{
	return strrchr(listener->path, '/') + 1;
}

static enum se_code
open_directory(struct se_listener *listener, struct se_error *error)
{
	char directory[PATH_MAX];

	(void)se_copy(directory, sizeof(directory), listener->path);
	directory[name_of(listener) - listener->path - 1] = '\0';
	listener->directory =
		se_directory_for_socket(directory[0] == '\0' ? "/" : directory, error);
	if (listener->directory >= 0)
		return SE_OK;
	se_error_about(error, listener->path);
	/* SE_ABSENT is for clients. */
	return error->code == SE_ABSENT ? (error->code = SE_CONFIG) : error->code;
}

/* A path too long for sockaddr_un is reached through the directory's descriptor. */
static enum se_code
socket_address(
	const struct se_listener *listener, struct sockaddr_un *address, struct se_error *error)
{
	int n;

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (se_copy(address->sun_path, sizeof(address->sun_path), listener->path))
		return SE_OK;
	n = snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s",
		listener->directory, name_of(listener));
	if (n > 0 && (size_t)n < sizeof(address->sun_path))
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"%s: the file name of a socket may have at most %zu bytes", listener->path,
		sizeof(address->sun_path) - sizeof("/proc/self/fd/12345/"));
}

/* Two agents that start at the same time must not take each other's fresh socket for a dead one.
 * A lock that somebody else holds for ever only takes that protection away. */
static void
lock_directory(int directory)
{
	const struct timespec pause = {0, LOCK_PAUSE_NS};

	for (int i = 0; i < LOCK_TRIES && flock(directory, LOCK_EX | LOCK_NB) != 0; i++)
		(void)nanosleep(&pause, NULL);
}

/* SE_OK when nobody listens behind the file. */
static enum se_code
probe(const struct se_listener *listener, const struct sockaddr_un *address, struct se_error *error)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int result, reason;

	if (fd < 0)
		return se_error_set(
			error, SE_CONFIG, "%s: no socket: %s", listener->path, strerror(errno));
	result = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	reason = errno;
	close(fd);
	if (result == 0 || reason == EAGAIN || reason == EINPROGRESS)
		return se_error_set(error, SE_AGAIN,
			"%s: another agent is running there; stop it first, or give this one "
			"another --socket",
			listener->path);
	if (reason == ECONNREFUSED)
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"%s: could not find out whether another agent is running there: %s", listener->path,
		strerror(reason));
}

static enum se_code
remove_stale(const struct se_listener *listener, const struct se_agent_user *user,
	const struct sockaddr_un *address, struct se_error *error)
{
	struct stat found;
	enum se_code code;

	if (fstatat(listener->directory, name_of(listener), &found, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT)
			return SE_OK;
		return se_error_set(error, SE_CONFIG, "%s: %s", listener->path, strerror(errno));
	}
	if (!S_ISSOCK(found.st_mode))
		return se_error_set(error, SE_CONFIG,
			"%s: there is something that is no socket; remove it, or give another "
			"--socket",
			listener->path);
	if (found.st_uid != 0 && found.st_uid != user->uid && found.st_uid != geteuid())
		return se_error_set(error, SE_CONFIG,
			"%s: there is a socket that belongs to uid %lu; remove it, or give another "
			"--socket",
			listener->path, (unsigned long)found.st_uid);
	code = probe(listener, address, error);
	if (code != SE_OK)
		return code;
	if (unlinkat(listener->directory, name_of(listener), 0) != 0 && errno != ENOENT)
		return se_error_set(error, SE_CONFIG,
			"could not remove the socket %s of an agent that has ended: %s",
			listener->path, strerror(errno));
	return SE_OK;
}

static enum se_code
find_group(const struct se_socket_option *option, const struct se_agent_user *user, gid_t *gid,
	struct se_error *error)
{
	const struct group *entry;
	char *end;
	unsigned long number;

	if (option->group == NULL) {
		*gid = user->gid;
		return SE_OK;
	}
	entry = getgrnam(option->group);
	if (entry != NULL) {
		*gid = entry->gr_gid;
		return SE_OK;
	}
	number = strtoul(option->group, &end, 10);
	*gid = (gid_t)number;
	if (option->group[0] >= '0' && option->group[0] <= '9' && *end == '\0' && *gid == number &&
		*gid != (gid_t)-1)
		return SE_OK;
	return se_error_set(
		error, SE_CONFIG, "--socket %s: there is no group %s", option->path, option->group);
}

/* The mode is right from the start by the umask, the group before anybody can connect. */
static enum se_code
make_socket(const struct se_socket_option *option, struct se_listener *listener,
	const struct sockaddr_un *address, gid_t gid, struct se_error *error)
{
	const mode_t old = umask(0777 & ~option->mode);
	const int bound = bind(listener->fd, (const struct sockaddr *)address, sizeof(*address));
	const int reason = errno;
	struct stat made;

	umask(old);
	if (bound != 0)
		return se_error_set(error, SE_CONFIG, "could not make the socket %s: %s",
			listener->path, strerror(reason));
	if (fstatat(listener->directory, name_of(listener), &made, AT_SYMLINK_NOFOLLOW) != 0)
		return se_error_set(error, SE_CONFIG, "could not look at the socket %s: %s",
			listener->path, strerror(errno));
	listener->device = made.st_dev;
	listener->inode = made.st_ino;
	if (made.st_gid != gid && fchownat(listener->directory, name_of(listener), (uid_t)-1, gid,
					  AT_SYMLINK_NOFOLLOW) != 0)
		return se_error_set(error, SE_CONFIG,
			"could not give the socket %s to group %lu: %s", listener->path,
			(unsigned long)gid, strerror(errno));
	if (listen(listener->fd, BACKLOG) != 0)
		return se_error_set(error, SE_CONFIG, "could not listen at %s: %s", listener->path,
			strerror(errno));
	return SE_OK;
}

enum se_code
se_listen_open(const struct se_socket_option *option, const struct se_agent_user *user,
	struct se_listener *listener, struct se_error *error)
{
	struct sockaddr_un address;
	enum se_code code;
	gid_t gid;

	*listener = (struct se_listener){.fd = -1, .directory = -1};
	(void)se_copy(listener->path, sizeof(listener->path), option->path);
	code = find_group(option, user, &gid, error);
	if (code == SE_OK)
		code = open_directory(listener, error);
	if (code == SE_OK)
		code = socket_address(listener, &address, error);
	if (code != SE_OK)
		goto out;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0) {
		code = se_error_set(
			error, SE_CONFIG, "%s: no socket: %s", listener->path, strerror(errno));
		goto out;
	}
	lock_directory(listener->directory);
	code = remove_stale(listener, user, &address, error);
	if (code == SE_OK)
		code = make_socket(option, listener, &address, gid, error);
	(void)flock(listener->directory, LOCK_UN);
out:
	if (code != SE_OK)
		se_listen_close(listener);
	return code;
}

static void
remove_own(const struct se_listener *listener)
{
	struct stat found;

	if (listener->inode != 0 &&
		fstatat(listener->directory, name_of(listener), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
		found.st_dev == listener->device && found.st_ino == listener->inode)
		(void)unlinkat(listener->directory, name_of(listener), 0);
}

void
se_listen_close(struct se_listener *listener)
{
	if (listener->directory >= 0) {
		remove_own(listener);
		close(listener->directory);
	}
	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = listener->directory = -1;
}
