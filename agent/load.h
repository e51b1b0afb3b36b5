/*
 * load: the engine of the agent and its configuration; what is wrong with it goes to the log, and
 * to the summary.
 */
#ifndef SE_AGENT_LOAD_H
#define SE_AGENT_LOAD_H

#include <stdbool.h>

#include "agent/connection.h"

/* Makes the engine. False, and logged, when memory ran out. */
bool se_load_open(struct se_service *service, enum se_role role, const char *configuration);

/* Reads the configuration, the first time or again, and logs all that is wrong with it. When it
 * cannot be used the old one stays in force, and `error` has the first reason. */
enum se_code
se_load_read(struct se_service *service, const char *configuration, struct se_error *error);

/* The same for one client, who is told the first thing that is wrong: nothing is read twice. */
enum se_code
se_load_quickly(struct se_service *service, const char *configuration, struct se_error *error);

void se_load_close(struct se_service *service);

#endif
