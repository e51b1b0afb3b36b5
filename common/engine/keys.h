/*
 * keys: the one table of configuration keys. The parser, `sasl-entra check`, and the test that
 * compares the manual page with it all read this table.
 */
#ifndef SE_ENGINE_KEYS_H
#define SE_ENGINE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum se_key {
	SE_KEY_MATCH,
	SE_KEY_TENANT,
	SE_KEY_CLIENT_ID,
	SE_KEY_CLOUD,
	SE_KEY_SIGN_IN,
	SE_KEY_CREDENTIAL,
	SE_KEY_CLIENT_SECRET_FILE,
	SE_KEY_CLIENT_SECRET_COMMAND,
	SE_KEY_CERTIFICATE,
	SE_KEY_PRIVATE_KEY,
	SE_KEY_PRIVATE_KEY_PASSWORD_FILE,
	SE_KEY_FEDERATED_TOKEN_FILE,
	SE_KEY_MANAGED_IDENTITY_ID,
	SE_KEY_IDENTITY,
	SE_KEY_SERVICES,
	SE_KEY_SERVERS,
	SE_KEY_SASL_USER,
	SE_KEY_SASL_USER_SMTP,
	SE_KEY_SASL_USER_IMAP,
	SE_KEY_SCOPE,
	SE_KEY_AUTHORITY,
	SE_KEY_TOKEN_ENDPOINT,
	SE_KEY_DEVICE_ENDPOINT,
	SE_KEY_AUTHORIZATION_ENDPOINT,
	SE_KEY_PROVIDER,
	SE_KEY_TOKEN_FROM,
	SE_KEY_PROXY,
	SE_KEY_CA_FILE,
	SE_KEY_TIMEOUT,
	SE_KEY_MIN_LIFETIME,
	SE_KEY_MAX_AGE,
	SE_KEY_ALLOW,
	SE_KEY_STATE_DIR,
	SE_KEY_STATE_KEY_FILE,
	SE_KEY_STATE_KEY_COMMAND,
	SE_KEY_ON_PROBLEM,
	SE_KEY_COUNT
};

enum se_key_type {
	SE_TYPE_WORD,      /* one of `choices` */
	SE_TYPE_TEXT,      /* printable, no spaces */
	SE_TYPE_LIST,      /* words separated by commas or spaces */
	SE_TYPE_MATCHES,   /* login names: addresses, *@domain, * */
	SE_TYPE_CLIENT_ID, /* one word; a GUID with Microsoft, as rules.c sees to */
	SE_TYPE_TENANT,    /* GUID or domain name, or common, organizations, consumers */
	SE_TYPE_HOSTS,     /* host names, or * */
	SE_TYPE_ORIGIN,    /* https://HOST[:PORT] */
	SE_TYPE_URL,       /* https://HOST[:PORT]/PATH */
	SE_TYPE_PROXY,     /* http://HOST:PORT, https://, socks5h://; no user and password in it */
	SE_TYPE_PATH,      /* absolute */
	SE_TYPE_KEY,       /* a path, or the URI of a key that an OpenSSL store has: pkcs11:... */
	SE_TYPE_FEDERATED, /* a path, env, or managed-identity */
	SE_TYPE_MACHINE, /* system, client_id:GUID, object_id:GUID, resource_id:/subscriptions/... */
	SE_TYPE_COMMAND, /* words: a path or a program's name, and its arguments */
	SE_TYPE_SECONDS
};

enum { SE_IN_ACCOUNT = 1, SE_IN_DEFAULTS = 2 };

struct se_key_info {
	const char *name;
	enum se_key_type type;
	unsigned where;       /* SE_IN_... */
	const char *fallback; /* the value when the key is absent; NULL: none, or derived */
	const char *const *choices;
	long min, max;        /* seconds, or bytes of a text */
	bool credential_file; /* names a file that holds a secret */
};

/* Indexed by enum se_key. */
extern const struct se_key_info se_keys[SE_KEY_COUNT];

/* The key of that name, or SE_KEY_COUNT. */
enum se_key se_key_find(const char *name);

/* The nearest known name to a mistyped one, or NULL when none is near. */
const char *se_key_nearest(const char *name);

#endif
