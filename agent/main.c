/*
 * sasl-entrad: the walk from root to the loop. Sockets first, while it may; then root is given
 * up for good; only then anything is read, parsed or asked over the network.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/world.h"
#include "engine/config.h"
#include "engine/engine.h"

#include "agent/directory.h"
#include "agent/listen.h"
#include "agent/log.h"
#include "agent/options.h"
#include "agent/privilege.h"
#include "agent/server.h"
#include "agent/signals.h"

struct agent {
	struct se_agent_options options;
	struct se_agent_user user;
	struct se_listener listeners[SE_SOCKETS_MAX];
	struct se_server server;
	struct se_problems problems;
};

static int
fail(int exit_code, const struct se_error *error)
{
	se_log("%s", error->text);
	return exit_code;
}

static int
open_sockets(struct agent *agent)
{
	struct se_error error;

	for (size_t i = 0; i < agent->options.socket_count; i++) {
		const enum se_code code = se_listen_open(
			&agent->options.sockets[i], &agent->user, &agent->listeners[i], &error);

		if (code != SE_OK)
			return fail(code == SE_AGAIN ? EX_UNAVAILABLE : EX_CANTCREAT, &error);
		agent->server.listener_count++;
	}
	return EX_OK;
}

/* Only for the system's configuration: whoever names another one has his own place in mind. */
static void
make_state_directory(const struct agent *agent)
{
	struct se_error error;

	if (agent->user.name == NULL ||
		strcmp(agent->options.configuration, SE_CONFIGURATION_PATH) != 0)
		return;
	if (se_directory_for_state(SE_STATE_PATH, &agent->user, &error) != SE_OK)
		se_log("%s", error.text);
}

static int
give_up_root(const struct agent *agent)
{
	struct se_error error;

	if (se_privilege_drop(&agent->user, &error) != SE_OK)
		return fail(EX_NOPERM, &error);
	if (se_privilege_harden(&error) != SE_OK)
		return fail(EX_OSERR, &error);
	return EX_OK;
}

/* All that is wrong, not only the first. False when it cannot be used. */
static bool
log_problems(struct agent *agent)
{
	struct se_config *config = NULL;
	struct se_error error;
	const enum se_code code =
		se_config_load(agent->options.configuration, &config, &agent->problems, &error);

	for (size_t i = 0; i < agent->problems.count; i++)
		se_log("%s%s", agent->problems.list[i].warning ? "warning: " : "",
			agent->problems.list[i].text);
	if (code != SE_OK && agent->problems.errors == 0)
		se_log("%s", error.text);
	se_config_free(config);
	return code == SE_OK;
}

static bool
load(struct agent *agent)
{
	struct se_error error;

	memset(&agent->problems, 0, sizeof(agent->problems));
	if (!log_problems(agent))
		return false;
	if (se_engine_load(agent->server.service.engine, &error) == SE_OK)
		return true;
	se_log("%s", error.text);
	return false;
}

static void
reload(void *context)
{
	struct agent *agent = context;

	if (load(agent))
		se_log("%s: read again, %zu accounts", agent->options.configuration,
			se_engine_config(agent->server.service.engine)->account_count);
	else
		se_log("%s: not usable; going on with the configuration that was read before",
			agent->options.configuration);
}

static void
log_engine(void *context, bool warning, const char *text)
{
	(void)context;
	se_log("%s%s", warning ? "warning: " : "", text);
}

static int
serve(struct agent *agent)
{
	struct se_engine *engine = agent->server.service.engine;
	const char *state = se_engine_state_dir(engine);

	se_log("version %s, %zu accounts of %s, tokens kept in %s", PACKAGE_VERSION,
		se_engine_config(engine)->account_count, agent->options.configuration,
		state != NULL ? state : "memory only");
	for (size_t i = 0; i < agent->server.listener_count; i++)
		se_log("listening at %s", agent->listeners[i].path);
	return se_server_run(&agent->server);
}

static int
load_and_serve(struct agent *agent)
{
	struct se_notice *notice = se_notice_new(&se_world_system);
	const struct se_engine_options options = {
		.role = SE_ROLE_AGENT,
		.configuration = agent->options.configuration,
		.world = &se_world_system,
		.log = log_engine,
		.outcome = se_notice_take,
		.context = notice,
	};
	struct se_service *service = &agent->server.service;
	int exit_code = EX_CONFIG;

	service->world = &se_world_system;
	service->engine = notice != NULL ? se_engine_new(&options) : NULL;
	if (service->engine == NULL) {
		se_log("out of memory");
		se_notice_free(notice);
		return EX_OSERR;
	}
	agent->server.notice = notice;
	if (load(agent))
		exit_code = serve(agent);
	else
		se_log("%s: not usable; not started", agent->options.configuration);
	se_engine_free(service->engine);
	service->engine = NULL;
	agent->server.notice = NULL;
	se_notice_free(notice);
	return exit_code;
}

static int
run(struct agent *agent)
{
	struct se_error error;
	int exit_code;

	if (se_privilege_find(agent->options.user, &agent->user, &error) != SE_OK)
		return fail(agent->options.user == NULL ? EX_USAGE : EX_NOUSER, &error);
	agent->server.signals = se_signals_open();
	if (agent->server.signals < 0) {
		se_log("could not prepare for signals: %s", strerror(errno));
		return EX_OSERR;
	}
	se_server_raise_limit(agent->options.socket_count);
	exit_code = open_sockets(agent);
	if (exit_code != EX_OK)
		return exit_code;
	make_state_directory(agent);
	exit_code = give_up_root(agent);
	return exit_code != EX_OK ? exit_code : load_and_serve(agent);
}

int
main(int argc, char **argv)
{
	static struct agent agent;
	int exit_code = se_options_parse(argc, argv, &agent.options);

	if (exit_code != EX_OK || agent.options.finished)
		return exit_code;
	agent.server.listeners = agent.listeners;
	agent.server.reload = reload;
	agent.server.context = &agent;
	exit_code = run(&agent);
	for (size_t i = 0; i < agent.server.listener_count; i++)
		se_listen_close(&agent.listeners[i]);
	return exit_code;
}
