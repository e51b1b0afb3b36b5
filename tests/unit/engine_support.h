/*
 * engine_support: what the engine's tests share. A directory for each run, the world with a clock
 * that a test can move, children, and the server that misbehaves (tests/faults).
 */
#ifndef SE_TESTS_UNIT_ENGINE_SUPPORT_H
#define SE_TESTS_UNIT_ENGINE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/world.h"
#include "engine/config.h"
#include "engine/http.h"

enum { NOBODY = 65534 }; /* a user id that owns nothing */

/* --- the directory of this run --------------------------------------------------------------- */

/* Makes it, below /tmp, and removes it with all that is in it. */
void scratch_make(void);
void scratch_remove(void);

/* A path in it. Sixteen of them can be in use at a time. */
const char *scratch(const char *name);

void write_file(const char *path, const void *data, size_t len, mode_t mode);
void write_text(const char *path, const char *text); /* mode 0600 */

/* The whole file and a NUL, to be freed; NULL when it is not there. */
char *read_text(const char *path);

/* How many entries a directory has whose name ends so, or begins with a dot. */
unsigned count_files(const char *directory, const char *ending);
unsigned count_hidden(const char *directory);

/* --- configuration --------------------------------------------------------------------------- */

/* Reads it; fails unless it is right. To be freed by se_config_free(). */
struct se_config *config_of(const char *text);

/* --- the world ------------------------------------------------------------------------------- */

/* The system's, with clocks that are put forward and with chance in the test's hand. */
extern int64_t world_later_s;  /* seconds that the wall clock is ahead */
extern int64_t world_later_ms; /* milliseconds that the monotonic clock is ahead */
extern unsigned char world_chance;
extern const struct se_world world;

/* Puts both clocks forward. */
void world_wait(int64_t seconds);

/* The wall clock stands still, but for those. */
void world_stop_wall(void);

void world_reset(void);

/* Milliseconds of the real monotonic clock. */
int64_t real_ms(void);

/* --- children -------------------------------------------------------------------------------- */

/* Forks and runs `body`, which returns 0 or the number of the line that failed (CHECK). */
pid_t start_child(int (*body)(void *context), void *context);

/* What the child returned, -1 if it was killed. */
int end_child(pid_t child);

/* For the first line of a teardown: in a child, cmocka goes on there after an assertion failed. */
void end_if_child(void);

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			print_error("line %d: %s\n", __LINE__, #condition); \
			return 1; \
		} \
	} while (0)

/* --- texts ----------------------------------------------------------------------------------- */

/* Fails unless `text` has the words. */
#define assert_says(text, words) check_says(text, words, true, __FILE__, __LINE__)
#define assert_silent_about(text, words) check_says(text, words, false, __FILE__, __LINE__)
void check_says(const char *text, const char *words, bool wanted, const char *file, int line);

/* --- the server that misbehaves -------------------------------------------------------------- */

/* One a program; ends the program when Python or what it needs is not there. */
void faults_start(void);
void faults_stop(void);

/* For a group of tests: the directory and the server, and their end. */
int faults_begin(void **state);
int faults_end(void **state);

/* Its answer to a command, without the line end; good until the next call. */
const char *faults_say(const char *fmt, ...) SE_PRINTF(1, 2);

/* How many requests came to that listener or token endpoint since the last "forget". */
long faults_hits(const char *name);

unsigned faults_port(const char *listener);

/* "https://localhost:PORT/PATH" (http: for the listener of that name). Sixteen at a time. */
const char *faults_url(const char *listener, const char *path);

const char *faults_ca(void);

/* --- one HTTP request ------------------------------------------------------------------------ */

#define REQUEST_ID "11112222-3333-4444-5555-666677778888"

struct fetch {
	/* what is asked; NULL and 0 for the usual */
	const char *url;
	const char *body;
	const char *proxy;
	const char *ca_file; /* "": the system's */
	int64_t time;        /* milliseconds */
	bool machine;

	/* what came */
	struct se_http_transfer *transfer;
	unsigned calls;
	bool answered; /* an HTTP answer came */
	long status;
	unsigned retry_after;
	int64_t date;
	char *body_came; /* freed by fetch_forget() */
	size_t len;
	struct se_error error;
	int64_t began, ended; /* of the real clock, milliseconds */
};

/* False, and `error`, when it cannot start. */
bool fetch_start(struct se_http *http, struct fetch *fetch);

/* Turns until it is over; fails after a minute. */
void fetch_wait(struct se_http *http, struct fetch *fetch);

/* Both; fails when it cannot start. */
void fetch(struct se_http *http, struct fetch *fetch);

void fetch_forget(struct fetch *fetch);

#endif
