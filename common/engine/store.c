#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/descriptor.h"
#include "core/file.h"
#include "engine/json.h"
#include "engine/state_json.h"
#include "engine/store_parts.h"

/* --- the directory ---------------------------------------------------------------------------- */

bool
se_store_make_directory(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) != 0)
		return false;
	/* The umask may have taken our own rights away. */
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
		(st.st_mode & 0700) != 0700)
		(void)chmod(path, 0700);
	return true;
}

struct se_store *
se_store_open(const char *path, bool make, struct se_error *error)
{
	struct se_store *store = calloc(1, sizeof(*store));

	if (store == NULL || (store->path = strdup(path)) == NULL) {
		free(store);
		se_error_memory(error);
		return NULL;
	}
	store->holders = 1;
	store->watch = -1;
	store->directory = se_directory_open(path, error);
	if (store->directory < 0 && make && error->code == SE_ABSENT) {
		if (se_store_make_directory(path) || errno == EEXIST)
			store->directory = se_directory_open(path, error);
	}
	if (store->directory >= 0)
		return store;
	se_store_close(store);
	return NULL;
}

void
se_store_close(struct se_store *store)
{
	if (store == NULL || --store->holders > 0)
		return;
	se_store_unwatch(store);
	if (store->directory >= 0)
		(void)close(store->directory);
	se_seal_keys_free(store->keys);
	se_seal_keys_free(store->old_keys);
	free(store->path);
	free(store);
}

struct se_store *
se_store_hold(struct se_store *store)
{
	if (store != NULL)
		store->holders++;
	return store;
}

const char *
se_store_path(const struct se_store *store)
{
	return store->path;
}

DIR *
se_store_entries(const struct se_store *store)
{
	int fd = openat(store->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;

	if (directory == NULL && fd >= 0)
		(void)close(fd);
	return directory;
}

void
se_store_file_name(
	const struct se_token_key *key, const char *ending, char name[SE_STATE_FILE_NAME_MAX])
{
	const size_t len = strlen(key->name);

	/* By hand: where nobody watches, each ask comes here. */
	(void)se_copy(name, SE_STATE_FILE_NAME_MAX, key->name);
	(void)se_copy(name + len, SE_STATE_FILE_NAME_MAX - len, ".");
	(void)se_copy(name + len + 1, SE_STATE_FILE_NAME_MAX - len - 1, ending);
}

struct se_file_id
se_store_identify(struct se_store *store, const struct se_token_key *key)
{
	struct se_file_id id = {0, 0, 0, 0};
	char name[SE_STATE_FILE_NAME_MAX];
	struct stat st;

	se_store_file_name(key, "json", name);
	if (fstatat(store->directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		id.device = st.st_dev;
		id.inode = st.st_ino;
		id.size = st.st_size;
		id.changed_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	}
	return id;
}

/* --- the lock --------------------------------------------------------------------------------- */

/* The umask may have taken our own rights away: the next process could not lock it. */
static void
open_to_us(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 0600) != 0600)
		(void)fchmod(fd, 0600);
}

static const char *
lock_advice(int cause)
{
	switch (cause) {
	case EMFILE:
		return se_descriptor_advice;
	case EROFS:
		return "; remount that file system, or name another state_dir";
	case EACCES:
	case EPERM:
		return "; make the directory belong to that user (chown), mode 0700";
	default:
		return "";
	}
}

enum se_code
se_store_lock(
	struct se_store *store, const struct se_token_key *key, int *lock, struct se_error *error)
{
	char name[SE_STATE_FILE_NAME_MAX];
	enum se_code code;
	int fd;

	se_error_clear(error);
	*lock = -1;
	se_store_file_name(key, "lock", name);
	/* flock(2) needs no right to write, so that a lock file that exists serves on a read-only
	 * file system too; and its lock belongs to the open file, not to the process. */
	fd = openat(store->directory, name,
		O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0 && (errno == EROFS || errno == EACCES)) {
		const int why = errno;

		fd = openat(store->directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0 && errno == ENOENT)
			errno = why;
	}
	fd = se_descriptor_safe(fd);
	if (fd < 0)
		return se_error_set(error, se_code_of_errno(errno),
			"the lock %s/%s cannot be made: %s%s", store->path, name, strerror(errno),
			lock_advice(errno));
	open_to_us(fd);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*lock = fd;
		return SE_OK;
	}
	if (errno == EWOULDBLOCK || errno == EINTR)
		code = SE_AGAIN;
	else
		code = se_error_set(error, se_code_of_errno(errno), "%s/%s cannot be locked: %s",
			store->path, name, strerror(errno));
	(void)close(fd);
	return code;
}

void
se_store_unlock(int lock)
{
	if (lock < 0)
		return;
	/* A child that another thread forked meanwhile has the open file as well: closing ours alone
	 * would leave it locked for as long as the child lives. */
	(void)flock(lock, LOCK_UN);
	(void)close(lock);
}

/* --- reading and writing ---------------------------------------------------------------------- */

enum se_code
se_store_read(struct se_store *store, const struct se_token_key *key, struct se_state *state,
	struct se_error *error)
{
	char name[SE_STATE_FILE_NAME_MAX];
	struct se_json *json = NULL;
	enum se_code code;

	memset(state, 0, sizeof(*state));
	code = se_store_get(store, key, &json, error);
	if (code != SE_OK)
		return code;
	code = se_state_from_json(json, key, state);
	se_json_free(json);
	if (code == SE_OK)
		return SE_OK;
	se_state_free(state);
	if (code == SE_MEMORY)
		return se_error_memory(error);
	se_store_file_name(key, "json", name);
	return se_store_damaged(store, name, error);
}

enum se_code
se_store_write(struct se_store *store, const struct se_token_key *key, const struct se_state *state,
	struct se_error *error)
{
	struct se_json *json = se_json_new();
	enum se_code code;

	if (json == NULL || !se_state_to_json(state, key, json))
		code = se_error_memory(error);
	else
		code = se_store_put(store, key, json, false, error);
	se_json_free(json);
	return code;
}

/* What a crash left of an earlier write: it holds tokens, and under the key's lock nobody else is
 * writing it. */
void
se_store_sweep(const struct se_store *store, const char *name)
{
	size_t len = strlen(name);
	DIR *directory = se_store_entries(store);
	const struct dirent *entry;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] == '.' && strncmp(entry->d_name + 1, name, len) == 0 &&
			entry->d_name[len + 1] == '.')
			(void)unlinkat(store->directory, entry->d_name, 0);
	(void)closedir(directory);
}

enum se_code
se_store_remove(struct se_store *store, const struct se_token_key *key, struct se_error *error)
{
	char name[SE_STATE_FILE_NAME_MAX];
	bool absent;

	se_store_file_name(key, "json", name);
	absent = unlinkat(store->directory, name, 0) != 0;
	if (absent && errno != ENOENT)
		return se_error_set(error, se_code_of_errno(errno), "%s/%s cannot be removed: %s",
			store->path, name, strerror(errno));
	se_store_sweep(store, name);
	/* A removal that a crash undoes is said. */
	if (!se_directory_sync(store->directory) && errno != EROFS)
		return se_error_set(error, SE_AGAIN, "%s: the removal may not last: %s",
			store->path, strerror(errno));
	return absent ? SE_ABSENT : SE_OK;
}
