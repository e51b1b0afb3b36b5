#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/client_connect.h"
#include "core/descriptor.h"
#include "core/directory.h"

enum { BACKLOG_PAUSE_MS = 20 /* between two tries where the agent's queue is full */ };

/* Where the socket lies, and whose it is. */
struct place {
	int directory; /* AT_FDCWD where the path needs no descriptor */
	const char *name;
	uid_t owner;
};

int
se_call_left(const struct se_call *call)
{
	int64_t ms = call->deadline - call->world->monotonic(call->world->context);

	return ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

enum se_code
se_call_silent(const struct se_call *call)
{
	unsigned seconds = (unsigned)(((uint64_t)call->time_left + 999) / 1000);

	return se_error_set(call->error, SE_AGAIN,
		"the agent at %s did not answer within %u second%s", call->path, seconds,
		seconds == 1 ? "" : "s");
}

static enum se_code
no_agent(const struct se_call *call, int cause)
{
	return se_error_set(
		call->error, SE_ABSENT, "no agent at %s: %s", call->path, strerror(cause));
}

enum se_code
se_call_wait(const struct se_call *call, short events)
{
	struct pollfd poll_fd = {.fd = call->fd, .events = events};
	int ready;

	do {
		int ms = se_call_left(call);

		if (ms == 0)
			return se_call_silent(call);
		ready = poll(&poll_fd, 1, ms);
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return se_error_set(call->error, SE_AGAIN, "waiting for the agent at %s failed: %s",
			call->path, strerror(errno));
	/* Whatever the socket has to say about itself, the next call on it says. */
	return ready == 0 ? se_call_silent(call) : SE_OK;
}

/* --- the way to the socket ------------------------------------------------------------------- */

static bool
fits_address(const char *path)
{
	return strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path);
}

/* Judges the directories of the path, of which the last one is its first `len` bytes, and leaves that open. */
static enum se_code
walk_to_directory(const struct se_call *call, size_t len, struct place *place)
{
	char directory[PATH_MAX];
	struct se_way way;
	enum se_code code;

	memcpy(directory, call->path, len);
	directory[len] = '\0';
	place->name = strrchr(call->path, '/') + 1;
	code = se_way_open(directory, SE_WAY_SEARCH, &way, call->error);
	if (code == SE_ABSENT) {
		return se_error_set(call->error, SE_ABSENT, "no agent at %s: %s", call->path,
			call->error->text);
	}
	if (code != SE_OK) {
		se_error_about(call->error, call->path);
		return code;
	}
	place->directory = way.fd;
	return SE_OK;
}

/* The same, but a plain one needs no descriptor. */
static enum se_code
open_directory(const struct se_call *call, struct place *place)
{
	const char *slash = strrchr(call->path, '/');
	size_t len = slash == NULL ? 0 : slash == call->path ? 1 : (size_t)(slash - call->path);

	if (slash == NULL || call->path[0] != '/' || slash[1] == '\0' || len >= PATH_MAX) {
		return se_error_set(call->error, SE_CONFIG,
			"\"%s\" is not the absolute path of a socket", call->path);
	}
	if (!fits_address(call->path) || !se_way_is_plain(call->path, len, call->root_is_safe))
		return walk_to_directory(call, len, place);
	place->directory = AT_FDCWD;
	place->name = call->path;
	return SE_OK;
}

/* Whether the socket is in a directory in which its owner alone says who put it there. */
static bool
others_may_add(const struct place *place, const struct stat *directory)
{
	return place->directory != AT_FDCWD && se_writable_by_others(place->directory, directory);
}

static enum se_code
judge_socket(const struct se_call *call, struct place *place)
{
	struct stat file;
	struct stat directory;

	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): no error is SE_OK */
	if (fstatat(place->directory, place->name, &file, AT_SYMLINK_NOFOLLOW) != 0 ||
		(place->directory != AT_FDCWD && fstat(place->directory, &directory) != 0))
		return se_call_failed(call, errno);
	if (!S_ISSOCK(file.st_mode)) {
		return se_error_set(call->error, SE_CONFIG,
			"%s is %s, not the agent's socket; remove it and start the agent",
			call->path, S_ISLNK(file.st_mode) ? "a symbolic link" : "something else");
	}
	if (others_may_add(place, &directory) && !se_owner_trusted(file.st_uid)) {
		return se_error_set(call->error, SE_CONFIG,
			"%s is not safe: it belongs to uid %lu, and others can write to its "
			"directory; let the agent make it in a directory of root's",
			call->path, (unsigned long)file.st_uid);
	}
	place->owner = file.st_uid;
	return SE_OK;
}

