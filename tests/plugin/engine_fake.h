/*
 * engine_fake: an engine module that answers what a test wants. The test reaches its state by
 * dlopen() of the same file.
 */
#ifndef SE_TESTS_PLUGIN_ENGINE_FAKE_H
#define SE_TESTS_PLUGIN_ENGINE_FAKE_H

#include <stdbool.h>

#include "core/source.h"

struct engine_fake {
	unsigned opened, closed, asked;
	char configuration[512];
	bool users_own;
	struct se_request request; /* the last one */

	bool no_memory; /* open returns NULL */
	bool empty;     /* SE_OK without a token */
	enum se_code code;
	const char *text;
	const char *token;
	const char *user;

	struct se_engine_handle *handles[16]; /* what a forked child leaves alone is no leak */
};

#define ENGINE_FAKE_SYMBOL "engine_fake"

extern struct engine_fake engine_fake;
extern struct se_engine_module se_engine_module;

#endif
