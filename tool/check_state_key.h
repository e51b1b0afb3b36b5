/*
 * check_state_key: judges state_key_file, and whether the state files are sealed with it.
 */
#ifndef SE_TOOL_CHECK_STATE_KEY_H
#define SE_TOOL_CHECK_STATE_KEY_H

#include "engine/config.h"
#include "engine/store_reseal.h"

#include "tool/findings.h"

typedef char se_state_key_id[17]; /* "": nothing is sealed */

/* As the user who owns them. `state_dir` (NULL: none) has been judged before. `id` becomes that of
 * the key that seals. */
void se_check_state_key(const struct se_config *config, const char *state_dir, se_state_key_id id,
	struct se_findings *findings);

#endif
