/*
 * directory: the directories that the agent makes while it is root, when they are missing.
 */
#ifndef SE_AGENT_DIRECTORY_H
#define SE_AGENT_DIRECTORY_H

#include "core/error.h"

#include "agent/privilege.h"

/* Opens the directory that a socket goes to. It and its parent are made (0755, ours) when they
 * are missing and what holds them is to be trusted: a Postfix queue has no run/sasl-entra/ yet.
 * Returns a descriptor, or -1 with `error` set. */
int se_directory_for_socket(const char *path, struct se_error *error);

/* Makes the directory of the tokens, 0700 and the user's, when only it is missing. What is there
 * already is left alone. */
enum se_code
se_directory_for_state(const char *path, const struct se_agent_user *user, struct se_error *error);

#endif
