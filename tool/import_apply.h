/*
 * import_apply: does what an import plans, and undoes it.
 */
#ifndef SE_TOOL_IMPORT_APPLY_H
#define SE_TOOL_IMPORT_APPLY_H

#include "tool/import_plan.h"

/* What a person types to go back. */
#define SE_IMPORT_UNDO "sasl-entra import sasl-xoauth2 --undo"

/* Every step is kept in the journal before it is done; where one fails all is put back, or the text
 * says that it was not. */
enum se_code se_import_apply(const struct se_import_plan *plan, struct se_error *error);

/* Gets a token for each login name that was taken; says on stderr which have none. The process may
 * be another user's afterwards. Returns how many have none. */
size_t se_import_try(const struct se_import_plan *plan);

struct se_import_undone {
	bool earlier; /* there are imports before the one that was interrupted; they stay */
	size_t left;  /* sign-ins that somebody has made since, which stay; stderr has them */
};

/* Puts back what an import that was interrupted has changed; without one, what all imports have.
 * `force`: also files that were changed since, but never a sign-in. */
enum se_code se_import_undo(const struct se_identity *identity, bool force,
	struct se_import_undone *undone, struct se_error *error);

#endif
