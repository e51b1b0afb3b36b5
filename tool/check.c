#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/state_dir.h"

#include "tool/check.h"
#include "tool/check_certificate.h"
#include "tool/check_files.h"

void
se_check_configuration(struct se_check *check)
{
	struct se_problems *problems = calloc(1, sizeof(*problems));
	struct se_error error;
	enum se_code code;

	check->findings.id = "configuration";
	if (problems == NULL) {
		check->findings.failed = true;
		return;
	}
	code = se_config_load(check->identity->configuration, &check->config, problems, &error);
	for (size_t i = 0; i < problems->count; i++)
		se_findings_add(&check->findings, problems->list[i].warning, problems->list[i].line,
			"%s", problems->list[i].text);
	if (code != SE_OK && problems->errors == 0)
		se_findings_add(&check->findings, false, 0, "%s", error.text);
	if (code != SE_OK && access(check->identity->configuration, F_OK) != 0)
		se_findings_fix(&check->findings, "sasl-entra setup");
	free(problems);
}

bool
se_check_as_owner(struct se_check *check)
{
	struct se_error error;

	if (check->config == NULL)
		return false;
	if (se_identity_become_owner(check->identity, true, &error) != SE_OK) {
		se_findings_add(&check->findings, false, 0, "%s", error.text);
		return false;
	}
	check->certificates =
		calloc(check->config->account_count + 1, sizeof(*check->certificates));
	check->findings.failed |= check->certificates == NULL;
	return true;
}

/* What only the agent's environment has cannot be judged from here. */
void
se_check_account(struct se_check *check, size_t i)
{
	const struct se_account *account = &check->config->accounts[i];

	check->findings.id = "credential";
	if (account->unusable != NULL) {
		se_findings_add(&check->findings, true, account->line, "%s:%u: [account %s] %s",
			check->config->path, account->line, account->label, account->unusable);
		return;
	}
	se_check_account_files(check->config, account, &check->findings);
	if (check->certificates != NULL)
		se_check_certificate(
			check->config, account, &check->certificates[i], &check->findings);
}

void
se_check_state(struct se_check *check)
{
	/* as the one who will keep them */
	check->state_dir = se_state_dir(check->config, SE_ROLE_TOOL, check->identity->users_own);
	if (check->state_dir == NULL)
		return;
	check->findings.id = "state-directory";
	se_check_state_directory(
		check->state_dir, geteuid() != 0 && check->identity->users_own, &check->findings);
	check->findings.id = "state-key";
	se_check_state_key(check->config, check->state_dir, check->state_key, &check->findings);
}

void
se_check_free(struct se_check *check)
{
	se_config_free(check->config);
	free(check->certificates);
	free(check->state_dir);
	se_findings_free(&check->findings);
}
