#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/file.h"
#include "engine/json.h"
#include "engine/state_json.h"
#include "engine/store_parts.h"

enum { FILE_NAME_MAX = SE_TOKEN_KEY_DIGITS + 16 };

/* --- the directory ---------------------------------------------------------------------------- */

struct se_store *
se_store_open(const char *path, bool make, struct se_error *error)
{
	struct se_store *store = calloc(1, sizeof(*store));

	if (store == NULL || (store->path = strdup(path)) == NULL) {
		free(store);
		se_error_memory(error);
		return NULL;
	}
	store->directory = se_directory_open(path, error);
	if (store->directory < 0 && make && error->code == SE_ABSENT) {
		if (mkdir(path, 0700) == 0 || errno == EEXIST)
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
	if (store == NULL)
		return;
	if (store->directory >= 0)
		(void)close(store->directory);
	free(store->path);
	free(store);
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

static void
file_name(const struct se_token_key *key, const char *ending, char name[FILE_NAME_MAX])
{
	(void)snprintf(name, FILE_NAME_MAX, "%s.%s", key->name, ending);
}

struct se_file_id
se_store_identify(struct se_store *store, const struct se_token_key *key)
{
	struct se_file_id id = {0, 0, 0, 0};
	char name[FILE_NAME_MAX];
	struct stat st;

	file_name(key, "json", name);
	if (fstatat(store->directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		id.device = st.st_dev;
		id.inode = st.st_ino;
		id.size = st.st_size;
		id.changed_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	}
	return id;
}

/* --- the lock --------------------------------------------------------------------------------- */

enum se_code
se_store_lock(
	struct se_store *store, const struct se_token_key *key, int *lock, struct se_error *error)
{
	char name[FILE_NAME_MAX];
	int fd;

	*lock = -1;
	file_name(key, "lock", name);
	/* flock(2) needs no right to write, so that a lock file that exists serves on a read-only
	 * file system too; and its lock belongs to the open file, not to the process. */
	fd = openat(store->directory, name,
		O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0 && (errno == EROFS || errno == EACCES))
		fd = openat(store->directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return se_error_set(error, SE_CONFIG, "the lock %s/%s cannot be made: %s",
			store->path, name, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*lock = fd;
		return SE_OK;
	}
	if (errno == EWOULDBLOCK || errno == EINTR) {
		(void)close(fd);
		return SE_AGAIN;
	}
	se_error_set(
		error, SE_CONFIG, "%s/%s cannot be locked: %s", store->path, name, strerror(errno));
	(void)close(fd);
	return SE_CONFIG;
}

void
se_store_unlock(int lock)
{
	if (lock >= 0)
		(void)close(lock);
}

/* --- reading ---------------------------------------------------------------------------------- */

enum se_code
se_store_read(struct se_store *store, const struct se_token_key *key, struct se_state *state,
	struct se_error *error)
{
	char name[FILE_NAME_MAX];
	struct se_buffer text;
	struct se_json *json;
	enum se_code code;

	memset(state, 0, sizeof(*state));
	file_name(key, "json", name);
	se_buffer_init(&text, SE_STATE_SIZE_MAX);
	code = se_file_read_at(store->directory, name, &text, error);
	if (code != SE_OK) {
		se_buffer_free(&text);
		if (code != SE_ABSENT)
			se_error_about(error, store->path);
		return code;
	}
	json = se_json_parse(se_buffer_text(&text), text.len);
	se_buffer_free(&text);
	code = json != NULL ? se_state_from_json(json, key, state) : SE_CONFIG;
	se_json_free(json);
	if (code == SE_OK)
		return SE_OK;
	se_state_free(state);
	if (code == SE_MEMORY)
		return se_error_memory(error);
	return se_error_set(error, SE_CONFIG,
		"the state file %s/%s is damaged, of another version, "
		"or another account's; it is left as it is. Move it away and sign in again "
		"(app-only "
		"accounts need nothing more)",
		store->path, name);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* What a crash left of an earlier write: it holds tokens, and under the key's lock nobody else is
 * writing it. */
static void
sweep(const struct se_store *store, const char *name)
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
se_store_write(struct se_store *store, const struct se_token_key *key, const struct se_state *state,
	struct se_error *error)
{
	struct se_json *json = se_json_new();
	char name[FILE_NAME_MAX];
	struct se_buffer text;
	enum se_code code;

	file_name(key, "json", name);
	se_buffer_init(&text, SE_STATE_SIZE_MAX);
	if (json == NULL || !se_state_to_json(state, key, json) || !se_json_write(json, &text))
		code = se_error_memory(error);
	else
		code = se_file_replace(store->directory, name, text.data, text.len, error);
	if (code == SE_OK)
		sweep(store, name);
	else
		se_error_about(error, store->path);
	se_json_free(json);
	se_buffer_free(&text);
	return code;
}

enum se_code
se_store_remove(struct se_store *store, const struct se_token_key *key, struct se_error *error)
{
	char name[FILE_NAME_MAX];
	bool absent;

	file_name(key, "json", name);
	absent = unlinkat(store->directory, name, 0) != 0;
	if (absent && errno != ENOENT)
		return se_error_set(error, SE_CONFIG, "%s/%s cannot be removed: %s", store->path,
			name, strerror(errno));
	sweep(store, name);
	/* A removal that a crash undoes is said. */
	if (fsync(store->directory) != 0 && errno != EINVAL && errno != EROFS)
		return se_error_set(error, SE_AGAIN, "%s: the removal may not last: %s",
			store->path, strerror(errno));
	return absent ? SE_ABSENT : SE_OK;
}
