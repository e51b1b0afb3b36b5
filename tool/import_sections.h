/*
 * import_sections: account sections for what an import takes, behind the configuration as it is.
 */
#ifndef SE_TOOL_IMPORT_SECTIONS_H
#define SE_TOOL_IMPORT_SECTIONS_H

#include "engine/config.h"

#include "tool/import_account.h"

enum { SE_IMPORT_ACCOUNTS_MAX = 500, SE_IMPORT_LABEL_MAX = 64 };

/* All that an import is about. */
struct se_import_accounts {
	struct se_import_account list[SE_IMPORT_ACCOUNTS_MAX];
	size_t count;
	char labels[SE_IMPORT_ACCOUNTS_MAX][SE_IMPORT_LABEL_MAX];
};

/* Finds for each account the one that serves it already, or gives it a label; those of one
 * registration share it. What another account serves is a finding, an error. `config` may be NULL. */
void se_import_assign(struct se_import_accounts *accounts, const struct se_config *config,
	struct se_findings *findings);

/* The file that holds the client secret of the account's label, for free(). */
char *se_import_secret_file(const struct se_import_account *account, const char *configuration);

/* Appends the sections of the accounts that have none. */
bool se_import_write_sections(const struct se_import_accounts *accounts, const char *configuration,
	struct se_buffer *out);

#endif
