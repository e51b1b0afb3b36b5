/* store_watch: the kernel's word on whether anything in the state directory has changed, instead of a look
 * at the file for each ask. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(HAVE_LINUX_MAGIC_H) && defined(HAVE_SYS_INOTIFY_H)
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#endif

#include "core/descriptor.h"
#include "engine/store_parts.h"

void
se_store_unwatch(struct se_store *store)
{
	if (store->watch >= 0)
		(void)close(store->watch);
	store->watch = -1;
	store->changes = 0;
	store->quiet = false;
}

int
se_store_watching(const struct se_store *store)
{
	return store->watch;
}

void
se_store_is_quiet(struct se_store *store, bool quiet)
{
	store->quiet = quiet && store->watch >= 0;
}

#if defined(HAVE_LINUX_MAGIC_H) && defined(HAVE_SYS_INOTIFY_H)

/* What stat(2) sees of whoever goes through this directory: all that we do. */
#define WHATEVER_CHANGES \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_ATTRIB | \
		IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW)

/* Where nobody but this kernel changes what is there: of what another machine writes, or another one of
 * the layers below, inotify(7) says nothing. */
static bool
is_this_kernels(int directory)
{
	static const long known[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
		F2FS_SUPER_MAGIC, TMPFS_MAGIC};
	struct statfs file_system;

	if (fstatfs(directory, &file_system) != 0)
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if ((unsigned long)file_system.f_type == (unsigned long)known[i])
			return true;
	return false;
}

/* Whether the path still is that of the open directory. */
static bool
is_there(const struct se_store *store)
{
	struct stat open, named;

	return fstat(store->directory, &open) == 0 && lstat(store->path, &named) == 0 &&
	       open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

void
se_store_watch(struct se_store *store)
{
	if (store->watch >= 0 || !is_this_kernels(store->directory))
		return;
	store->watch = se_descriptor_safe(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	if (store->watch < 0)
		return;
	store->changes = 1;
	if (inotify_add_watch(store->watch, store->path, WHATEVER_CHANGES) < 0 || !is_there(store))
		se_store_unwatch(store);
}

uint64_t
se_store_changes(struct se_store *store)
{
	SE_UNSET char events[4096]; /* what they say is of no interest */
	ssize_t len;

	while (store->watch >= 0 && !store->quiet) {
		len = read(store->watch, events, sizeof(events));
		if (len < 0 && errno == EAGAIN)
			break;
		store->changes++;
		if (len == 0 || (len < 0 && errno != EINTR))
			se_store_unwatch(store);
	}
	return store->changes;
}

#else

void
se_store_watch(struct se_store *store)
{
	(void)store;
}

uint64_t
se_store_changes(struct se_store *store)
{
	return store->changes;
}

#endif
