/*
 * check_files: judges what an account's values and the state directory name on disk, as the user
 * who will read it.
 */
#ifndef SE_TOOL_CHECK_FILES_H
#define SE_TOOL_CHECK_FILES_H

#include "engine/config.h"

#include "tool/findings.h"

/* The account's credential files, but for certificate and key, and its ca_file. */
void se_check_account_files(const struct se_config *config, const struct se_account *account,
	struct se_findings *findings);

/* `made_when_needed`: it is no fault when it does not exist yet. */
void
se_check_state_directory(const char *path, bool made_when_needed, struct se_findings *findings);

#endif
