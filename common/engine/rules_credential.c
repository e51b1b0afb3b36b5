#include <string.h>

#include "engine/names.h"
#include "engine/rules_credential.h"

enum { KEYS_MAX = 4 };

/* The keys of a credential type; the first is the one it cannot do without. */
struct credential {
	const char *name;
	enum se_key keys[KEYS_MAX];
	size_t count;
	const char *todo; /* when the first is missing */
};

static const struct credential credentials[] = {
	{"secret", {SE_KEY_CLIENT_SECRET_FILE, SE_KEY_CLIENT_SECRET_COMMAND}, 2,
		"needs client_secret_file, the path of the file that holds the secret"},
	{"certificate", {SE_KEY_CERTIFICATE, SE_KEY_PRIVATE_KEY, SE_KEY_PRIVATE_KEY_PASSWORD_FILE},
		3, "needs certificate, the path of a PEM or PKCS#12 file"},
	{"federated", {SE_KEY_FEDERATED_TOKEN_FILE, SE_KEY_MANAGED_IDENTITY_ID}, 2,
		"needs federated_token_file: a path, env or managed-identity"},
	{"managed-identity", {SE_KEY_MANAGED_IDENTITY_ID}, 1,
		"needs managed_identity_id: system, client_id:GUID, object_id:GUID or "
		"resource_id:/subscriptions/..."},
	{"none", {SE_KEY_COUNT}, 0, NULL},
};

static bool
given(const struct se_account *account, enum se_key key)
{
	return account->value[key].text != NULL;
}

static const struct credential *
credential_of(const struct se_account *account)
{
	size_t i;

	for (i = 0; i < sizeof(credentials) / sizeof(credentials[0]); i++)
		if (se_name_equal(credentials[i].name, account->value[SE_KEY_CREDENTIAL].text))
			return &credentials[i];
	return NULL;
}

static bool
takes(const struct credential *credential, enum se_key key)
{
	size_t i;

	for (i = 0; i < credential->count; i++)
		if (credential->keys[i] == key)
			return true;
	return false;
}

/* A key of another type: two credentials, or a forgotten line. */
static void
refuse_strange_keys(const struct se_account *account, const struct credential *credential,
	struct se_report *report)
{
	size_t i, k;
	enum se_key key;

	for (i = 0; i < sizeof(credentials) / sizeof(credentials[0]); i++)
		for (k = 0; k < credentials[i].count; k++) {
			key = credentials[i].keys[k];
			if (!given(account, key) || takes(credential, key) ||
				(key == SE_KEY_MANAGED_IDENTITY_ID &&
					strcmp(credentials[i].name, "federated") == 0))
				continue;
			se_report_error(report, account->value[key].line, se_keys[key].name,
				"is used only with credential = %s, and [account %s] has "
				"credential = %s; keep one of them",
				credentials[i].name, account->label, credential->name);
		}
}

static void
refuse(const struct se_account *account, enum se_key key, struct se_report *report, const char *why)
{
	unsigned line = account->value[key].line;

	se_report_error(report, line != 0 ? line : account->line, se_keys[key].name, "%s", why);
}

/* The identity behind a federated credential is a managed one only where the file's name says so,
 * and then a user-assigned one. */
static void
check_federated(const struct se_account *account, struct se_report *report)
{
	const char *file = account->value[SE_KEY_FEDERATED_TOKEN_FILE].text;
	const char *id = account->value[SE_KEY_MANAGED_IDENTITY_ID].text;
	bool machine = file != NULL && strcmp(file, "managed-identity") == 0;

	if (machine && id == NULL)
		refuse(account, SE_KEY_FEDERATED_TOKEN_FILE, report,
			"managed-identity needs managed_identity_id: client_id:GUID, "
			"object_id:GUID or resource_id:/subscriptions/...");
	else if (machine && strcmp(id, "system") == 0)
		refuse(account, SE_KEY_MANAGED_IDENTITY_ID, report,
			"only a user-assigned identity can be an app's federated credential; write "
			"its client_id:GUID, object_id:GUID or resource_id:/subscriptions/...");
	else if (!machine && file != NULL && id != NULL)
		refuse(account, SE_KEY_MANAGED_IDENTITY_ID, report,
			"is used only with federated_token_file = managed-identity; remove one of "
			"the two lines");
}

static void
check_sign_in(const struct se_account *account, struct se_report *report)
{
	if (account->app_only && se_name_equal(account->value[SE_KEY_CREDENTIAL].text, "none"))
		refuse(account, SE_KEY_SIGN_IN, report,
			"app needs a credential; write credential = certificate and certificate = "
			"PATH, or sign_in = user");
	if (!account->app_only && account->machine)
		refuse(account, SE_KEY_SIGN_IN, report,
			"no person signs in with a managed identity; write sign_in = app, or "
			"another credential");
}

/* Of a secret there is one, and the system's configuration runs no programs for it: its agent has
 * nobody's password store. */
static void
check_command(const struct se_account *account, struct se_report *report)
{
	if (strcmp(report->path, SE_CONFIGURATION_PATH) == 0)
		refuse(account, SE_KEY_CLIENT_SECRET_COMMAND, report,
			"is for a user's own configuration only; write the secret into a file and "
			"client_secret_file = PATH here");
	else if (given(account, SE_KEY_CLIENT_SECRET_FILE))
		refuse(account, SE_KEY_CLIENT_SECRET_COMMAND, report,
			"the secret is in a file already, by client_secret_file; remove one of the "
			"two lines");
}

static bool
lacks_first(const struct se_account *account, const struct credential *credential)
{
	if (credential->keys[0] == SE_KEY_CLIENT_SECRET_FILE &&
		given(account, SE_KEY_CLIENT_SECRET_COMMAND))
		return false;
	return credential->count > 0 && !given(account, credential->keys[0]);
}

void
se_rules_check_credential(const struct se_account *account, struct se_report *report)
{
	const struct credential *credential = credential_of(account);

	if (credential == NULL)
		return; /* said by the value's own check */
	if (lacks_first(account, credential))
		refuse(account, SE_KEY_CREDENTIAL, report, credential->todo);
	refuse_strange_keys(account, credential, report);
	if (strcmp(credential->name, "federated") == 0)
		check_federated(account, report);
	if (given(account, SE_KEY_CLIENT_SECRET_COMMAND))
		check_command(account, report);
	check_sign_in(account, report);
}
