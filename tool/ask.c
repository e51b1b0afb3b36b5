#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/client.h"
#include "engine/engine.h"

#include "tool/ask.h"

enum se_code
se_ask_prepare(struct se_request *request, enum se_operation operation, const char *name,
	struct se_error *error)
{
	memset(request, 0, sizeof(*request));
	request->operation = operation;
	request->time_left = SE_BUDGET_MS;
	if (name[0] != '\0' && se_copy(request->login, sizeof(request->login), name))
		return SE_OK;
	return se_error_set(error, SE_CONFIG, "NAME must have 1 to %d bytes", SE_NAME_MAX);
}

enum se_code
se_ask_agent(const struct se_identity *identity, const struct se_request *request,
	struct se_answer *answer, struct se_error *error)
{
	if (!identity->system)
		return se_error_set(
			error, SE_ABSENT, "%s is not served by an agent", identity->configuration);
	return se_client_ask(SE_SOCKET_PATH, false, request, &se_world_system, answer, error);
}

static void
log_line(void *context, bool warning, const char *text)
{
	(void)context;
	fprintf(stderr, "sasl-entra: %s%s\n", warning ? "warning: " : "", text);
}

static void
log_nothing(void *context, bool warning, const char *text)
{
	(void)context;
	(void)warning;
	(void)text;
}

static enum se_code
ask_engine(const struct se_identity *identity, const struct se_request *request, bool silent,
	struct se_answer *answer, struct se_error *error)
{
	const struct se_engine_options options = {
		.role = SE_ROLE_TOOL,
		.configuration = identity->configuration,
		.users_own = identity->users_own,
		.world = &se_world_system,
		.log = silent ? log_nothing : log_line,
	};
	enum se_code code = se_identity_become_owner(identity, true, error);
	struct se_engine *engine;

	if (code != SE_OK)
		return code;
	engine = se_engine_new(&options);
	if (engine == NULL)
		return se_error_memory(error);
	code = se_engine_load(engine, error);
	if (code == SE_OK)
		code = se_engine_ask_wait(engine, request, answer, error);
	se_engine_free(engine);
	return code;
}

enum se_code
se_ask_silently(const struct se_identity *identity, const struct se_request *request,
	struct se_answer *answer, struct se_error *error)
{
	enum se_code code = se_ask_agent(identity, request, answer, error);

	return code == SE_ABSENT ? ask_engine(identity, request, true, answer, error) : code;
}

enum se_code
se_ask(const struct se_identity *identity, const struct se_request *request,
	struct se_answer *answer, struct se_error *error)
{
	const bool root = geteuid() == 0;
	enum se_code code = se_ask_agent(identity, request, answer, error);

	if (code != SE_ABSENT)
		return code;
	code = ask_engine(identity, request, false, answer, error);
	/* Without the agent a user cannot read what only the agent may read. */
	if (code == SE_CONFIG && identity->system && !root)
		fprintf(stderr,
			"sasl-entra: no agent answered at %s; run this as root, or join the group "
			"of the agent's socket\n",
			SE_SOCKET_PATH);
	return code;
}
