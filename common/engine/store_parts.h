/*
 * store_parts: what the parts of store share. Not for anybody else.
 */
#ifndef SE_ENGINE_STORE_PARTS_H
#define SE_ENGINE_STORE_PARTS_H

#include <dirent.h>

#include "engine/json.h"
#include "engine/seal_keys.h"
#include "engine/store.h"

enum { SE_STATE_FILE_NAME_MAX = SE_TOKEN_KEY_DIGITS + 16 }; /* bytes, with the NUL */

struct se_store {
	unsigned holders;
	int directory;
	int watch;        /* inotify(7); -1: files are looked at */
	uint64_t changes; /* 1, and what the watch has told of; 0: there is no watch */
	bool quiet;       /* it has nothing to tell */
	char *path;
	struct se_seal_keys *keys;     /* what `state_key_file` names; NULL: files are plain */
	struct se_seal_keys *old_keys; /* that open only; or NULL */
};

/* To be read by readdir() and closed by closedir(); NULL when that cannot be. */
DIR *se_store_entries(const struct se_store *store);

/* A state file's name: ENDING is "json" or "lock". */
void se_store_file_name(
	const struct se_token_key *key, const char *ending, char name[SE_STATE_FILE_NAME_MAX]);

/* Whether a file of that name is a state file. */
bool se_store_is_state_file(const char *name);

/* store_watch.c: from now on nobody tells of changes. */
void se_store_unwatch(struct se_store *store);

/* Removes what a crash left of earlier writes of that state file. Under its lock. */
void se_store_sweep(const struct se_store *store, const char *name);

/* --- store_file.c: a state file's content --------------------------------------------------------- */

/* What a state file holds, as it is on the disk; to be freed. SE_ABSENT: there is none. SE_CONFIG: it
 * cannot be read, or is no JSON; SE_AGAIN, SE_MEMORY: not now. */
enum se_code se_store_get_file(
	struct se_store *store, const char *name, struct se_json **file, struct se_error *error);

/* The plain object of a key's state file, opened where it is sealed; to be freed. */
enum se_code se_store_get(struct se_store *store, const struct se_token_key *key,
	struct se_json **json, struct se_error *error);

/* Replaces the key's state file by that object, sealed where the store has keys. Without keys a
 * sealed file is replaced only where that is `meant`. */
enum se_code se_store_put(struct se_store *store, const struct se_token_key *key,
	struct se_json *json, bool meant, struct se_error *error);

/* The one sentence about a file that is not what it has to be. SE_CONFIG. */
enum se_code
se_store_damaged(const struct se_store *store, const char *name, struct se_error *error);

#endif
