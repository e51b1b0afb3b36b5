#include <errno.h>
#include <string.h>

#include "core/file.h"
#include "engine/acquire_parts.h"

enum { SAVE_AGAIN_MS = 60000 };

static bool
has_store(const struct se_acquisition *acquisition)
{
	return acquisition->store != NULL && !acquisition->file_broken;
}

void
se_acquire_complain(struct se_acquisition *acquisition, const struct se_error *error)
{
	struct se_error line;

	if (acquisition->complained)
		return;
	acquisition->complained = true;
	se_error_set(&line, SE_OK,
		"the token of %s is used but could not be kept, and lives in "
		"memory until that works: %s",
		acquisition->login[0] != '\0' ? acquisition->login : acquisition->key.holder,
		error->text);
	se_acquire_say(acquisition, true, line.text);
}

/* Only under the lock: somebody else's newer refresh token must not be written over. */
void
se_acquire_save(struct se_acquisition *acquisition)
{
	struct se_error error = {0};

	if (!has_store(acquisition) || acquisition->lock < 0)
		return;
	if (se_store_write(acquisition->store, &acquisition->key, &acquisition->state, &error) ==
		SE_OK) {
		acquisition->unsaved = false;
		acquisition->complained = false;
		acquisition->file = se_store_identify(acquisition->store, &acquisition->key);
		return;
	}
	acquisition->save_again = se_acquire_monotonic(acquisition) + SAVE_AGAIN_MS;
	if (acquisition->unsaved)
		se_acquire_complain(acquisition, &error);
}

/* A token that a full disk kept from the file goes there when there is room again. */
void
se_acquire_save_unsaved(struct se_acquisition *acquisition, bool now)
{
	if (!acquisition->unsaved || acquisition->phase != SE_PHASE_IDLE ||
		acquisition->store == NULL)
		return;
	if (!now && se_acquire_monotonic(acquisition) < acquisition->save_again)
		return;
	if (se_store_lock(acquisition->store, &acquisition->key, &acquisition->lock, NULL) != SE_OK)
		return;
	(void)se_acquire_look(acquisition, NULL); /* a file that it cannot read it does not write */
	if (acquisition->unsaved)
		se_acquire_save(acquisition);
	if (acquisition->file_broken)
		acquisition->save_again = se_acquire_monotonic(acquisition) + SAVE_AGAIN_MS;
	se_store_unlock(acquisition->lock);
	acquisition->lock = -1;
}

/* Of two states of which one is from the time before the clock was set back, that one is older. */
static bool
is_newer(const struct se_state *a, const struct se_state *b, int64_t wall)
{
	bool a_ahead = se_policy_from_the_future(a->times.obtained, wall);
	bool b_ahead = se_policy_from_the_future(b->times.obtained, wall);

	return a_ahead == b_ahead ? a->times.obtained > b->times.obtained : b_ahead;
}

/* Takes over what was read, unless what is at hand is newer and not kept yet. */
static void
merge(struct se_acquisition *acquisition, struct se_state *found)
{
	struct se_state *state = &acquisition->state;

	if (acquisition->unsaved && !is_newer(found, state, se_acquire_wall(acquisition))) {
		se_state_free(found);
		return;
	}
	acquisition->unsaved = false;
	se_state_free(state);
	*state = *found;
}

void
se_acquire_drop(struct se_acquisition *acquisition)
{
	se_state_free(&acquisition->state);
	acquisition->unsaved = false;
}

bool
se_acquire_is_told(const struct se_acquisition *acquisition)
{
	return acquisition->store == NULL ||
	       (acquisition->seen != 0 && !acquisition->unsaved && !acquisition->file_broken &&
		       acquisition->file.inode != 0);
}

/* Whether the kernel says that nothing has changed since the file was read. Under the lock, where it
 * matters most, it is looked at all the same. */
static bool
is_as_it_was(struct se_acquisition *acquisition)
{
	const uint64_t changes = se_store_changes(acquisition->store);
	const bool is = changes == acquisition->seen;

	acquisition->seen = changes;
	return is && acquisition->lock < 0 && se_acquire_is_told(acquisition);
}

enum se_code
se_acquire_look(struct se_acquisition *acquisition, struct se_error *error)
{
	struct se_file_id id, none = {0, 0, 0, 0};
	SE_UNSET struct se_state found;
	enum se_code code;

	if (acquisition->store == NULL)
		return SE_ABSENT;
	if (is_as_it_was(acquisition))
		return SE_OK;
	id = se_store_identify(acquisition->store, &acquisition->key);
	if (se_file_same(&id, &none) && errno != ENOENT) {
		acquisition->file_broken = true;
		return se_error_set(error, se_code_of_errno(errno),
			"the state file %s/%s.json cannot be looked at: %s",
			se_store_path(acquisition->store), acquisition->key.name, strerror(errno));
	}
	if (se_file_same(&id, &none)) {
		if (!se_file_same(&acquisition->file, &none))
			se_acquire_drop(acquisition); /* somebody removed it: logged out */
		acquisition->file = none;
		acquisition->file_broken = false;
		return SE_ABSENT;
	}
	if (se_file_same(&id, &acquisition->file) && !acquisition->file_broken)
		return SE_OK;
	code = se_store_read(acquisition->store, &acquisition->key, &found, error);
	if (code == SE_OK) {
		merge(acquisition, &found);
		acquisition->file = id;
	}
	acquisition->file_broken = code != SE_OK && code != SE_ABSENT;
	return code;
}
