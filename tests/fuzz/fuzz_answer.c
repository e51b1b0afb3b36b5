/* Fuzzes the answers of token endpoints. An input is "STATUS RETRY_AFTER", a line end, and the
 * body: it is a token, or an error with a sentence. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/answer.h"
#include "engine/provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int condition)
{
	if (!condition)
		abort();
}

static unsigned
take_number(const uint8_t **data, size_t *size)
{
	unsigned number = 0;

	for (; *size > 0 && **data >= '0' && **data <= '9' && number < 100000; (*data)++, (*size)--)
		number = number * 10 + (unsigned)(**data - '0');
	if (*size > 0 && (**data == ' ' || **data == '\n')) {
		(*data)++;
		(*size)--;
	}
	return number;
}

static void
fill_account(struct se_account *account, bool app_only)
{
	memset(account, 0, sizeof(*account));
	account->label = "relay";
	account->line = 1;
	account->app_only = app_only;
	account->provider = se_provider_find("entra");
	account->scope = "https://outlook.office365.com/.default";
	account->authority = "https://login.microsoftonline.com/contoso.onmicrosoft.com";
	account->token_endpoint =
		"https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token";
	account->value[SE_KEY_TENANT].text = "contoso.onmicrosoft.com";
	account->value[SE_KEY_CLIENT_ID].text = "00001111-aaaa-2222-bbbb-3333cccc4444";
	account->value[SE_KEY_CREDENTIAL].text = app_only ? "secret" : "none";
	account->value[SE_KEY_CLIENT_SECRET_FILE].text =
		app_only ? "/etc/sasl-entra/relay.secret" : NULL;
	account->value[SE_KEY_SIGN_IN].text = app_only ? "app" : "user";
	account->value[SE_KEY_TOKEN_FROM].text = "entra";
	account->value[SE_KEY_CLOUD].text = "global";
}

static void
read_answer(bool app_only, unsigned status, const char *body, size_t len, unsigned retry_after)
{
	struct se_account account;
	struct se_error error;
	struct se_grant grant;
	enum se_code code;
	const char *c;

	fill_account(&account, app_only);
	memset(&grant, 0, sizeof(grant));
	se_error_clear(&error);
	code = se_answer_read(&account, "scanner@contoso.com", (long)status, body, len, retry_after,
		&grant, &error);
	if (code == SE_OK) {
		must(grant.access_token != NULL && se_secret_len(grant.access_token) > 0);
		must(strlen(grant.fingerprint) == SE_FINGERPRINT_MAX);
		must(grant.expires_in >= -1 && grant.refresh_in >= -1);
	} else {
		must(error.code == code && error.text[0] != '\0');
		for (c = error.text; *c != '\0'; c++)
			must((unsigned char)*c >= ' ' && *c != 0x7f);
	}
	se_grant_free(&grant);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned status = take_number(&data, &size);
	unsigned retry_after = take_number(&data, &size);

	read_answer(true, status, (const char *)data, size, retry_after);
	read_answer(false, status, (const char *)data, size, retry_after);
	return 0;
}
