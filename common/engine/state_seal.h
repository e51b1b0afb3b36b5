/*
 * state_seal: a state file that is sealed: the text of a plain one, encrypted, with its token key in
 * clear beside it and authenticated together with it, so that no file opens for another account.
 * doc/internals/state.md has the form.
 */
#ifndef SE_ENGINE_STATE_SEAL_H
#define SE_ENGINE_STATE_SEAL_H

#include "core/world.h"
#include "engine/json.h"
#include "engine/seal_keys.h"
#include "engine/token_key.h"

/* The id of the key that a state file is sealed with; NULL: it is plain, or nothing of ours. */
const char *se_state_sealed_with(const struct se_json *file);

/* Fills `file`, an empty object, with what seals `text`. SE_AGAIN: there is no randomness. */
enum se_code se_state_seal(const struct se_seal_key *with, const struct se_world *world,
	const struct se_token_key *key, const struct se_buffer *text, struct se_json *file,
	struct se_error *error);

/* Appends the text that the file seals. `with` has the id that se_state_sealed_with() gave.
 * SE_ABSENT, and nothing in `error`: it is damaged, of another version, or another account's. */
enum se_code se_state_unseal(const struct se_seal_key *with, const struct se_token_key *key,
	const struct se_json *file, struct se_buffer *text, struct se_error *error);

#endif
