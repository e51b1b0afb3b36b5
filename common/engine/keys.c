#include "engine/keys.h"
#include "engine/names.h"

enum {
	ACCOUNT = SE_IN_ACCOUNT,
	DEFAULTS = SE_IN_DEFAULTS,
	BOTH = SE_IN_ACCOUNT | SE_IN_DEFAULTS,
	USER_MAX = 320,   /* bytes of a login name or SASL user, SE_NAME_MAX */
	TENANT_MAX = 253, /* bytes of a domain name */
	URL_MAX = 2000,
	PATH_BYTES = 1024,
	LIST_MAX = 32768,
	CLIENT_ID_MAX = 200,
	RESOURCE_ID_MAX = 512
};

static const char *const clouds[] = {
	"global", "gcc-high", "usgov", "dod", "usgov-dod", "china", NULL};
static const char *const sign_ins[] = {"app", "user", NULL};
static const char *const credentials[] = {
	"secret", "certificate", "federated", "managed-identity", "none", NULL};
static const char *const services[] = {"smtp", "imap", "pop", NULL};
static const char *const providers[] = {"entra", "hve", "acs", "google", "custom", NULL};
static const char *const sources[] = {"entra", "password", NULL};

const struct se_key_info se_keys[SE_KEY_COUNT] = {
	[SE_KEY_MATCH] = {"match", SE_TYPE_MATCHES, ACCOUNT, NULL, NULL, 1, LIST_MAX, false},
	[SE_KEY_TENANT] = {"tenant", SE_TYPE_TENANT, ACCOUNT, NULL, NULL, 1, TENANT_MAX, false},
	[SE_KEY_CLIENT_ID] = {"client_id", SE_TYPE_CLIENT_ID, ACCOUNT, NULL, NULL, 1, CLIENT_ID_MAX,
		false},
	[SE_KEY_CLOUD] = {"cloud", SE_TYPE_WORD, BOTH, "global", clouds, 0, 0, false},
	[SE_KEY_SIGN_IN] = {"sign_in", SE_TYPE_WORD, ACCOUNT, NULL, sign_ins, 0, 0, false},
	[SE_KEY_CREDENTIAL] = {"credential", SE_TYPE_WORD, ACCOUNT, "none", credentials, 0, 0,
		false},
	[SE_KEY_CLIENT_SECRET_FILE] = {"client_secret_file", SE_TYPE_PATH, ACCOUNT, NULL, NULL, 2,
		PATH_BYTES, true},
	[SE_KEY_CLIENT_SECRET_COMMAND] = {"client_secret_command", SE_TYPE_COMMAND, ACCOUNT, NULL,
		NULL, 1, PATH_BYTES, false},
	[SE_KEY_CERTIFICATE] = {"certificate", SE_TYPE_PATH, ACCOUNT, NULL, NULL, 2, PATH_BYTES,
		false},
	[SE_KEY_PRIVATE_KEY] = {"private_key", SE_TYPE_KEY, ACCOUNT, NULL, NULL, 2, PATH_BYTES,
		true},
	[SE_KEY_PRIVATE_KEY_PASSWORD_FILE] = {"private_key_password_file", SE_TYPE_PATH, ACCOUNT,
		NULL, NULL, 2, PATH_BYTES, true},
	[SE_KEY_FEDERATED_TOKEN_FILE] = {"federated_token_file", SE_TYPE_FEDERATED, ACCOUNT, NULL,
		NULL, 2, PATH_BYTES, false},
	[SE_KEY_MANAGED_IDENTITY_ID] = {"managed_identity_id", SE_TYPE_MACHINE, ACCOUNT, NULL, NULL,
		6, RESOURCE_ID_MAX, false},
	[SE_KEY_IDENTITY] = {"identity", SE_TYPE_TEXT, ACCOUNT, NULL, NULL, 1, USER_MAX, false},
	/* The default depends on the file, so that it stands in derive.c. */
	[SE_KEY_SERVICES] = {"services", SE_TYPE_LIST, BOTH, NULL, services, 1, LIST_MAX, false},
	[SE_KEY_SERVERS] = {"servers", SE_TYPE_HOSTS, ACCOUNT, NULL, NULL, 1, LIST_MAX, false},
	[SE_KEY_SASL_USER] = {"sasl_user", SE_TYPE_TEXT, ACCOUNT, NULL, NULL, 1, USER_MAX, false},
	[SE_KEY_SASL_USER_SMTP] = {"sasl_user_smtp", SE_TYPE_TEXT, ACCOUNT, NULL, NULL, 1, USER_MAX,
		false},
	[SE_KEY_SASL_USER_IMAP] = {"sasl_user_imap", SE_TYPE_TEXT, ACCOUNT, NULL, NULL, 1, USER_MAX,
		false},
	[SE_KEY_SCOPE] = {"scope", SE_TYPE_LIST, ACCOUNT, NULL, NULL, 1, URL_MAX, false},
	[SE_KEY_AUTHORITY] = {"authority", SE_TYPE_ORIGIN, ACCOUNT, NULL, NULL, 9, URL_MAX, false},
	[SE_KEY_TOKEN_ENDPOINT] = {"token_endpoint", SE_TYPE_URL, ACCOUNT, NULL, NULL, 10, URL_MAX,
		false},
	[SE_KEY_DEVICE_ENDPOINT] = {"device_endpoint", SE_TYPE_URL, ACCOUNT, NULL, NULL, 10,
		URL_MAX, false},
	[SE_KEY_AUTHORIZATION_ENDPOINT] = {"authorization_endpoint", SE_TYPE_URL, ACCOUNT, NULL,
		NULL, 10, URL_MAX, false},
	[SE_KEY_PROVIDER] = {"provider", SE_TYPE_WORD, ACCOUNT, "entra", providers, 0, 0, false},
	[SE_KEY_TOKEN_FROM] = {"token_from", SE_TYPE_WORD, ACCOUNT, "entra", sources, 0, 0, false},
	[SE_KEY_PROXY] = {"proxy", SE_TYPE_PROXY, BOTH, NULL, NULL, 8, URL_MAX, false},
	[SE_KEY_CA_FILE] = {"ca_file", SE_TYPE_PATH, BOTH, NULL, NULL, 2, PATH_BYTES, false},
	[SE_KEY_TIMEOUT] = {"timeout", SE_TYPE_SECONDS, BOTH, "10", NULL, 1, 20, false},
	[SE_KEY_MIN_LIFETIME] = {"min_lifetime", SE_TYPE_SECONDS, BOTH, "300", NULL, 0, 3600,
		false},
	[SE_KEY_MAX_AGE] = {"max_age", SE_TYPE_SECONDS, BOTH, NULL, NULL, 60, 86400, false},
	[SE_KEY_ALLOW] = {"allow", SE_TYPE_LIST, ACCOUNT, NULL, NULL, 1, LIST_MAX, false},
	[SE_KEY_STATE_DIR] = {"state_dir", SE_TYPE_PATH, DEFAULTS, NULL, NULL, 2, PATH_BYTES,
		false},
	[SE_KEY_STATE_KEY_FILE] = {"state_key_file", SE_TYPE_PATH, DEFAULTS, NULL, NULL, 2,
		PATH_BYTES, true},
	[SE_KEY_STATE_KEY_COMMAND] = {"state_key_command", SE_TYPE_COMMAND, DEFAULTS, NULL, NULL, 1,
		PATH_BYTES, false},
	[SE_KEY_ON_PROBLEM] = {"on_problem", SE_TYPE_PATH, BOTH, NULL, NULL, 2, PATH_BYTES, false},
};

enum se_key
se_key_find(const char *name)
{
	int i;

	for (i = 0; i < SE_KEY_COUNT; i++)
		if (se_name_equal(se_keys[i].name, name))
			break;
	return (enum se_key)i;
}

const char *
se_key_nearest(const char *name)
{
	const char *nearest = NULL;
	unsigned distance, best = 4;
	int i;

	for (i = 0; i < SE_KEY_COUNT; i++) {
		distance = se_name_distance(name, se_keys[i].name);
		if (distance < best) {
			best = distance;
			nearest = se_keys[i].name;
		}
	}
	return nearest;
}