/* A path longer than an address holds goes by the open directory, where /proc is mounted. */
static enum se_code
make_address(const struct se_call *call, const struct place *place, struct sockaddr_un *address)
{
	int len;

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (fits_address(call->path)) {
		memcpy(address->sun_path, call->path, strlen(call->path));
		return SE_OK;
	}
	(void)snprintf(
		address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d", place->directory);
	if (access(address->sun_path, F_OK) == 0) {
		len = snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s",
			place->directory, place->name);
		if (len > 0 && (size_t)len < sizeof(address->sun_path))
			return SE_OK;
	}
	return se_error_set(call->error, SE_CONFIG,
		"%s is too long for a socket's path (at most %zu bytes)", call->path,
		sizeof(address->sun_path) - 1);
}

/* --- the connection -------------------------------------------------------------------------- */

enum se_code
se_call_failed(const struct se_call *call, int cause)
{
	switch (cause) {
	case ENOENT:
	case ECONNREFUSED:
	case EACCES:
	case EPERM:
		return no_agent(call, cause);
	case EPROTOTYPE:
		return se_error_set(call->error, SE_CONFIG,
			"%s is a socket of another kind, not the agent's", call->path);
	default:
		return se_error_set(call->error, SE_AGAIN, "the agent at %s cannot be reached: %s",
			call->path, strerror(cause));
	}
}

/* 0, or why a connection begun before did not come about. */
static int
connection_error(int fd)
{
	int cause = 0;
	socklen_t len = sizeof(cause);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &len) == 0 ? cause : errno;
}

static enum se_code
finish_connect(const struct se_call *call)
{
	enum se_code code = se_call_wait(call, POLLOUT);
	int cause = code == SE_OK ? connection_error(call->fd) : 0;

	return cause == 0 ? code : se_call_failed(call, cause);
}

static enum se_code
connect_socket(struct se_call *call, const struct sockaddr_un *address)
{
	call->fd =
		se_descriptor_safe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (call->fd < 0) {
		return se_error_set(call->error, SE_AGAIN, "cannot make a socket for %s: %s%s",
			call->path, strerror(errno), errno == EMFILE ? se_descriptor_advice : "");
	}
	for (;;) {
		int ms;

		if (connect(call->fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
			errno == EISCONN)
			return SE_OK;
		if (errno == EINPROGRESS || errno == EALREADY)
			return finish_connect(call);
		if (errno != EAGAIN && errno != EINTR)
			return se_call_failed(call, errno);
		/* EAGAIN: the agent has as many callers as it lets wait. */
		ms = se_call_left(call);
		if (ms == 0)
			return se_call_silent(call);
		(void)poll(NULL, 0, ms < BACKLOG_PAUSE_MS ? ms : BACKLOG_PAUSE_MS);
	}
}

static bool
peer_uid(int fd, uid_t *uid)
{
#if defined(SO_PEERCRED) && defined(__linux__)
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || len != sizeof(peer))
		return false;
	*uid = peer.uid;
	return true;
#else
	gid_t gid;

	return getpeereid(fd, uid, &gid) == 0;
#endif
}

static enum se_code
judge_peer(const struct se_call *call, uid_t owner)
{
	uid_t uid;

	if (!peer_uid(call->fd, &uid)) {
		return se_error_set(call->error, se_code_of_errno(errno),
			"the system does not say who listens at %s: %s", call->path,
			strerror(errno));
	}
	if (!se_owner_trusted(uid) && uid != owner) {
		return se_error_set(call->error, SE_CONFIG,
			"%s is not safe: uid %lu listens there, who is neither root nor uid %lu "
			"(the socket's owner) nor uid %lu (this process)",
			call->path, (unsigned long)uid, (unsigned long)owner,
			(unsigned long)geteuid());
	}
	return SE_OK;
}

static enum se_code
connect_to(struct se_call *call, struct place *place)
{
	struct sockaddr_un address;
	enum se_code code = judge_socket(call, place);

	if (code == SE_OK)
		code = make_address(call, place, &address);
	if (code == SE_OK)
		code = connect_socket(call, &address);
	return code == SE_OK ? judge_peer(call, place->owner) : code;
}

enum se_code
se_call_connect(struct se_call *call)
{
	struct place place = {.directory = -1};
	enum se_code code = open_directory(call, &place);

	if (code == SE_OK) {
		code = connect_to(call, &place);
		if (place.directory >= 0)
			(void)close(place.directory);
	}
	return code;
}
