/*
 * source: where an access token comes from. Two sources stand behind this interface: the agent
 * (core/client.h) and the engine module, loaded into the process.
 */
#ifndef SE_CORE_SOURCE_H
#define SE_CORE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

enum {
	SE_NAME_MAX = 320, /* bytes of a login name or SASL user (RFC 5321: 64 + 1 + 255) */
	SE_SERVICE_MAX = 31,
	SE_SERVER_MAX = 255,
	SE_FINGERPRINT_MAX = 8, /* hex digits */
	SE_NOTE_MAX = 900,
	SE_TOKEN_MAX = 32768,  /* bytes of an access token */
	SE_STATUS_MAX = 30720, /* bytes of one block of status lines */
	SE_BUDGET_MS = 20000   /* one SASL step: agent, lock, name, HTTP and retries together */
};

enum se_operation {
	SE_OPERATION_TOKEN = 1, /* hand out the account's access token */
	SE_OPERATION_REFRESH, /* forget remembered errors and get a new token; none is sent back */
	SE_OPERATION_REREAD,  /* `login` is a token key: its state file has changed */
	SE_OPERATION_STATUS   /* `login` is "", or the `more` of the answer before */
};

struct se_request {
	enum se_operation operation;
	uint32_t time_left;               /* milliseconds that the asker still has */
	char login[SE_NAME_MAX + 1];      /* login name (AUTHNAME), or an account's label */
	char service[SE_SERVICE_MAX + 1]; /* smtp, lmtp, imap, pop, sieve; "" not known */
	char server[SE_SERVER_MAX + 1];   /* host name the token will be sent to; "": printed,
	                                          not sent (the tool) */
	char rejected[SE_FINGERPRINT_MAX +
		      1]; /* fingerprint of a token the server refused, or "" */
};

/* Makes it an empty one. The bytes behind the texts' ends stay what they were. */
void se_request_init(struct se_request *request);

struct se_answer {
	char user[SE_NAME_MAX + 1];               /* SASL user that the account prescribes; "": the
	                                             asker's USER, else the login name */
	struct se_secret *token;                  /* owned by the answer, unless it is lent
	                                             (engine/engine.h); NULL: the account's token is
	                                             the password that the host has */
	uint32_t seconds_left;                    /* until the token expires; 0: not known */
	uint32_t keep;                            /* seconds the asker may keep it; 0: not at all */
	char fingerprint[SE_FINGERPRINT_MAX + 1]; /* of the token, for logs and `rejected` */
	bool warning;                             /* the note tells of trouble */
	char note[SE_NOTE_MAX + 1];               /* one line for the log, or "" */
	char *status;                             /* STATUS only, owned by the answer: lines, each
	                                             a JSON object (engine/status.h); or NULL */
	char more[SE_NAME_MAX + 1]; /* where the lines go on; "": these are the last */
};

/* Copies at most `size - 1` bytes and a NUL; false when it had to cut. */
bool se_copy(char *to, size_t size, const char *from);

/* Makes it an empty one: no token, no status, every text "", every number 0. The bytes behind the texts'
 * ends stay what they were: there are 1,600 of them, and each AUTH has three answers. */
void se_answer_init(struct se_answer *answer);

/* Frees the token and the status, and empties the answer. */
void se_answer_free(struct se_answer *answer);

/* --- what the engine module exports, under the name SE_ENGINE_SYMBOL ------------------------ */

#define SE_ENGINE_SYMBOL "se_engine_module"
#define SE_ENGINE_ABI 1u

struct se_engine_handle;

struct se_engine_module {
	uint32_t abi;        /* SE_ENGINE_ABI; anything else is refused */
	uint32_t size;       /* sizeof(struct se_engine_module) */
	const char *version; /* of the package, equal to the plugin's or refused */

	/* Opens the engine for this process, with its configuration file (absolute path). Reads
	 * nothing yet: a broken configuration is reported by `ask`. Any number may be open. NULL
	 * when memory ran out. */
	struct se_engine_handle *(*open)(const char *configuration, bool users_own);

	/* Blocks until there is an answer or request->time_left ends. Fills `answer` on SE_OK, else
	 * `error`. */
	enum se_code (*ask)(struct se_engine_handle *handle, const struct se_request *request,
		struct se_answer *answer, struct se_error *error);

	/* Wipes and frees everything but transfers whose name resolution still hangs. NULL is
	 * fine. */
	void (*close)(struct se_engine_handle *handle);
};

#endif
