/*
 * support: what the plugin's tests share. A directory that libsasl2 loads only our plugin from, an
 * agent that answers what a test wants, and the callbacks of a host program.
 */
#ifndef SE_TESTS_PLUGIN_SUPPORT_H
#define SE_TESTS_PLUGIN_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "core/source.h"

#define LOGIN "anna@contoso.com"
#define SERVER "smtp.office365.com"
#define FINGERPRINT "1a2b3c4d"

/* Looks like Entra's; 160 bytes. */
#define TOKEN \
	"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9." \
	"eyJhdWQiOiJodHRwczovL291dGxvb2sub2ZmaWNlMzY1LmNvbSIsImV4cCI6MTc5OTk5OTk5OX0." \
	"c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbmF0dXJl"
#define OTHER_TOKEN \
	"eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCJ9." \
	"eyJhdWQiOiJodHRwczovL291dGxvb2sub2ZmaWNlMzY1LmNvbSIsImV4cCI6MTg4ODg4ODg4OH0." \
	"YW5vdGhlci1zaWduYXR1cmUtYW5vdGhlci1zaWduYXR1cmUtYW4"

/* --- the world around the plugin ------------------------------------------------------------ */

/* Prepares the directories that were compiled in, or ends the program with a TAP "Bail out!" when
 * they are not below /tmp. One program at a time: waits for the others. */
void world_setup(void);
void world_teardown(void);

/* Whether the engine's compiled-in place is below /tmp as well, so that tests may put one there.
 * (make distcheck has another prefix.) */
bool engine_is_private(void);

/* Whether a memory checker runs, which keeps books of its own. */
bool memory_is_checked(void);

/* A directory that holds the plugin alone; libsasl2 loads it through getpath_callback(). */
const char *plugin_directory(void);
int getpath_callback(void *context, const char **path);

/* A path below the tests' own directory. */
const char *scratch(const char *rest);

void make_directories(const char *path);
void write_file(const char *path, const char *text);
void copy_file(const char *from, const char *to);

/* A file of the build: the environment variable if it is set, else below the build directory. */
const char *built(const char *variable, const char *path);

/* Says why a test does nothing here; it then returns. (cmocka 1.1's own skip() prints "not ok",
 * which automake takes for a failure.) */
void skip_because(const char *why);

/* Runs `body` in a forked child; fails unless it returns 0. Its return is a line number: CHECK. */
void in_child(int (*body)(void));
#define CHECK(condition) \
	do { \
		if (!(condition)) \
			return __LINE__; \
	} while (0)

/* --- the agent ------------------------------------------------------------------------------ */

/* In memory that the test and the agent's process share. */
struct agent {
	int64_t process;
	enum se_code code; /* SE_OK: the token; else an error with `text` */
	bool silent;       /* close without an answer */
	bool warning;
	uint32_t keep; /* seconds */
	char user[SE_NAME_MAX + 1];
	char token[SE_TOKEN_MAX + 1];
	char fingerprint[SE_FINGERPRINT_MAX + 1];
	char note[SE_NOTE_MAX + 1];
	char text[SE_ERROR_TEXT_MAX];
	unsigned asked;
	struct se_request request; /* the last one */
	char path[256];
};

struct agent *agent_start(const char *path);
void agent_stop(struct agent *agent);
void agent_says(struct agent *agent, enum se_code code, const char *text);

/* --- a host program ------------------------------------------------------------------------- */

/* What the host knows, and what it was asked. Also the context of its callbacks. */
struct person {
	const char *login;
	const char *user;
	const char *password;
	unsigned asked_login, asked_user, asked_password;
	sasl_secret_t *secret; /* the last one that was handed out */
};

int login_callback(void *context, int id, const char **result, unsigned *len);
int user_callback(void *context, int id, const char **result, unsigned *len);
int password_callback(sasl_conn_t *conn, void *context, int id, sasl_secret_t **secret);
void person_free(struct person *person);

/* Casts a function for sasl_callback_t. */
#define PROC(function) ((int (*)(void))(void (*)(void))(function))

/* What was logged since log_clear(). */
int log_callback(void *context, int level, const char *message);
void log_clear(void);
unsigned log_count(int level);
bool log_has(const char *text);

/* LOG and GETPATH. */
extern const sasl_callback_t quiet_callbacks[];

/* USER, AUTHNAME, PASS, the end. */
void callbacks_for(struct person *person, sasl_callback_t callbacks[4]);

/* A whole login by callbacks alone, as Postfix does it, after sasl_client_init(). The code of its
 * last step; `detail` becomes the response or the text of the error. */
int log_in(struct person *person, char *detail, size_t size);

/* Fails unless the response is that of XOAUTH2 for this user and token. */
void assert_xoauth2(const char *out, unsigned len, const char *user, const char *token);

#endif
