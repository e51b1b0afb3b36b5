#include <string.h>

#include "engine/state_accept.h"

void
se_state_accept_refresh_token(struct se_state *state, struct se_grant *grant)
{
	if (grant->refresh_token == NULL)
		return;
	se_secret_free(state->refresh_token);
	state->refresh_token = grant->refresh_token;
	grant->refresh_token = NULL;
}

void
se_state_accept(struct se_state *state, struct se_grant *grant, unsigned max_age, int64_t now,
	unsigned chance)
{
	const struct se_lifetime lifetime = {
		.expires_in = grant->expires_in,
		.refresh_in = grant->refresh_in,
		.max_age = max_age,
		.roleless = grant->roleless,
	};

	se_secret_free(state->access_token);
	state->access_token = grant->access_token;
	grant->access_token = NULL;
	state->times = se_policy_times(now, &lifetime, chance);
	(void)se_copy(state->fingerprint, sizeof(state->fingerprint), grant->fingerprint);
	se_state_accept_refresh_token(state, grant);
	if (state->refresh_token != NULL)
		state->refresh_token_since = now; /* using it counts as activity */
	memset(&state->failure, 0, sizeof(state->failure));
}
