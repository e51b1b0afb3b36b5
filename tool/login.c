#include <string.h>

#include "core/world.h"
#include "engine/state_accept.h"

#include "tool/interrupt.h"
#include "tool/keep_sign_in.h"
#include "tool/login.h"

/* --- the beginning ---------------------------------------------------------------------------- */

/* Before anybody signs in: a sign-in that cannot be kept would be in vain. */
static enum se_code
try_store(const struct se_place *place, struct se_error *error)
{
	struct se_state state;
	int lock;
	enum se_code code = se_store_lock(place->store, &place->key, &lock, error);

	if (code == SE_OK)
		se_store_unlock(lock);
	else if (code != SE_AGAIN || error->text[0] != '\0')
		return code;
	code = se_store_read(place->store, &place->key, &state, error);
	se_state_free(&state);
	return code == SE_OK || code == SE_ABSENT ? se_store_try(place->store, &place->key, error)
						  : code;
}

enum se_code
se_login_begin(struct se_login *login, const struct se_identity *identity, const char *name,
	const struct se_login_options *options, struct se_error *error)
{
	enum se_code code;

	memset(login, 0, sizeof(*login));
	login->options = options;
	login->name = name;
	code = se_place_find(identity, name, &login->place, error);
	if (code == SE_OK)
		code = se_place_check_person(&login->place, name, "a person's sign-in", error);
	if (code == SE_OK)
		code = se_place_open(&login->place, error);
	if (code == SE_OK)
		code = try_store(&login->place, error);
	return code == SE_OK ? se_sign_in_begin(&login->sign_in, login->place.account, name, error)
			     : code;
}

void
se_login_end(struct se_login *login)
{
	se_poster_end(&login->poster);
	se_sign_in_end(&login->sign_in);
	se_signed_in_free(&login->signed_in);
	se_place_free(&login->place);
}

/* --- meanwhile -------------------------------------------------------------------------------- */

int64_t
se_login_now(void)
{
	return se_world_system.monotonic(se_world_system.context);
}

size_t
se_login_prepare_interrupt(void *context, struct pollfd *fds, int *wait)
{
	(void)context;
	(void)wait;
	fds[0] = (struct pollfd){.fd = se_interrupt_descriptor(), .events = POLLIN};
	return 1;
}

bool
se_login_turn_interrupt(void *context)
{
	(void)context;
	return !se_interrupted();
}

enum se_code
se_login_watch(struct se_login *login, struct se_error *error)
{
	return se_poster_begin(
		&login->poster, &se_world_system, &login->watch, login->place.account, error);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* The tokens of another sign-in go, and so does the memory of errors. */
static enum se_code
write_state(const struct se_login *login, struct se_grant *grant, struct se_error *error)
{
	const struct se_place *place = &login->place;
	struct se_state state;
	unsigned char chance = 0;
	enum se_code code = se_store_read(place->store, &place->key, &state, error);
	const int64_t signed_in = se_sign_in_time(&state);

	se_state_free(&state);
	if (code != SE_OK && code != SE_ABSENT)
		return code;
	(void)se_world_system.random(se_world_system.context, &chance, sizeof(chance));
	se_state_accept(&state, grant, place->account->max_age,
		se_world_system.wall(se_world_system.context), chance);
	state.signed_in = signed_in;
	code = se_store_write(place->store, &place->key, &state, error);
	se_state_free(&state);
	return code;
}

enum se_code
se_login_keep(struct se_login *login, struct se_error *error)
{
	int lock = -1;
	enum se_code code = se_place_lock(&login->place, SE_PLACE_WAIT_LONG_MS, &lock, error);

	if (code != SE_OK)
		return code;
	if (se_interrupted())
		code = se_error_set(error, SE_SIGN_IN, "the sign-in was given up");
	else
		code = write_state(login, &login->signed_in.grant, error);
	se_store_unlock(lock);
	return code;
}
