/*
 * choose: which token sources there are for this process, and in which order they are asked.
 */
#ifndef SE_PLUGIN_CHOOSE_H
#define SE_PLUGIN_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/source.h"

#include "init.h"

/* Whether this user has a configuration of his own, and its path. Never for root, and never in
 * a program that runs with rights other than its caller's. */
bool se_choose_own_configuration(char *path, size_t size);

/* Gets a token from the memory or a source, within SE_BUDGET_MS. Sets request->time_left and
 * request->rejected itself. SE_NO_ACCOUNT when all sources said so or nothing is configured; never
 * SE_ABSENT. */
enum se_code se_choose_ask(struct se_plugin *plugin, struct se_request *request,
	struct se_answer *answer, struct se_error *error);

/* The server refused this token: the next request for the login name says so. */
void se_choose_reject(struct se_plugin *plugin, const char *login, const char *fingerprint);

/* Closes the engine, at the end. */
void se_choose_done(struct se_plugin *plugin);

#endif
