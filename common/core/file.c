#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/acl.h"
#include "core/descriptor.h"
#include "core/directory.h"
#include "core/file.h"

enum { OTHERS = S_IROTH | S_IWOTH, GROUP = S_IRGRP | S_IWGRP };

static void
fill_id(struct se_file_id *id, const struct stat *status)
{
	memset(id, 0, sizeof(*id));
	id->device = status->st_dev;
	id->inode = status->st_ino;
	id->size = status->st_size;
	id->changed_ns = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

static enum se_code
judge_owner(
	const char *path, enum se_file_rule rule, const struct stat *status, struct se_error *error)
{
	uid_t us = geteuid();

	if (status->st_uid == us || (rule != SE_FILE_STATE && status->st_uid == 0))
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"%s belongs to uid %lu, who is %suid %lu (this process); chown %lu %s", path,
		(unsigned long)status->st_uid, rule == SE_FILE_STATE ? "not " : "neither root nor ",
		(unsigned long)us, rule == SE_FILE_STATE ? (unsigned long)us : 0ul, path);
}

/* The permission bits that nobody but its owner, or a group that is root's or ours, may have. */
static unsigned
refused_bits(enum se_file_rule rule, bool group_trusted)
{
	switch (rule) {
	case SE_FILE_CONFIG:
		return group_trusted ? S_IWOTH : S_IWOTH | S_IWGRP;
	case SE_FILE_SECRET:
		return group_trusted ? OTHERS : OTHERS | GROUP;
	case SE_FILE_STATE:
		break;
	}
	return OTHERS | GROUP;
}

static enum se_code
judge_everyone(
	const char *path, unsigned mode, unsigned found, unsigned better, struct se_error *error)
{
	if (found == 0)
		return SE_OK;
	return se_error_set(error, SE_CONFIG, "%s can be %s by everyone (mode %04o); chmod %04o %s",
		path, (found & S_IROTH) != 0 ? "read" : "changed", mode, better, path);
}

/* Where there is an ACL, the group bits of the mode are its mask: what the group may is in the
 * list, and a chmod would take the rights of those that the list is for. */
static enum se_code
judge_list(const char *path, const struct stat *status, const struct se_acl *acl, unsigned refused,
	struct se_error *error)
{
	unsigned found = acl->group << 3 & refused;

	if (acl->strangers != 0) {
		return se_error_set(error, SE_CONFIG,
			"%s can be %s by %s (its ACL says so); setfacl -x %s %s", path,
			(acl->strangers & SE_ACL_READ) != 0 ? "read" : "changed", acl->who,
			acl->who, path);
	}
	if (found == 0)
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"%s can be %s by group %lu (its ACL says so); setfacl -m g::- %s", path,
		(found & S_IRGRP) != 0 ? "read" : "changed", (unsigned long)status->st_gid, path);
}

static enum se_code
judge_mode(int fd, const char *path, enum se_file_rule rule, const struct stat *status,
	struct se_error *error)
{
	unsigned mode = (unsigned)status->st_mode & 07777u;
	unsigned strangers = refused_bits(rule, false);
	unsigned refused = refused_bits(rule, se_group_trusted(status->st_gid));
	unsigned better = mode & ~refused;
	struct se_acl acl;

	if (judge_everyone(path, mode, mode & refused & OTHERS, better, error) != SE_OK)
		return SE_CONFIG;
	se_acl_read(fd, status, (strangers & GROUP) >> 3, &acl);
	if (acl.present && rule != SE_FILE_STATE)
		return judge_list(path, status, &acl, refused, error);
	if ((mode & refused) == 0)
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"%s can be %s by group %lu (mode %04o); chmod %04o %s", path,
		(mode & refused & S_IRGRP) != 0 ? "read" : "changed", (unsigned long)status->st_gid,
		mode, better, path);
}

static enum se_code
too_large(const char *path, const struct se_buffer *out, struct se_error *error)
{
	return se_error_set(error, SE_CONFIG,
		"%s is larger than the %zu bytes that such a file may have; is it the right file?",
		path, out->max);
}

/* Reads to the end, however much the file grows meanwhile: into the room that is there, then,
 * where it is full, one byte to see whether there is more. */
static enum se_code
read_all(int fd, const char *path, struct se_buffer *out, struct se_error *error)
{
	for (;;) {
		size_t space = out->size - 1 - out->len;
		char beyond = 0;
		ssize_t got =
			space > 0 ? read(fd, out->data + out->len, space) : read(fd, &beyond, 1);

		if (got == 0)
			return SE_OK;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			return se_error_set(error, se_code_of_errno(errno), "%s cannot be read: %s",
				path, strerror(errno));
		}
		if (space > 0)
			se_buffer_grown(out, (size_t)got);
		else if (out->len == out->max)
			return too_large(path, out, error);
		else if (!se_buffer_add(out, &beyond, 1))
			return se_error_memory(error);
	}
}

/* Judges what was opened, then reads it. */
static enum se_code
read_opened(int fd, const char *path, enum se_file_rule rule, const struct stat *status,
	struct se_buffer *out, struct se_error *error)
{
	enum se_code code = judge_owner(path, rule, status, error);

	if (code == SE_OK)
		code = judge_mode(fd, path, rule, status, error);
	if (code != SE_OK)
		return code;
	if (status->st_size > 0 && (uintmax_t)status->st_size > out->max - out->len)
		return too_large(path, out, error);
	/* All of it at once: no copies of a growing buffer need wiping. */
	if (se_buffer_room(out, status->st_size > 0 ? (size_t)status->st_size : 0) == NULL)
		return se_error_memory(error);
	code = read_all(fd, path, out, error);
	if (code != SE_OK)
		se_buffer_reset(out);
	return code;
}

