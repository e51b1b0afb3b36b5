#include <string.h>

#include "core/world.h"
#include "engine/credential_certificate.h"
#include "engine/names.h"

#include "tool/check_certificate.h"

/* Where a finding about a value stands: FILE:LINE: [account LABEL] KEY */
#define PLACE "%s:%u: [account %s] %s: "

static int64_t
now(void)
{
	return se_world_system.wall(se_world_system.context);
}

static void
fix_by_renewal(const struct se_account *account, struct se_findings *findings)
{
	const char *app = account->value[SE_KEY_CLIENT_ID].text;

	se_findings_fix(findings,
		"sasl-entra certificate new %s\n"
		"upload the .cer file that it names to app %s (Certificates & secrets), then\n"
		"sasl-entra certificate try %s\n"
		"sasl-entra certificate activate %s",
		account->label, app != NULL ? app : "", account->label, account->label);
}

void
se_check_certificate(const struct se_config *config, const struct se_account *account,
	struct se_certificate_facts *facts, struct se_findings *findings)
{
	const struct se_value *value = &account->value[SE_KEY_CERTIFICATE];
	const char *key = se_keys[SE_KEY_CERTIFICATE].name;
	enum se_key about;
	struct se_error error;
	char text[SE_ERROR_TEXT_MAX];

	memset(facts, 0, sizeof(*facts));
	if (!se_name_equal(account->value[SE_KEY_CREDENTIAL].text, "certificate"))
		return;
	if (se_credential_certificate_look(account, &se_world_system, facts, &about, &error) !=
		SE_OK) {
		const unsigned line = account->value[about].line;

		if (facts->sha256[0] != '\0') /* it is only the dates that are wrong */
			findings->id = "certificate-end";
		se_findings_add(findings, false, line, PLACE "%s", config->path, line,
			account->label, se_keys[about].name, error.text);
		if (facts->not_after != 0 && facts->not_after < now())
			fix_by_renewal(account, findings);
		return;
	}
	findings->id = "certificate-end";
	if (se_credential_certificate_ends(account, facts, &se_world_system, text, sizeof(text))) {
		se_findings_add(
			findings, true, value->line, "%s:%u: %s", config->path, value->line, text);
		fix_by_renewal(account, findings);
	}
	findings->id = "credential";
	if (facts->pss_only)
		se_findings_add(findings, true, value->line,
			PLACE
			"the key of %s is of type RSASSA-PSS, and Microsoft does not say that "
			"Entra takes such a certificate; a plain RSA key is sure to work",
			config->path, value->line, account->label, key, value->text);
}
