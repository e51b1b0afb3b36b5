/*
 * engine_asking: an engine, its configuration, and what it answered, for the tests that ask for
 * tokens. The token endpoint is the fault server's, one name a test.
 */
#ifndef SE_TESTS_UNIT_ENGINE_ASKING_H
#define SE_TESTS_UNIT_ENGINE_ASKING_H

#include <sys/resource.h>

#include "engine/engine.h"
#include "engine/store.h"

#include "engine_support.h"

#define APP "00001111-aaaa-2222-bbbb-3333cccc4444"
#define LOGIN "alerts@contoso.com"   /* of the app-only account "relay" */
#define PERSON "anna@fabrikam.com"   /* of the delegated account "person" */
#define SERVER "smtp.test"           /* that both may use */
#define HVE "smtp-hve.office365.com" /* that wants more */

/* For the fault server: a client secret that has expired. */
#define UNAUTHORIZED \
	"{\"status\": 401, \"body\": \"{\\\"error\\\": \\\"invalid_client\\\", " \
	"\\\"error_codes\\\": [7000222], \\\"trace_id\\\": \\\"9b1c6f0e\\\"}\"}"

/* --- configuration --------------------------------------------------------------------------- */

/* For `defaults`: tokens live in memory only. */
#define NO_STATE "state_dir = /nonexistent/sasl-entra\n"

/* Writes the configuration with both accounts at /token/NAME. `defaults` and `relay` are more
 * lines for [defaults] and for the app-only account; each may be "". */
void configure(const char *name, bool with_state, const char *defaults, const char *relay);

const char *configuration(void);
const char *state_directory(void);

/* From now on it is "state" or "elsewhere", which are both there or made. */
void state_directory_be(const char *name);

/* Fresh: no configuration, a good client secret, an empty state directory, no counts. */
void asking_set_up(void);

/* The key of either account's token; fails unless the configuration is there. To be freed. */
void key_of(const char *login, struct se_token_key *key);

/* As `import` does: a state file with this refresh token and nothing else. */
void sign_in(const char *login, const char *refresh_token);

/* The refresh token in the state file, to be freed; NULL when there is no file or none in it. */
char *kept_refresh_token(const char *login);

/* Whether PERSON's begins so; says what it is where not. */
bool is_kept(const char *beginning);

/* This process can write files up to that size (bytes) only, as on a full disk; -1: that cannot be had. */
int limit_files(rlim_t size);

/* --- an engine ------------------------------------------------------------------------------- */

/* What engines of this process have logged since asking_set_up(). */
extern char engine_log[65536];
extern unsigned engine_warnings;

/* Made and loaded; fails when it cannot be. */
struct se_engine *engine_start(enum se_role role);

/* --- one ask --------------------------------------------------------------------------------- */

struct asked {
	/* what is asked; NULL and 0 for the usual */
	const char *login;
	const char *server; /* "": none */
	const char *service;
	const char *rejected;
	enum se_operation operation;
	uint32_t time_left;
	const struct se_peer *peer;

	/* what came */
	struct se_ask *ask; /* while it waits */
	unsigned calls;
	bool at_once;
	enum se_code code;
	char token[256];
	char fingerprint[SE_FINGERPRINT_MAX + 1];
	char user[SE_NAME_MAX + 1];
	uint32_t seconds_left, keep;
	struct se_error error;
	int64_t began, ended; /* of the real clock, milliseconds */
};

void ask_begin(struct se_engine *engine, struct asked *asked);
void ask_wait(struct se_engine *engine, struct asked *asked);

/* Both, for the app-only account's login unless another is set. */
void ask(struct se_engine *engine, struct asked *asked);

/* Asks for LOGIN and fails unless there is a token, whose number at the endpoint is returned. */
unsigned ask_number(struct se_engine *engine);

/* The number of a token that came: the endpoint counts those it makes. */
unsigned token_number(const struct asked *asked);

/* Turns for that many real milliseconds. */
void turn_for(struct se_engine *engine, int64_t milliseconds);

#endif