/* se_way_open() needs two at a time. With the last one nothing is read here either: whoever has read a
 * credential goes on to connect, and libcurl takes the want of a descriptor for a bad file. */
static bool
another_is_left(int fd)
{
	const int other = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (other >= 0)
		(void)close(other);
	return other >= 0;
}

/* The short way, of half as many system calls, where there is no link and nobody else can change anything.
 * False means nothing: se_way_open() knows, and says why. */
static bool
open_plainly(const char *path, struct se_way *way)
{
	const char *name = strrchr(path, '/');
	struct stat found;

	if (name == NULL || strlen(path) >= sizeof(way->shown) ||
		!se_way_is_plain(path, (size_t)(name - path), false) || lstat(path, &found) != 0 ||
		!S_ISREG(found.st_mode))
		return false;
	way->fd = se_descriptor_safe(
		open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
	if (way->fd < 0)
		return false;
	if (another_is_left(way->fd) && fstat(way->fd, &way->status) == 0 &&
		S_ISREG(way->status.st_mode)) {
		memcpy(way->shown, path, strlen(path) + 1);
		return true;
	}
	(void)close(way->fd);
	return false;
}

/* Somebody named this file: that it is not there is a mistake. */
static enum se_code
open_named(const char *path, enum se_way_end end, struct se_way *way, struct se_error *error)
{
	enum se_code code = open_plainly(path, way) ? SE_OK : se_way_open(path, end, way, error);

	if (code != SE_ABSENT)
		return code;
	if (error != NULL)
		error->code = SE_CONFIG;
	return SE_CONFIG;
}

enum se_code
se_file_read(const char *path, enum se_file_rule rule, struct se_buffer *out, struct se_file_id *id,
	struct se_error *error)
{
	struct se_way way;
	enum se_code code;

	if (id != NULL)
		memset(id, 0, sizeof(*id));
	code = open_named(
		path, rule == SE_FILE_STATE ? SE_WAY_STATE_FILE : SE_WAY_FILE, &way, error);
	if (code != SE_OK)
		return code;
	code = read_opened(way.fd, way.shown, rule, &way.status, out, error);
	(void)close(way.fd);
	if (code == SE_OK && id != NULL)
		fill_id(id, &way.status);
	if (code != SE_OK && code != SE_MEMORY && strcmp(path, way.shown) != 0)
		se_error_about(error, path);
	return code;
}

/* One that may not be read is left alone: the file's own fsync() has most file systems write the
 * name as well. */
static bool
sync_directory_of(struct se_way *way)
{
	char *name = strrchr(way->shown, '/');
	int directory;
	bool ok;

	if (name != NULL)
		name[name == way->shown ? 1 : 0] = '\0';
	directory = se_descriptor_safe(open(way->shown, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	ok = directory < 0 || se_directory_sync(directory);
	if (directory >= 0)
		(void)close(directory);
	return ok;
}

enum se_code
se_file_settle(const char *path, struct se_error *error)
{
	struct se_way way;
	enum se_code code = open_named(path, SE_WAY_FILE, &way, error);

	if (code != SE_OK)
		return code;
	/* Where nothing can be written there is nothing to be synced. */
	if ((!se_file_sync(way.fd) || !sync_directory_of(&way)) && errno != EINVAL &&
		errno != EROFS)
		code = se_error_set(error, SE_AGAIN,
			"%s cannot be brought to the disk: %s; is that disk full, or broken?", path,
			strerror(errno));
	(void)close(way.fd);
	return code;
}

bool
se_file_identify(const char *path, struct se_file_id *id)
{
	struct stat status;

	memset(id, 0, sizeof(*id));
	if (stat(path, &status) != 0)
		return false;
	fill_id(id, &status);
	return true;
}

bool
se_file_same(const struct se_file_id *a, const struct se_file_id *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed_ns == b->changed_ns;
}

enum se_code
se_file_read_at(int directory, const char *name, struct se_buffer *out, struct se_error *error)
{
	char path[PATH_MAX];
	struct stat status;
	enum se_code code;
	int cause;
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	cause = errno;
	if (fd < 0 && cause == ENOENT)
		return se_error_set(error, SE_ABSENT, "there is no %s", name);
	se_path_in(directory, name, path, sizeof(path));
	if (fd < 0 && (cause == EMFILE || cause == ENFILE || cause == ENOMEM)) {
		return se_error_set(error, SE_AGAIN, "%s cannot be opened now: %s%s", path,
			strerror(cause), cause == EMFILE ? se_descriptor_advice : "");
	}
	if (fd < 0) {
		return se_error_set(error, se_code_of_errno(cause), "%s cannot be opened: %s", path,
			cause == ELOOP ? "it is a symbolic link" : strerror(cause));
	}
	if (fstat(fd, &status) != 0)
		code = se_error_set(error, se_code_of_errno(errno), "%s cannot be looked at: %s",
			path, strerror(errno));
	else if (!S_ISREG(status.st_mode))
		code = se_error_set(error, SE_CONFIG, "%s is not a file; remove it", path);
	else
		code = read_opened(fd, path, SE_FILE_STATE, &status, out, error);
	(void)close(fd);
	return code;
}
