/* Fuzzes the configuration: any bytes are either a configuration that is whole, or refused with a
 * sentence that names the file. */
#include <string.h>

#include "engine/account.h"
#include "engine/config.h"

#include "fuzz.h"

static void
use(const struct se_config *config)
{
	static const char *const logins[] = {
		"", "*", "@", "anna@contoso.com", "scanner@contoso.com"};
	const struct se_account *account;
	struct se_error error;
	size_t i;

	for (i = 0; i < config->account_count; i++) {
		account = &config->accounts[i];
		must(account->label[0] != '\0' && account->match[0] != NULL);
		must(account->servers[0] != NULL && account->scope != NULL);
		must(account->timeout >= 1 && account->timeout <= 20);
		must(se_account_named(config, account->label, &error) == account);
	}
	for (i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		account = se_account_match(config, logins[i], &error);
		if (account == NULL)
			must(error.code == SE_NO_ACCOUNT && error.text[0] != '\0');
		else
			se_account_check_server(account, logins[i], &error);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct se_problems problems;
	struct se_config *config;
	struct se_error error;
	enum se_code code;
	size_t i;

	code = se_config_parse((const char *)data, size, "fuzz.conf", &config, &problems, &error);
	must((code == SE_OK) == (config != NULL));
	must((code == SE_OK) == (problems.errors == 0));
	for (i = 0; i < problems.count; i++) {
		must(strncmp(problems.list[i].text, "fuzz.conf:", 10) == 0);
		must_be_printable(problems.list[i].text);
	}
	if (config != NULL)
		use(config);
	se_config_free(config);
	return 0;
}
