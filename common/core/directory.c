#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/acl.h"
#include "core/descriptor.h"
#include "core/directory.h"
#include "core/file.h"
#include "core/source.h"

/* A directory that only leads on need not be readable. Systems without O_PATH have O_SEARCH, or
 * need the read permission. */
#if defined(O_PATH)
#define SEARCH_ONLY O_PATH
#elif defined(O_SEARCH)
#define SEARCH_ONLY O_SEARCH
#else
#define SEARCH_ONLY O_RDONLY
#endif

enum {
	LINKS_MAX = 40, /* as Linux has it */
	DIRECTORY_FLAGS = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
	FILE_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
};

struct walk {
	const char *path; /* as asked for */
	enum se_way_end end;
	struct se_way *at; /* the directory reached, in the end what was looked for */
	char rest[PATH_MAX];
	char name[PATH_MAX]; /* the component in hand */
	bool last;
	unsigned links;
};

bool
se_owner_trusted(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

bool
se_group_trusted(gid_t group)
{
	return group == 0 || group == getegid();
}

bool
se_writable_by_others(int fd, const struct stat *status)
{
	struct se_acl acl;

	if ((status->st_mode & S_IWOTH) != 0)
		return true;
	if ((status->st_mode & S_IWGRP) == 0)
		return false;
	se_acl_read(fd, status, SE_ACL_WRITE, &acl);
	return acl.strangers != 0 ||
	       ((!acl.present || acl.group != 0) && !se_group_trusted(status->st_gid));
}

void
se_path_in(int directory, const char *name, char *path, size_t size)
{
	char link[64];
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", directory);
	len = readlink(link, path, size);
	if (len > 0 && path[0] == '/' && (size_t)len + 1 + strlen(name) < size)
		(void)snprintf(path + len, size - (size_t)len, "/%s", name);
	else
		(void)se_copy(path, size, name);
}

static const char *
shown_directory(const struct walk *walk)
{
	return walk->at->shown[0] == '\0' ? "/" : walk->at->shown;
}

/* Whether a directory may be passed: whoever can change its entries can change what we find. */
static enum se_code
judge_directory(const struct walk *walk, struct se_error *error)
{
	const struct stat *status = &walk->at->status;
	unsigned mode = (unsigned)status->st_mode & 07777u;
	struct se_acl acl;

	if (!se_owner_trusted(status->st_uid)) {
		return se_error_set(error, SE_CONFIG,
			"%s is not safe: the directory %s belongs to uid %lu, who is neither root "
			"nor uid %lu (this process); chown root %s",
			walk->path, shown_directory(walk), (unsigned long)status->st_uid,
			(unsigned long)geteuid(), shown_directory(walk));
	}
	if (!se_writable_by_others(walk->at->fd, status) || (mode & S_ISVTX) != 0)
		return SE_OK;
	if ((mode & S_IWOTH) != 0) {
		return se_error_set(error, SE_CONFIG,
			"%s is not safe: everyone can write to the directory %s (mode %04o); chmod "
			"o-w %s",
			walk->path, shown_directory(walk), mode, shown_directory(walk));
	}
	se_acl_read(walk->at->fd, status, SE_ACL_WRITE, &acl);
	if (acl.strangers != 0) {
		return se_error_set(error, SE_CONFIG,
			"%s is not safe: the ACL of the directory %s lets %s write to it; setfacl "
			"-x %s %s",
			walk->path, shown_directory(walk), acl.who, acl.who, shown_directory(walk));
	}
	return se_error_set(error, SE_CONFIG,
		"%s is not safe: group %lu can write to the directory %s (mode %04o); chmod g-w %s",
		walk->path, (unsigned long)status->st_gid, shown_directory(walk), mode,
		shown_directory(walk));
}

/* In a sticky directory that others can write to, only what is root's or ours is what it was. */
static enum se_code
judge_entry(const struct walk *walk, const struct stat *entry, struct se_error *error)
{
	if (!se_writable_by_others(walk->at->fd, &walk->at->status) ||
		se_owner_trusted(entry->st_uid))
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"%s is not safe: %s/%s belongs to uid %lu, and others than root and uid %lu (this "
		"process) can write to that directory (mode %04o); use a directory of root's",
		walk->path, walk->at->shown, walk->name, (unsigned long)entry->st_uid,
		(unsigned long)geteuid(), (unsigned)walk->at->status.st_mode & 07777u);
}

