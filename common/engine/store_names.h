/*
 * store_names: which token keys have a state file, for whoever shows them. Nothing is locked.
 */
#ifndef SE_ENGINE_STORE_NAMES_H
#define SE_ENGINE_STORE_NAMES_H

#include "engine/store.h"

typedef char se_token_key_name[SE_TOKEN_KEY_DIGITS + 1];

enum { SE_STORE_NAMES_MAX = 100000 }; /* names; more are left out */

/* The names of all token keys that have a state file, in order. The caller frees *names. SE_MEMORY,
 * or SE_CONFIG or SE_AGAIN where the directory cannot be read. */
enum se_code se_store_names(
	struct se_store *store, se_token_key_name **names, size_t *count, struct se_error *error);

/* Whose sign-in a state file keeps. False for an app's, and for one that cannot be read. */
bool se_store_identity(struct se_store *store, const char *name, char identity[SE_NAME_MAX + 1]);

#endif
