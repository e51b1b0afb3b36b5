#include <string.h>

#include "engine/account.h"
#include "engine/names.h"

#include "tool/doctor.h"

/* What a whole configuration says, and what its files are, `check` judges the same. */
void
se_doctor_configuration(struct se_doctor *doctor)
{
	struct se_error error;

	if (se_config_load(doctor->identity->configuration, &doctor->config, NULL, &error) !=
		SE_OK) {
		se_checkup_add(&doctor->checkup, "configuration", SE_PROBLEM,
			"sasl-entra check says everything that is wrong in it", "%s", error.text);
		return;
	}
	se_checkup_fine(&doctor->checkup, "configuration", "%s is right", doctor->config->path);
	if (doctor->name != NULL)
		doctor->account = se_account_named(doctor->config, doctor->name, &error);
	if (doctor->name != NULL && doctor->account == NULL)
		se_checkup_add(&doctor->checkup, "account", SE_PROBLEM, NULL, "%s", error.text);
}

bool
se_doctor_login(const struct se_doctor *doctor, const struct se_account *account,
	char login[SE_NAME_MAX + 1])
{
	const char *identity = account->value[SE_KEY_IDENTITY].text;

	if (doctor->name != NULL && strchr(doctor->name, '@') != NULL)
		return se_copy(login, SE_NAME_MAX + 1, doctor->name);
	for (size_t i = 0; account->match != NULL && account->match[i] != NULL; i++)
		if (strchr(account->match[i], '*') == NULL)
			return se_copy(login, SE_NAME_MAX + 1, account->match[i]);
	return identity != NULL && se_copy(login, SE_NAME_MAX + 1, identity);
}
