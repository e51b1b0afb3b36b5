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
#include "engine/store_parts.h"

enum { STATE_VERSION = 1, FILE_NAME_MAX = SE_TOKEN_KEY_DIGITS + 16 };

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
	enum se_code code;
	int fd;

	se_error_clear(error);
	*lock = -1;
	file_name(key, "lock", name);
	/* flock(2) needs no right to write, so that a lock file that exists serves on a read-only
	 * file system too; and its lock belongs to the open file, not to the process. */
	fd = openat(store->directory, name,
		O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0 && (errno == EROFS || errno == EACCES))
		fd = openat(store->directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return se_error_set(error, se_code_of_errno(errno),
			"the lock %s/%s cannot be made: %s", store->path, name, strerror(errno));
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
	if (lock >= 0)
		(void)close(lock);
}

/* --- reading ---------------------------------------------------------------------------------- */

void
se_state_free(struct se_state *state)
{
	se_secret_free(state->access_token);
	se_secret_free(state->refresh_token);
	memset(state, 0, sizeof(*state));
}

static bool
read_secret(const struct se_json *json, const char *name, struct se_secret **secret)
{
	const char *text = se_json_string(json, name);

	if (text == NULL)
		return true;
	*secret = se_secret_new(text, strlen(text));
	return *secret != NULL;
}

static void
read_failure(const struct se_json *json, struct se_failure *failure)
{
	const struct se_json *inner = se_json_object(json, "failure");
	int64_t code = 0, count = 0;
	const char *text = se_json_string(inner, "text");
	const char *cause = se_json_string(inner, "cause");

	if (inner == NULL || text == NULL || cause == NULL ||
		!se_json_integer(inner, "class", &code) || code <= SE_OK || code >= SE_ABSENT)
		return;
	(void)se_json_integer(inner, "until", &failure->until);
	(void)se_json_integer(inner, "since", &failure->since);
	failure->first = failure->since;
	(void)se_json_integer(inner, "first", &failure->first);
	(void)se_json_integer(inner, "count", &count);
	failure->code = (enum se_code)code;
	failure->count = count > 0 && count < 1000 ? (unsigned)count : 1;
	(void)se_copy(failure->cause, sizeof(failure->cause), cause);
	(void)se_copy(failure->text, sizeof(failure->text), text);
	se_text_clean(failure->text);
}

static bool
same(const struct se_json *json, const char *name, const char *value)
{
	const char *text = se_json_string(json, name);

	return text != NULL && strcmp(text, value) == 0;
}

static bool
is_for(const struct se_json *json, const struct se_token_key *key)
{
	const struct se_json *inner = se_json_object(json, "key");

	return inner != NULL && same(inner, "endpoint", key->endpoint) &&
	       same(inner, "client_id", key->client_id) && same(inner, "scope", key->scope) &&
	       same(inner, key->app_only ? "credential" : "identity", key->holder);
}

static enum se_code
read_state(const struct se_json *json, const struct se_token_key *key, struct se_state *state)
{
	int64_t version = 0;
	const char *fingerprint = se_json_string(json, "fingerprint");

	if (!se_json_integer(json, "version", &version) || version != STATE_VERSION ||
		!is_for(json, key))
		return SE_CONFIG;
	if (!read_secret(json, "access_token", &state->access_token) ||
		!read_secret(json, "refresh_token", &state->refresh_token))
		return SE_MEMORY;
	(void)se_json_integer(json, "obtained", &state->times.obtained);
	(void)se_json_integer(json, "expires", &state->times.expires);
	(void)se_json_integer(json, "usable", &state->times.usable);
	(void)se_json_integer(json, "renew", &state->times.renew);
	(void)se_json_integer(json, "refresh_token_since", &state->refresh_token_since);
	(void)se_json_integer(json, "warned", &state->warned);
	if (fingerprint != NULL)
		(void)se_copy(state->fingerprint, sizeof(state->fingerprint), fingerprint);
	read_failure(json, &state->failure);
	return SE_OK;
}

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
	code = json != NULL ? read_state(json, key, state) : SE_CONFIG;
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

static struct se_json *
key_object(const struct se_token_key *key)
{
	struct se_json *json = se_json_new();

	if (json == NULL)
		return NULL;
	if (se_json_set_string(json, "endpoint", key->endpoint) &&
		se_json_set_string(json, "client_id", key->client_id) &&
		se_json_set_string(json, "scope", key->scope) &&
		se_json_set_string(json, key->app_only ? "credential" : "identity", key->holder))
		return json;
	se_json_free(json);
	return NULL;
}

static struct se_json *
failure_object(const struct se_failure *failure)
{
	struct se_json *json = se_json_new();

	if (json == NULL)
		return NULL;
	if (se_json_set_integer(json, "class", (int)failure->code) &&
		se_json_set_integer(json, "first", failure->first) &&
		se_json_set_integer(json, "since", failure->since) &&
		se_json_set_integer(json, "until", failure->until) &&
		se_json_set_integer(json, "count", failure->count) &&
		se_json_set_string(json, "cause", failure->cause) &&
		se_json_set_string(json, "text", failure->text))
		return json;
	se_json_free(json);
	return NULL;
}

static bool
set_secret(struct se_json *json, const char *name, const struct se_secret *secret)
{
	return secret == NULL || se_json_set_string(json, name, se_secret_reveal(secret));
}

static bool
fill_object(struct se_json *json, const struct se_token_key *key, const struct se_state *state)
{
	bool ok = se_json_set_integer(json, "version", STATE_VERSION);

	ok = ok && se_json_set_object(json, "key", key_object(key));
	ok = ok && se_json_set_integer(json, "obtained", state->times.obtained);
	if (state->access_token != NULL) {
		ok = ok && set_secret(json, "access_token", state->access_token);
		ok = ok && se_json_set_string(json, "fingerprint", state->fingerprint);
		ok = ok && se_json_set_integer(json, "expires", state->times.expires);
		ok = ok && se_json_set_integer(json, "usable", state->times.usable);
		ok = ok && se_json_set_integer(json, "renew", state->times.renew);
	}
	if (state->refresh_token != NULL) {
		ok = ok && set_secret(json, "refresh_token", state->refresh_token);
		ok = ok &&
		     se_json_set_integer(json, "refresh_token_since", state->refresh_token_since);
	}
	if (state->warned != 0)
		ok = ok && se_json_set_integer(json, "warned", state->warned);
	if (state->failure.code != SE_OK)
		ok = ok && se_json_set_object(json, "failure", failure_object(&state->failure));
	return ok;
}

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
	if (json == NULL || !fill_object(json, key, state) || !se_json_write(json, &text))
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
		return se_error_set(error, se_code_of_errno(errno), "%s/%s cannot be removed: %s",
			store->path, name, strerror(errno));
	sweep(store, name);
	/* A removal that a crash undoes is said. */
	if (!se_directory_sync(store->directory) && errno != EROFS)
		return se_error_set(error, SE_AGAIN, "%s: the removal may not last: %s",
			store->path, strerror(errno));
	return absent ? SE_ABSENT : SE_OK;
}
