#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/xattr.h>
#endif

#include "core/acl.h"
#include "core/directory.h"

#ifdef __linux__

/* The form in which Linux hands it out (include/uapi/linux/posix_acl_xattr.h): a version, then
 * entries of tag, rights and id, little-endian. */
#define ATTRIBUTE "system.posix_acl_access"

enum {
	LIST_VERSION = 2,
	VERSION_BYTES = 4,
	ENTRY_BYTES = 8,

	TAG_USER = 0x02,
	TAG_OWNING_GROUP = 0x04,
	TAG_GROUP = 0x08
};

static unsigned
number(const unsigned char *bytes, unsigned count)
{
	unsigned value = 0;

	while (count-- > 0)
		value = value << 8 | bytes[count];
	return value;
}

/* A descriptor opened only to search has no attributes of its own. */
static ssize_t
get(int fd, unsigned char *bytes, size_t size)
{
	ssize_t len = fgetxattr(fd, ATTRIBUTE, bytes, size);
	char path[32];
	int again;

	if (len >= 0 || errno != EBADF)
		return len;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = getxattr(path, ATTRIBUTE, bytes, size);
	if (len >= 0 || errno != ENOENT)
		return len;
	again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (again < 0)
		return -1;
	len = fgetxattr(again, ATTRIBUTE, bytes, size);
	(void)close(again);
	return len;
}

static void
take(const unsigned char *entry, unsigned mask, struct se_acl *acl)
{
	unsigned tag = number(entry, 2), rights = number(entry + 2, 2) & mask;
	unsigned id = number(entry + 4, 4);
	bool trusted = true;

	if (tag == TAG_OWNING_GROUP)
		acl->group = rights;
	else if (tag == TAG_USER)
		trusted = se_owner_trusted((uid_t)id);
	else if (tag == TAG_GROUP)
		trusted = se_group_trusted((gid_t)id);
	if (trusted || (rights & ~acl->strangers) == 0)
		return;
	acl->strangers |= rights;
	(void)snprintf(acl->who, sizeof(acl->who), "%c:%u", tag == TAG_USER ? 'u' : 'g', id);
}

void
se_acl_read(int fd, const struct stat *status, unsigned wanted, struct se_acl *acl)
{
	unsigned mask = (unsigned)status->st_mode >> 3 & wanted;
	unsigned char bytes[SE_ACL_BYTES_MAX];
	ssize_t len, at;

	memset(acl, 0, sizeof(*acl));
	if (mask == 0)
		return;
	len = get(fd, bytes, sizeof(bytes));
	if (len < 0 && errno == ERANGE) {
		/* Longer than anybody writes by hand: who knows what is in it. */
		acl->present = true;
		acl->strangers = mask;
		(void)snprintf(acl->who, sizeof(acl->who), "more than 500 others");
		return;
	}
	if (len < VERSION_BYTES || number(bytes, VERSION_BYTES) != LIST_VERSION)
		return;
	acl->present = true;
	for (at = VERSION_BYTES; at + ENTRY_BYTES <= len; at += ENTRY_BYTES)
		take(bytes + at, mask, acl);
}

size_t
se_acl_save(int directory, const char *name, void *list, size_t size)
{
	int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	ssize_t len = fd >= 0 ? get(fd, list, size) : -1;

	if (fd >= 0)
		(void)close(fd);
	return len > 0 ? (size_t)len : 0;
}

bool
se_acl_restore(int fd, const void *list, size_t len)
{
	return fsetxattr(fd, ATTRIBUTE, list, len, 0) == 0;
}

#else

size_t
se_acl_save(int directory, const char *name, void *list, size_t size)
{
	(void)directory;
	(void)name;
	(void)list;
	(void)size;
	return 0;
}

bool
se_acl_restore(int fd, const void *list, size_t len)
{
	(void)fd;
	(void)list;
	(void)len;
	return false;
}

void
se_acl_read(int fd, const struct stat *status, unsigned wanted, struct se_acl *acl)
{
	(void)fd;
	(void)status;
	(void)wanted;
	memset(acl, 0, sizeof(*acl));
}

#endif
