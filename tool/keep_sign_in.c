#include <string.h>

#include "core/world.h"

#include "tool/keep_sign_in.h"

int64_t
se_sign_in_time(const struct se_state *before)
{
	const int64_t now = se_world_system.wall(se_world_system.context);

	return now > before->signed_in ? now : before->signed_in + 1;
}

bool
se_sign_in_replace(struct se_state *state, struct se_secret *token)
{
	const int64_t signed_in = se_sign_in_time(state);

	if (state->failure.code == SE_OK && se_secret_equal(state->refresh_token, token)) {
		se_secret_free(token);
		return false;
	}
	se_state_free(state);
	state->refresh_token = token;
	state->refresh_token_since = se_world_system.wall(se_world_system.context);
	state->times.obtained = state->refresh_token_since;
	state->signed_in = signed_in;
	return true;
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
	*changed = se_sign_in_replace(&state, token);
	code = *changed ? se_store_write(place->store, &place->key, &state, error) : SE_OK;
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