static enum se_code
cannot_open(const struct walk *walk, int cause, struct se_error *error)
{
	const char *in = shown_directory(walk);

	if (cause == ENOENT || cause == ENOTDIR) {
		return se_error_set(error, SE_ABSENT,
			"%s does not exist: there is no %s in %s; ls -la %s shows what is there",
			walk->path, walk->name, in, in);
	}
	if (cause == EACCES || cause == EPERM) {
		return se_error_set(error, SE_ABSENT,
			"%s " SE_WAY_DENIED " %lu, gid %lu (this process): %s/%s: %s; ls -la "
			"%s shows who may",
			walk->path, (unsigned long)geteuid(), (unsigned long)getegid(),
			walk->at->shown, walk->name, strerror(cause), in);
	}
	if (cause == EMFILE || cause == ENFILE || cause == ENOMEM) {
		return se_error_set(error, SE_AGAIN, "%s cannot be opened now: %s%s", walk->path,
			strerror(cause), cause == EMFILE ? se_descriptor_advice : "");
	}
	return se_error_set(error, se_code_of_errno(cause), "%s cannot be opened: %s/%s: %s",
		walk->path, walk->at->shown, walk->name, strerror(cause));
}

/* Makes `fd` (ours now) the place where the walk stands. */
static enum se_code
stand_on(struct walk *walk, int fd, struct se_error *error)
{
	struct stat status;
	enum se_code code = SE_OK;

	if (fd < 0 || fstat(fd, &status) != 0)
		code = cannot_open(walk, errno, error);
	else if (walk->at->fd >= 0)
		code = judge_entry(walk, &status, error);
	if (code != SE_OK) {
		if (fd >= 0)
			(void)close(fd);
		return code;
	}
	if (walk->at->fd >= 0)
		(void)close(walk->at->fd);
	walk->at->fd = fd;
	walk->at->status = status;
	return SE_OK;
}

static enum se_code
stand_on_root(struct walk *walk, struct se_error *error)
{
	enum se_code code;

	if (walk->at->fd >= 0) {
		(void)close(walk->at->fd);
		walk->at->fd = -1;
	}
	walk->at->shown[0] = '\0';
	walk->name[0] = '\0';
	code = stand_on(walk, openat(AT_FDCWD, "/", SEARCH_ONLY | DIRECTORY_FLAGS), error);
	return code == SE_OK ? judge_directory(walk, error) : code;
}

/* Not strspn(), nor open() above: the plugin's part of this asks for few of libc's names, because every
 * program that loads it looks each of them up. So does all of plugin/. */
static const char *
after_slashes(const char *path)
{
	while (*path == '/')
		path++;
	return path;
}

/* Takes the next component off `rest`; "." where there is none, for the path "/". */
static void
next_name(struct walk *walk)
{
	const char *begin = after_slashes(walk->rest);
	size_t len = strcspn(begin, "/");
	const char *after = after_slashes(begin + len);

	memcpy(walk->name, begin, len);
	walk->name[len] = '\0';
	if (len == 0)
		memcpy(walk->name, ".", 2);
	walk->last = *after == '\0';
	memmove(walk->rest, after, strlen(after) + 1);
}

/* Where state and sockets lie, a link must be as good as a directory: made by root or us, and
 * nobody else could have put it there (/var/run is such a one). What is looked for is no link. */
static enum se_code
judge_link(const struct walk *walk, const struct stat *link, struct se_error *error)
{
	enum se_code code = judge_entry(walk, link, error);

	if (code != SE_OK || walk->end == SE_WAY_FILE)
		return code;
	if (walk->last || !se_owner_trusted(link->st_uid) ||
		se_writable_by_others(walk->at->fd, &walk->at->status)) {
		return se_error_set(error, SE_CONFIG,
			"%s is not safe: %s/%s is a symbolic link; name the place it leads to",
			walk->path, walk->at->shown, walk->name);
	}
	return SE_OK;
}

/* Puts the link's target in front of what is left of the path. */
static enum se_code
follow(struct walk *walk, const struct stat *link, struct se_error *error)
{
	char target[PATH_MAX];
	char rest[PATH_MAX];
	enum se_code code = judge_link(walk, link, error);
	ssize_t len;
	int whole;

	if (code != SE_OK)
		return code;
	len = readlinkat(walk->at->fd, walk->name, target, sizeof(target) - 1);
	if (len < 0)
		return cannot_open(walk, errno, error);
	target[len] = '\0';
	whole = snprintf(rest, sizeof(rest), "%s%s%s", target, walk->last ? "" : "/", walk->rest);
	if (++walk->links > LINKS_MAX || len == 0 || (size_t)whole >= sizeof(rest))
		return cannot_open(walk, ELOOP, error);
	memcpy(walk->rest, rest, (size_t)whole + 1);
	return target[0] == '/' ? stand_on_root(walk, error) : SE_OK;
}

