/*
 * state_accept: a grant becomes the state that is kept.
 */
#ifndef SE_ENGINE_STATE_ACCEPT_H
#define SE_ENGINE_STATE_ACCEPT_H

#include <stdint.h>

#include "engine/answer.h"
#include "engine/store.h"

/* Moves the grant's tokens into `state`: the old access token and the memory of failures go, the
 * old refresh token only when there is a new one. `now` in seconds since 1970; `max_age` as the
 * account has it; `chance` as for se_policy_times(). */
void se_state_accept(struct se_state *state, struct se_grant *grant, unsigned max_age, int64_t now,
	unsigned chance);

/* The new refresh token alone, if there is one: of a grant that is of no other use. */
void se_state_accept_refresh_token(struct se_state *state, struct se_grant *grant);

#endif
