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

#endif
