/*
 * seal_keys: the keys that state files are sealed with. The file that `state_key_file` names has
 * one to eight of them, a line each, as 64 hexadecimal digits: the first one seals, each one opens,
 * so that a new key is put in front of the old one. The file is read anew when it has changed. A
 * program that prints the same, `state_key_command`, is run once, and waited for.
 */
#ifndef SE_ENGINE_SEAL_KEYS_H
#define SE_ENGINE_SEAL_KEYS_H

#include "core/error.h"
#include "core/secret.h"
#include "engine/config.h"

enum {
	SE_SEAL_KEYS_MAX = 8,      /* in one file */
	SE_SEAL_KEY_ID_DIGITS = 16 /* of SHA-256: tells another key from a damaged file */
};

struct se_seal_key {
	char id[SE_SEAL_KEY_ID_DIGITS + 1]; /* hexadecimal; no secret */
	struct se_secret *secret;           /* SE_SEAL_KEY_BYTES */
};

struct se_seal_keys;

/* What `source` says is copied. NULL when memory ran out. Reads nothing. */
struct se_seal_keys *se_seal_keys_new(const struct se_state_key *source);
void se_seal_keys_free(struct se_seal_keys *keys);

/* Reads the file, the first time or because it is another one. After an error there is no key,
 * whatever there was before: a key that is lost shall be missed while a copy may be had. SE_CONFIG
 * names file, line, and what to do. */
enum se_code se_seal_keys_load(struct se_seal_keys *keys, struct se_error *error);

/* Before the first key seals anything: what names it is on the disk, so that no crash leaves files
 * behind that are sealed with a key that is nowhere. Once for each content of the file. */
enum se_code se_seal_keys_settle(struct se_seal_keys *keys, struct se_error *error);

/* The key that seals, as long as no other load follows; NULL: no load has worked. */
const struct se_seal_key *se_seal_keys_first(const struct se_seal_keys *keys);

/* The key of that id; NULL: not there. */
const struct se_seal_key *se_seal_keys_find(const struct se_seal_keys *keys, const char *id);

/* The file's path, for messages. */
const char *se_seal_keys_file(const struct se_seal_keys *keys);

#endif
