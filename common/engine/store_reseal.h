/*
 * store_reseal: all state files under one key. Each is replaced as a whole or not at all, under its
 * own lock, so that it may end at any point, be begun again, and go on beside an agent.
 */
#ifndef SE_ENGINE_STORE_RESEAL_H
#define SE_ENGINE_STORE_RESEAL_H

#include "engine/store.h"
#include "engine/store_names.h"

/* The token key that a state file is for, as it says itself. To be freed by the caller. */
enum se_code se_store_key_of(
	struct se_store *store, const char *name, struct se_token_key *key, struct se_error *error);

/* Under the key's lock: writes the state file anew if it is not as the store writes now. *changed:
 * it was not. A file that does not open is left alone. SE_ABSENT: there is none any more. */
enum se_code se_store_reseal(struct se_store *store, const struct se_token_key *key, bool *changed,
	struct se_error *error);

/* Removes what crashes left of writes, unless somebody is writing right now. */
void se_store_sweep_all(struct se_store *store);

/* How the state files are sealed, told by the key ids in them. */
struct se_store_survey {
	size_t plain, sealed; /* sealed: with the first key */
	size_t older;         /* with another key that is at hand */
	size_t foreign;       /* with a key that is not */
	char foreign_key[17]; /* of one of those; "": of none */
	se_token_key_name foreign_name;
};

/* Looks at every file; one that cannot be read is not counted. SE_CONFIG when the key, or the
 * directory, cannot be read. */
enum se_code
se_store_survey(struct se_store *store, struct se_store_survey *survey, struct se_error *error);

/* The id of the key that seals; NULL: state files are plain. To be asked after
 * se_store_check_key() has said SE_OK. */
const char *se_store_key_id(const struct se_store *store);

#endif