static enum se_code
add_shown(struct walk *walk, struct se_error *error)
{
	char *shown = walk->at->shown;
	size_t used = strlen(shown);
	size_t len = strlen(walk->name);

	if (strcmp(walk->name, ".") == 0)
		return SE_OK;
	if (strcmp(walk->name, "..") == 0) {
		char *slash = strrchr(shown, '/');

		if (slash != NULL)
			*slash = '\0';
		return SE_OK;
	}
	if (used + 1 + len >= sizeof(walk->at->shown))
		return cannot_open(walk, ENAMETOOLONG, error);
	shown[used] = '/';
	memcpy(shown + used + 1, walk->name, len + 1);
	return SE_OK;
}

static enum se_code
enter_directory(struct walk *walk, struct se_error *error)
{
	int flags = walk->last && walk->end == SE_WAY_DIRECTORY ? O_RDONLY : SEARCH_ONLY;
	enum se_code code =
		stand_on(walk, openat(walk->at->fd, walk->name, flags | DIRECTORY_FLAGS), error);

	if (code == SE_OK)
		code = add_shown(walk, error);
	return code == SE_OK ? judge_directory(walk, error) : code;
}

/* Only a regular file is opened: opening a device can do things, a FIFO can wait. */
static enum se_code
enter_file(struct walk *walk, const struct stat *seen, struct se_error *error)
{
	enum se_code code = SE_OK;

	if (S_ISREG(seen->st_mode)) {
		code = stand_on(walk, openat(walk->at->fd, walk->name, FILE_FLAGS), error);
		if (code == SE_OK)
			code = add_shown(walk, error);
	}
	if (code == SE_OK && (!S_ISREG(seen->st_mode) || !S_ISREG(walk->at->status.st_mode))) {
		code = se_error_set(error, SE_CONFIG, "%s is %s, not a file; name a file",
			walk->path, S_ISDIR(seen->st_mode) ? "a directory" : "a special file");
	}
	return code;
}

/* One component further. What is seen here only chooses how to open: the descriptor is judged. */
static enum se_code
step(struct walk *walk, struct se_error *error)
{
	struct stat seen;

	if (fstatat(walk->at->fd, walk->name, &seen, AT_SYMLINK_NOFOLLOW) != 0)
		return cannot_open(walk, errno, error);
	if (S_ISLNK(seen.st_mode))
		return follow(walk, &seen, error);
	if (walk->last && (walk->end == SE_WAY_FILE || walk->end == SE_WAY_STATE_FILE))
		return enter_file(walk, &seen, error);
	return enter_directory(walk, error);
}

static enum se_code
walk_once(struct walk *walk, struct se_error *error)
{
	enum se_code code;
	bool arrived = false;

	if (walk->path[0] != '/' || !se_copy(walk->rest, sizeof(walk->rest), walk->path))
		return se_error_set(error, SE_CONFIG, "\"%s\" is not an absolute path", walk->path);
	walk->links = 0;
	code = stand_on_root(walk, error);
	while (code == SE_OK && !arrived) {
		unsigned links = walk->links;

		next_name(walk);
		code = step(walk, error);
		arrived = walk->last && walk->links == links;
	}
	return code;
}

enum se_code
se_way_open(const char *path, enum se_way_end end, struct se_way *way, struct se_error *error)
{
	struct walk walk = {.path = path, .end = end, .at = way};
	enum se_code code;

	way->fd = -1;
	way->shown[0] = '\0';
	code = walk_once(&walk, error);
	/* Kubernetes replaces a secret by turning a link over and removing where it led. */
	if (code == SE_ABSENT && walk.links > 0)
		code = walk_once(&walk, error);
	if (code == SE_OK) {
		way->fd = se_descriptor_safe(way->fd);
		if (way->fd < 0)
			code = cannot_open(&walk, errno, error);
	}
	if (code != SE_OK && way->fd >= 0) {
		(void)close(way->fd);
		way->fd = -1;
	}
	return code;
}

int
se_directory_open(const char *path, struct se_error *error)
{
	struct se_way way;

	return se_way_open(path, SE_WAY_DIRECTORY, &way, error) == SE_OK ? way.fd : -1;
}
