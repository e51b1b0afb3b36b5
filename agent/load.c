#include <stdlib.h>

#include "core/world.h"
#include "engine/config.h"
#include "engine/secret_command.h"

#include "agent/load.h"
#include "agent/log.h"
#include "agent/own.h"

static void
log_engine(void *context, bool warning, const char *text)
{
	struct se_service *service = context;

	se_log("%s%s", warning ? "warning: " : "", text);
	if (warning)
		se_summary_failed(&service->summary, true, text);
	else
		se_summary_worked(&service->summary, true, text);
}

static void
take_outcome(void *context, const struct se_outcome *outcome)
{
	struct se_service *service = context;

	if (service->notice != NULL)
		se_notice_take(service->notice, outcome);
}

bool
se_load_open(struct se_service *service, enum se_role role, const char *configuration)
{
	const struct se_engine_options options = {
		.role = role,
		.configuration = configuration,
		.users_own = se_own_configuration(configuration),
		.world = &se_world_system,
		.log = log_engine,
		.outcome = take_outcome,
		.context = service,
	};

	service->world = &se_world_system;
	se_secret_command_permit(options.users_own);
	if (role == SE_ROLE_AGENT)
		service->notice = se_notice_new(&se_world_system);
	if (role != SE_ROLE_AGENT || service->notice != NULL)
		service->engine = se_engine_new(&options);
	if (service->engine == NULL)
		se_log("out of memory");
	return service->engine != NULL;
}

static enum se_code
log_problems(const char *configuration, struct se_error *error)
{
	struct se_problems *problems = calloc(1, sizeof(*problems));
	struct se_config *config = NULL;
	enum se_code code;

	if (problems == NULL) {
		code = se_error_memory(error);
		se_log("%s", error->text);
		return code;
	}
	code = se_config_load(configuration, &config, problems, error);
	for (size_t i = 0; i < problems->count; i++)
		se_log("%s%s", problems->list[i].warning ? "warning: " : "",
			problems->list[i].text);
	if (code != SE_OK && problems->errors == 0)
		se_log("%s", error->text);
	se_config_free(config);
	free(problems);
	return code;
}

/* What had failed before is another matter now, what loading complains of is not. */
static enum se_code
load_engine(struct se_service *service, struct se_error *error)
{
	enum se_code code;

	service->summary.failure[0] = '\0';
	code = se_engine_load(service->engine, error);
	if (code == SE_OK)
		se_summary_read(&service->summary, se_engine_config(service->engine));
	return code;
}

enum se_code
se_load_read(struct se_service *service, const char *configuration, struct se_error *error)
{
	enum se_code code = log_problems(configuration, error);

	if (code == SE_OK) {
		code = load_engine(service, error);
		if (code != SE_OK)
			se_log("%s", error->text);
	}
	if (code != SE_OK)
		se_summary_not_read(&service->summary, error->text);
	return code;
}

enum se_code
se_load_quickly(struct se_service *service, const char *configuration, struct se_error *error)
{
	const enum se_code code = load_engine(service, error);

	if (code != SE_OK)
		se_log("%s", error->text);
	else if (se_engine_state_dir(service->engine) == NULL)
		se_log("warning: %s: tokens are not kept, and each client waits for one of its "
		       "own; make the directory " SE_STATE_PATH ", mode 0700, for this user",
			configuration);
	return code;
}

void
se_load_close(struct se_service *service)
{
	se_engine_free(service->engine);
	service->engine = NULL;
	se_notice_free(service->notice);
	service->notice = NULL;
}
