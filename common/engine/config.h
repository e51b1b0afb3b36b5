/*
 * config: the configuration file, read whole and judged whole. Every complaint names file, line
 * and key. The only file that knows libini_config.
 */
#ifndef SE_ENGINE_CONFIG_H
#define SE_ENGINE_CONFIG_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/error.h"
#include "core/file.h"
#include "engine/keys.h"

enum {
	SE_CONFIG_SIZE_MAX = 1 << 20, /* bytes of the file */
	SE_CONFIG_PROBLEMS_MAX = 50   /* complaints that are kept */
};

/* What stands for the endpoint of a managed identity, which each machine has elsewhere. */
#define SE_MACHINE_ENDPOINT "the managed identity endpoint"

struct se_cloud;
struct se_provider;

struct se_value {
	const char
		*text;   /* as written or as the default says, a path for cred:NAME; NULL: absent */
	unsigned line;   /* 0: not from the file */
	bool credential; /* it was cred:NAME: systemd sees to who may read the file */
};

/* One [account LABEL]. Strings live as long as the configuration. */
struct se_account {
	const char *label;
	unsigned line;
	struct se_value value[SE_KEY_COUNT];

	/* derived from the values, so that nobody parses twice */
	bool app_only; /* sign_in = app */
	bool machine;  /* credential = managed-identity */
	const struct se_cloud *cloud;
	const struct se_provider *provider;
	const char *unusable; /* why this process can get no token for it, as what follows
	                         "[account LABEL] "; or NULL */
	const char *federated_token_file; /* a path, also where `env` named it; else NULL */
	bool from_environment;            /* of the agent or the tool */
	const char
		*token_endpoint; /* https://HOST/TENANT/oauth2/v2.0/token, or as overridden; NULL:
	                               no tenant, as token_from = password allows; for a managed
	                               identity words that stand for it */
	const char *authorization_endpoint; /* where a browser signs in; NULL: not known */
	const char *device_endpoint;        /* where a device code comes from; NULL: not known */
	const char *authority;      /* https://HOST[:PORT]/TENANT; NULL: no tenant, because endpoint
	                               and scope are written out */
	const char *scope;          /* what a token request asks for */
	const char *token_key;      /* the name of its token's key, where it is one whoever logs in;
	                               else NULL (engine/token_key.h) */
	const char *const *match;   /* NULL-terminated, lower case */
	const char *const *servers; /* NULL-terminated, lower case */
	const char *const *services;
	unsigned timeout;        /* seconds for one HTTP request */
	unsigned min_lifetime;   /* seconds */
	unsigned max_age;        /* seconds; 0: none */
	const uid_t *allow_uids; /* from `allow`, resolved when loaded */
	size_t allow_uid_count;
	const gid_t *allow_gids;
	size_t allow_gid_count;
	bool allow_anyone; /* no `allow` */
};

/* One login name, or domain, or "*", of one account. */
struct se_pattern {
	const char *text;
	const struct se_account *account;
};

/* The key that seals state files. */
struct se_state_key {
	const char *file; /* its path; NULL: none is configured, and state files are plain */
	bool credential;  /* it was cred:NAME: systemd sees to who may read the file */
	bool command;     /* `file` is no path, but the program that prints it, with arguments */
	const char *unusable; /* why this process has not got it, as what follows "[defaults] "; or
	                         NULL */
	unsigned line;        /* of the configuration */
};

struct se_config {
	const char *path;
	struct se_account *accounts;
	size_t account_count;
	const struct se_pattern *patterns; /* of all accounts, sorted by text as strcmp does */
	size_t pattern_count;
	const struct se_value *defaults; /* SE_KEY_COUNT: what [defaults] says; an account's value
	                                    with the same line is from there */
	const char *state_dir;           /* as configured, or NULL */
	struct se_state_key state_key;
	struct se_file_id id; /* of the file that was read */
	void *memory;         /* owns all of the above */
};

struct se_problem {
	unsigned line;  /* 0: the file as a whole */
	bool warning;   /* works, but is hardly meant */
	char text[400]; /* "/etc/...conf:12: client_idd: unknown key; did you mean client_id?" */
};

struct se_problems {
	size_t count; /* of `list`, at most SE_CONFIG_PROBLEMS_MAX; more are dropped */
	size_t errors;
	struct se_problem list[SE_CONFIG_PROBLEMS_MAX];
};

/* Reads and judges the file. On any error *config is NULL, SE_CONFIG is returned, `error` has the
 * first one and `problems` (may be NULL) all, warnings too. SE_CONFIG as well when the file is
 * missing or is not to be trusted. */
enum se_code se_config_load(const char *path, struct se_config **config,
	struct se_problems *problems, struct se_error *error);

/* The same for text in memory; `name` stands for the file in messages. For tests and fuzzing. */
enum se_code se_config_parse(const char *text, size_t len, const char *name,
	struct se_config **config, struct se_problems *problems, struct se_error *error);

void se_config_free(struct se_config *config);

#endif
