/*
 * guest: what the tests of our life in other people's programs share. The real plugin and the real
 * engine, at the places that were compiled in, and the fault server as a token endpoint.
 */
#ifndef SE_TESTS_GUEST_GUEST_H
#define SE_TESTS_GUEST_GUEST_H

#include "tests/plugin/support.h"

enum { GUEST_DETAIL = SE_ERROR_TEXT_MAX + 200 };

/* The plugin, the engine and the server. Ends the program with a plan of nothing where the engine's
 * compiled-in place is not below /tmp. */
void guest_begin(void);
void guest_end(void);

/* The fault server's answer to a command, without the line end; good until the next call. */
const char *faults_say(const char *fmt, ...) SE_PRINTF(1, 2);

/* A file of the fault server's directory. */
const char *faults_file(const char *name);

/* One account for *@contoso.com with a client secret, whose token endpoint is that path of that
 * listener at `host`; `more` are lines of its own, which may be "". */
void configure(const char *host, const char *listener, const char *path, const char *more);

/* Answers of the endpoint /token/guest from now on are used once and never kept. */
void never_keep(void);

/* From /proc/self: descriptors, threads, mappings, pages that are resident. */
struct size {
	long descriptors, threads, mappings, pages;
};
struct size size_now(void);

/* Adds a row to the figures of the reliability tests. */
void figure(const char *row, const char *test, const char *what, long number);

#endif
