/* engine_status: the status of what an engine knows. */
#include <string.h>

#include "engine/engine_parts.h"
#include "engine/status_walk.h"

static const struct se_acquisition *
find(void *context, const char *token_key, struct se_error *error)
{
	const struct se_engine *engine = context;
	struct se_entry *entry = se_entry_find(engine, token_key);
	enum se_code code;

	if (entry == NULL)
		return NULL;
	if (entry->acquisition.phase == SE_PHASE_IDLE) {
		code = se_acquire_look(&entry->acquisition, error);
		if (code == SE_OK || code == SE_ABSENT)
			se_error_clear(error);
		se_entry_touch(entry);
	}
	return &entry->acquisition;
}

enum se_code
se_engine_status(struct se_engine *engine, const char *cursor, struct se_answer *answer,
	struct se_error *error)
{
	const struct se_world *world = engine->options.world;
	struct se_status_source source = {
		.config = engine->config,
		.store = engine->shared.store,
		.memory_only = engine->shared.store == NULL,
		.now = world->wall(world->context),
		.find = find,
		.context = engine,
	};

	se_engine_stir(engine);
	memset(answer, 0, sizeof(*answer));
	if (engine->config == NULL)
		return se_error_set(error, SE_CONFIG, "no configuration has been read");
	return se_status_walk(&source, cursor, answer, error);
}
