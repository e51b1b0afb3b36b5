/* Fuzzes what a managed identity's endpoint answers. An input is "KIND IDENTITY STATUS RETRY_AFTER"
 * (KIND and IDENTITY are numbers, see below), a line end, and the body. */
#include <stdlib.h>
#include <string.h>

#include "engine/managed_identity.h"

#include "fuzz.h"

#define CLIENT "00001111-aaaa-2222-bbbb-3333cccc4444"

enum { IDENTITIES = 4, NOW = 1800000000 };

static const struct se_account *
account_of(unsigned identity)
{
	static const struct se_config *config;

#define ACCOUNT(label, identity) \
	"[account " label "]\nmatch = " label "@contoso.com\ncredential = managed-identity\n" \
	"managed_identity_id = " identity "\n"
	if (config == NULL)
		config = config_of(ACCOUNT("a", "system") ACCOUNT("b", "client_id:" CLIENT)
				ACCOUNT("c", "object_id:" CLIENT) ACCOUNT("d",
					"resource_id:/subscriptions/a/resourceGroups/b/providers/"
					"Microsoft.ManagedIdentity/userAssignedIdentities/relay"));
	return &config->accounts[identity % IDENTITIES];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	struct se_machine machine = {.kind = (enum se_machine_kind)(input_number(&input) % 3),
		.url = "http://169.254.169.254/metadata/identity/oauth2/token"};
	const struct se_account *account = account_of(input_number(&input));
	struct se_http_response response = {.status = (long)input_number(&input), .challenge = ""};
	struct se_grant grant;
	struct se_error error;
	enum se_code code;
	char *body;

	response.retry_after = input_number(&input);
	response.body_len = input.len;
	response.body = body = input_text(&input, input.len); /* with the NUL behind it */
	se_error_clear(&error);
	code = se_machine_answer(&machine, account, &response, NOW, &grant, &error);
	if (code == SE_OK) {
		must(response.status == 200 && grant.access_token != NULL);
		must(strlen(grant.fingerprint) == SE_FINGERPRINT_MAX);
		must(grant.expires_in >= -1 && grant.refresh_token == NULL);
	} else {
		must(grant.access_token == NULL);
		must_explain(&error, code);
		must_hold_no_secret(error.text, response.body, response.body_len);
	}
	must(se_machine_pause(response.status, 0) >= -1);
	se_grant_free(&grant);
	free(body);
	return 0;
}
