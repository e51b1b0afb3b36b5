/*
 * store: one state file a token key, and one lock. A state file is JSON with a format version and
 * the token key inside; it is replaced as a whole or not at all.
 */
#ifndef SE_ENGINE_STORE_H
#define SE_ENGINE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"
#include "core/source.h"
#include "engine/policy.h"
#include "engine/token_key.h"

enum { SE_STATE_SIZE_MAX = 256 * 1024 }; /* bytes of a state file */

/* The last failure to get a token, while it is remembered. */
struct se_failure {
	enum se_code code; /* SE_OK: none */
	int64_t until;     /* seconds since 1970: not tried again before */
	int64_t since;     /* when it was noted */
	int64_t first;     /* when the first of `count` was */
	unsigned count;    /* failures in a row */
	char cause[17]; /* digest of configuration and credential file: another one, another try */
	char text[SE_ERROR_TEXT_MAX];
};

struct se_state {
	struct se_secret *access_token; /* NULL: none */
	struct se_times times;          /* `obtained` also tells which of two states is newer */
	char fingerprint[SE_FINGERPRINT_MAX + 1];
	struct se_secret *refresh_token; /* NULL: none */
	int64_t refresh_token_since;
	int64_t signed_in; /* tells this sign-in from one before and after: renewing keeps it. 0: unknown */
	int64_t warned; /* when it was looked whether the certificate ends soon; 0: never */
	struct se_failure failure;
};

struct se_store;

/* Opens the directory, making the last component (mode 0700) where `make` says so. NULL with
 * `error` set; SE_ABSENT when it does not exist. */
struct se_store *se_store_open(const char *directory, bool make, struct se_error *error);
void se_store_close(struct se_store *store);

/* The same store, to be closed once more. */
struct se_store *se_store_hold(struct se_store *store);

/* Makes a directory with mode 0700, whatever the umask; false with errno. */
bool se_store_make_directory(const char *path);

/* From now on state files are sealed with the first key that `key` names, and opened with each of
 * them; plain ones are read as well, and sealed by the next write. Without a file in `key` state
 * files are plain, and sealed ones are neither read nor written over. The key itself is read when it
 * is needed, and when it has changed. Called before anything else, and when the configuration is another one. SE_MEMORY: it is
 * as it was. */
enum se_code
se_store_seal_with(struct se_store *store, const struct se_state_key *key, struct se_error *error);

/* Opens files that are sealed with a key of that file, too. SE_MEMORY. */
enum se_code se_store_open_with(struct se_store *store, const char *file, struct se_error *error);

/* Whether the key is to be had, so that a state can be kept. SE_OK where none is configured. */
enum se_code se_store_check_key(struct se_store *store, struct se_error *error);

/* Fills `state` (to be freed by se_state_free). SE_ABSENT: no state yet. Any other error: there
 * is a file and it must not be written over. */
enum se_code se_store_read(struct se_store *store, const struct se_token_key *key,
	struct se_state *state, struct se_error *error);

/* Under the key's lock. Also removes what a crash left of an earlier write. */
enum se_code se_store_write(struct se_store *store, const struct se_token_key *key,
	const struct se_state *state, struct se_error *error);

/* Whether se_store_write() could write a large state by now, for whoever has none yet: the key, the
 * directory, and the room on the disk. The state file stays as it is. */
enum se_code
se_store_try(struct se_store *store, const struct se_token_key *key, struct se_error *error);

/* Under the key's lock: removes the state file, and what a crash left of it. SE_ABSENT: there was
 * none. The lock's file stays: somebody may be waiting for it. */
enum se_code
se_store_remove(struct se_store *store, const struct se_token_key *key, struct se_error *error);

/* Tries for the key's lock without waiting: SE_OK and *lock; SE_AGAIN without a sentence when
 * somebody has it; else an error, which may be SE_AGAIN too, with a sentence. It ends with
 * se_store_unlock() or with the process. */
enum se_code se_store_lock(
	struct se_store *store, const struct se_token_key *key, int *lock, struct se_error *error);
void se_store_unlock(int lock);

/* Whether there is a state file of that key. `store` may be NULL. */
bool se_store_has(struct se_store *store, const struct se_token_key *key);

/* Calls `each` with the identity of every sign-in that is kept. Reads every file: for a start. */
void se_store_each_sign_in(
	struct se_store *store, void (*each)(void *context, const char *holder), void *context);

void se_state_free(struct se_state *state);

/* The directory's path; it lives as long as the store. */
const char *se_store_path(const struct se_store *store);

/* Changes when the key's state file has been replaced. All zero, with errno: there is none (ENOENT),
 * or it could not be looked at. */
struct se_file_id se_store_identify(struct se_store *store, const struct se_token_key *key);

/* Lets the kernel tell of changes in the directory, for one descriptor; for whoever keeps the store open
 * and is asked often. Nothing happens where it cannot: then they are to be looked for. */
void se_store_watch(struct se_store *store);

/* The descriptor that is readable when it has something to tell; -1: there is none. Whoever has seen that
 * it is not may say so, for as long as that is good enough, and saves a call of the system. */
int se_store_watching(const struct se_store *store);
void se_store_is_quiet(struct se_store *store, bool quiet);

/* Another number than before when anything in the directory may have changed since, whoever did it (while
 * it is said to be quiet: the number of before); 0: nobody tells, so that se_store_identify() is to be asked
 * each time. */
uint64_t se_store_changes(struct se_store *store);

#endif
