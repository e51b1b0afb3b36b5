/*
 * ask: gets an answer from the agent where it serves the configuration in use, else from the
 * engine in this process.
 */
#ifndef SE_TOOL_ASK_H
#define SE_TOOL_ASK_H

#include "core/source.h"

#include "tool/identity.h"

/* A request for NAME with the whole budget. SE_CONFIG when the name is empty or too long. */
enum se_code se_ask_prepare(struct se_request *request, enum se_operation operation,
	const char *name, struct se_error *error);

/* Without an agent root becomes the owner of the tokens for good. */
enum se_code se_ask(const struct se_identity *identity, const struct se_request *request,
	struct se_answer *answer, struct se_error *error);

/* The same; nothing of it is said on stderr. */
enum se_code se_ask_silently(const struct se_identity *identity, const struct se_request *request,
	struct se_answer *answer, struct se_error *error);

/* Only the agent; SE_ABSENT when there is none for this configuration. */
enum se_code se_ask_agent(const struct se_identity *identity, const struct se_request *request,
	struct se_answer *answer, struct se_error *error);

#endif
