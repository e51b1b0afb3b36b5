#include <string.h>

#include "core/world.h"

#include "tool/keep_sign_in.h"

/* The token in hand was another sign-in's; it goes, and so does the memory of errors. */
static void
replace(struct se_state *state, struct se_secret *token)
{
	se_state_free(state);
	memset(state, 0, sizeof(*state));
	state->refresh_token = token;
	state->refresh_token_since = se_world_system.wall(se_world_system.context);
	state->times.obtained = state->refresh_token_since;
}

/* Takes `token` over. */
static enum se_code
write_state(struct se_place *place, struct se_secret *token, bool *changed, struct se_error *error)
{
	struct se_state state;
	enum se_code code;

	memset(&state, 0, sizeof(state));
	code = se_store_read(place->store, &place->key, &state, error);
	if (code != SE_OK && code != SE_ABSENT) {
		se_secret_free(token);
		return code;
	}
	*changed = code == SE_ABSENT || state.failure.code != SE_OK ||
		   !se_secret_equal(state.refresh_token, token);
	code = SE_OK;
	if (*changed) {
		replace(&state, token);
		code = se_store_write(place->store, &place->key, &state, error);
	} else {
		se_secret_free(token);
	}
	se_state_free(&state);
	return code;
}

enum se_code
se_keep_sign_in(
	struct se_place *place, struct se_secret *token, bool *changed, struct se_error *error)
{
	int held = -1;
	enum se_code code = se_place_lock(place, SE_PLACE_WAIT_MS, &held, error);

	if (code != SE_OK) {
		se_secret_free(token);
		return code;
	}
	code = write_state(place, token, changed, error);
	se_store_unlock(held);
	return code;
}
