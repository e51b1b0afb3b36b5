/*
 * check: judges a configuration and its files, for `check`, which says what is wrong, and `doctor`,
 * which says what is right as well.
 */
#ifndef SE_TOOL_CHECK_H
#define SE_TOOL_CHECK_H

#include <stdbool.h>

#include "engine/config.h"
#include "engine/crypto_certificate.h"

#include "tool/check_state_key.h"
#include "tool/findings.h"
#include "tool/identity.h"

/* Zeroed but for `identity` at the start. */
struct se_check {
	const struct se_identity *identity;
	struct se_config *config;                  /* NULL: not usable */
	struct se_certificate_facts *certificates; /* one an account; no subject: none */
	char *state_dir;                           /* NULL: tokens live in memory */
	se_state_key_id state_key;
	struct se_findings findings;
};

/* Reads the configuration. Ids: "configuration". */
void se_check_configuration(struct se_check *check);

/* Root becomes, for good, the owner of the tokens, who will read the files. False without a usable
 * configuration, or when that fails. */
bool se_check_as_owner(struct se_check *check);

/* The files of one account. Ids: "credential", "certificate-end". */
void se_check_account(struct se_check *check, size_t i);

/* Where tokens are kept. Ids: "state-directory", "state-key". */
void se_check_state(struct se_check *check);

void se_check_free(struct se_check *check);

#endif
