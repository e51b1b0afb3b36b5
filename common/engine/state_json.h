/*
 * state_json: a state as the JSON object that a state file is; the store writes it.
 */
#ifndef SE_ENGINE_STATE_JSON_H
#define SE_ENGINE_STATE_JSON_H

#include <stdbool.h>

#include "engine/json.h"
#include "engine/store.h"

/* Fills `state`, which is all zero (to be freed by se_state_free(), also after an error). SE_CONFIG
 * unless it is a state of that key, in the version that is known; or SE_MEMORY. */
enum se_code se_state_from_json(
	const struct se_json *json, const struct se_token_key *key, struct se_state *state);

/* Fills an empty object. False when memory ran out. */
bool se_state_to_json(
	const struct se_state *state, const struct se_token_key *key, struct se_json *json);

/* The member "key", which says whose the state is and holds no secret. Setting returns false when
 * memory ran out. */
bool se_state_is_for(const struct se_json *json, const struct se_token_key *key);
bool se_state_set_key(struct se_json *json, const struct se_token_key *key);

/* Fills `key` (to be freed) from that member. SE_CONFIG, without text, when it is not all there. */
enum se_code se_state_get_key(const struct se_json *json, struct se_token_key *key);

#endif
