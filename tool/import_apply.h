/*
 * import_apply: does what an import plans, and undoes it.
 */
#ifndef SE_TOOL_IMPORT_APPLY_H
#define SE_TOOL_IMPORT_APPLY_H

#include "tool/import_plan.h"

/* Every step is kept in the journal before it is done; where one fails all is put back, or the text
 * says that it was not. */
enum se_code se_import_apply(const struct se_import_plan *plan, struct se_error *error);

/* Gets a token for each login name that was taken; says on stderr which have none. The process may
 * be another user's afterwards. Returns how many have none. */
size_t se_import_try(const struct se_import_plan *plan);

/* Puts everything back. `force`: also files that were changed since. */
enum se_code se_import_undo(const struct se_identity *identity, bool force, struct se_error *error);

#endif
