/*
 * sasl-entrad: the walk from root to the loop. Sockets first, while it may; then root is given
 * up for good; only then anything is read, parsed or asked over the network.
 */
#include <errno.h>
#include <string.h>
#include <sysexits.h>

#include "core/descriptor.h"
#include "core/world.h"
#include "engine/crypto_memory.h"
#include "engine/engine.h"

#include "agent/directory.h"
#include "agent/inetd.h"
#include "agent/inherit.h"
#include "agent/listen.h"
#include "agent/load.h"
#include "agent/log.h"
#include "agent/options.h"
#include "agent/privilege.h"
#include "agent/server.h"
#include "agent/signals.h"

enum { LISTENERS_MAX = 2 * SE_SOCKETS_MAX }; /* inherited ones and our own */

struct agent {
	struct se_agent_options options;
	struct se_agent_user user;
	struct se_listener listeners[LISTENERS_MAX];
	size_t inherited; /* of the listeners, the first ones */
	struct se_server server;
	struct se_error problem; /* why the configuration cannot be used */
};

static int
fail(int exit_code, const struct se_error *error)
{
	se_log("%s", error->text);
	return exit_code;
}

static bool
is_inherited(const struct agent *agent, const char *path)
{
	for (size_t i = 0; i < agent->inherited; i++)
		if (strcmp(agent->listeners[i].path, path) == 0)
			return true;
	return false;
}

/* Before anything else takes a descriptor that the supervisor has only promised. */
static int
inherit_sockets(struct agent *agent)
{
	struct se_error error;

	if (se_inherit_sockets(agent->listeners, SE_SOCKETS_MAX, &agent->inherited, &error) !=
		SE_OK)
		return fail(EX_USAGE, &error);
	agent->server.listener_count = agent->inherited;
	return EX_OK;
}

/* Beside inherited ones those that are written out; the standard one only where there are
 * neither. */
static int
open_sockets(struct agent *agent)
{
	struct se_agent_options *options = &agent->options;
	struct se_server *server = &agent->server;
	struct se_error error;
	enum se_code code;

	if (agent->inherited == 0 && options->socket_count == 0)
		se_options_standard_socket(options);
	for (size_t i = 0; i < options->socket_count; i++) {
		if (is_inherited(agent, options->sockets[i].path))
			continue;
		code = se_listen_open(&options->sockets[i], &agent->user,
			&agent->listeners[server->listener_count], &error);
		if (code != SE_OK)
			return fail(code == SE_AGAIN ? EX_UNAVAILABLE : EX_CANTCREAT, &error);
		server->listener_count++;
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

static void
reload(void *context)
{
	struct agent *agent = context;
	struct se_service *service = &agent->server.service;
	const char *configuration = agent->options.configuration;
	struct se_error error;

	if (se_load_read(service, configuration, &error) == SE_OK) {
		service->unusable = NULL;
		se_log("%s: read again, %zu accounts", configuration,
			se_engine_config(service->engine)->account_count);
	} else if (service->unusable != NULL) {
		agent->problem = error;
		se_log("%s: still not usable", configuration);
	} else {
		se_log("%s: not usable; going on with the configuration that was read before",
			configuration);
	}
}

static int
serve(struct agent *agent)
{
	const struct se_service *service = &agent->server.service;
	const char *state = se_engine_state_dir(service->engine);

	if (service->unusable == NULL)
		se_log("version %s, %zu accounts of %s, tokens kept in %s", PACKAGE_VERSION,
			se_engine_config(service->engine)->account_count,
			agent->options.configuration, state != NULL ? state : "memory only");
	for (size_t i = 0; i < agent->server.listener_count; i++)
		se_log("listening at %s", agent->listeners[i].path);
	return se_server_run(&agent->server);
}

/* The supervisor shows why, long after the log has scrolled away. */
static int
not_started(struct agent *agent)
{
	struct se_notify *notify = &agent->server.notify;

	se_log("%s: not usable; not started", agent->options.configuration);
	se_notify_status(notify, agent->server.service.summary.not_read);
	se_notify_turn(notify, se_world_system.monotonic(se_world_system.context));
	return EX_CONFIG;
}

/* Who waits at an inherited socket would start us again and again, until the supervisor closes it
 * for good. So he is told what is wrong, which the log of his program then shows. */
static int
load_and_serve(struct agent *agent)
{
	struct se_service *service = &agent->server.service;
	int exit_code;

	if (!se_load_open(service, SE_ROLE_AGENT, agent->options.configuration))
		return EX_OSERR;
	if (se_load_read(service, agent->options.configuration, &agent->problem) == SE_OK) {
		exit_code = serve(agent);
	} else if (agent->inherited > 0) {
		service->unusable = &agent->problem;
		se_log("%s: not usable; whoever asks is told so, until SIGHUP after a correction",
			agent->options.configuration);
		exit_code = serve(agent);
	} else {
		exit_code = not_started(agent);
	}
	se_load_close(service);
	return exit_code;
}

/* Renews as a program does that has the engine inside: while the client waits, because nobody
 * would do it afterwards. */
static int
load_and_serve_one(struct agent *agent)
{
	struct se_service *service = &agent->server.service;
	int exit_code;

	if (!se_load_open(service, SE_ROLE_TOOL, agent->options.configuration))
		return EX_OSERR;
	if (se_load_quickly(service, agent->options.configuration, &agent->problem) != SE_OK)
		service->unusable = &agent->problem;
	exit_code = se_inetd_serve(service, agent->server.signals);
	se_load_close(service);
	return exit_code;
}

static int
find_user(struct agent *agent)
{
	struct se_error error;

	if (se_privilege_find(agent->options.user, &agent->user, &error) == SE_OK)
		return EX_OK;
	return fail(agent->options.user == NULL ? EX_USAGE : EX_NOUSER, &error);
}

static int
run(struct agent *agent)
{
	const bool inetd = agent->options.inetd;
	struct se_error error;
	int exit_code;

	if (inetd && se_inetd_check(&error) != SE_OK)
		return fail(EX_USAGE, &error);
	exit_code = find_user(agent);
	if (exit_code != EX_OK)
		return exit_code;
	agent->server.signals = se_signals_open();
	if (agent->server.signals < 0) {
		se_log("could not prepare for signals: %s", strerror(errno));
		return EX_OSERR;
	}
	if (!inetd) {
		exit_code = open_sockets(agent);
		if (exit_code != EX_OK)
			return exit_code;
		se_server_raise_limit(agent->server.listener_count);
	}
	make_state_directory(agent);
	exit_code = give_up_root(agent);
	if (exit_code != EX_OK)
		return exit_code;
	return inetd ? load_and_serve_one(agent) : load_and_serve(agent);
}

int
main(int argc, char **argv)
{
	static struct agent agent;
	int exit_code;

	(void)se_descriptors_fill(true);
	se_crypto_wipe_what_is_freed();
	se_log_begin();
	exit_code = se_options_parse(argc, argv, &agent.options);
	if (exit_code != EX_OK || agent.options.finished)
		return exit_code;
	agent.server.listeners = agent.listeners;
	agent.server.reload = reload;
	agent.server.context = &agent;
	if (!agent.options.inetd)
		exit_code = inherit_sockets(&agent);
	se_notify_begin(&agent.server.notify);
	if (exit_code == EX_OK)
		exit_code = run(&agent);
	for (size_t i = 0; i < agent.server.listener_count; i++)
		se_listen_close(&agent.listeners[i]);
	se_notify_end(&agent.server.notify);
	return exit_code;
}
