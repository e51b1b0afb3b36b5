#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

#include "core/client.h"
#include "core/directory.h"
#include "core/error.h"
#include "core/source.h"
#include "core/world.h"

#include "choose.h"
#include "init.h"
#include "memory.h"

/* A service that Postfix's own master runs, for smtp(8) in its jail (master.cf, spawn(8)). */
#define POSTFIX_SOCKET_PATH "/private/sasl-entra"

/* The engine module, opened once and kept for later connections. */
struct se_loaded_engine {
	void *library;
	const struct se_engine_module *module;
	struct se_engine_handle *handle;
	pid_t pid; /* a forked child must not touch its parent's */
	uid_t uid;
	char configuration[SE_PLUGIN_PATH_MAX];
};

/* One request on its way through the sources. */
struct search {
	struct se_plugin *plugin;
	struct se_request *request;
	struct se_answer *answer;
	struct se_error *error; /* the one that says most */
	int64_t deadline;
	bool root_is_safe; /* "/" */
};

/* --- where we are --------------------------------------------------------------------------- */

/* Whether the program has rights that its caller does not. */
static bool
privileged(void)
{
	if (getuid() != geteuid() || getgid() != getegid())
		return true;
#if defined(__linux__)
	return getauxval(AT_SECURE) != 0;
#else
	return issetugid() != 0;
#endif
}

/* An absolute path from the environment, or NULL. */
static const char *
environment(const char *name)
{
#ifdef HAVE_SECURE_GETENV
	const char *value = secure_getenv(name);
#else
	const char *value = privileged() ? NULL : getenv(name);
#endif
	return value != NULL && value[0] == '/' ? value : NULL;
}

static bool
join(char *path, size_t size, const char *directory, const char *rest)
{
	int len = snprintf(path, size, "%s%s", directory, rest);

	return len > 0 && (size_t)len < size;
}

/* Where it would be; false without a home in the environment, as daemons are. */
static bool
own_path(char *path, size_t size)
{
	const char *directory = environment("XDG_CONFIG_HOME");

	if (directory != NULL)
		return join(path, size, directory, "/sasl-entra/sasl-entra.conf");
	directory = environment("HOME");
	return directory != NULL &&
	       join(path, size, directory, "/.config/sasl-entra/sasl-entra.conf");
}

bool
se_choose_own_configuration(char *path, size_t size)
{
	struct stat st;

	return own_path(path, size) && geteuid() != 0 && !privileged() && stat(path, &st) == 0;
}

static bool
jailed(const struct se_plugin *plugin)
{
	struct se_place now = se_place_of("/");

	return !se_place_equal(&plugin->root, &now);
}

/* The jail's name outside, where it is what was the working directory at the start; else "". */
static const char *
jail_path(const struct se_plugin *plugin)
{
	struct se_place now = se_place_of("/");

	return se_place_equal(&plugin->directory, &now) ? plugin->path : "";
}

/* --- the memory of refused tokens ----------------------------------------------------------- */

static _Atomic uint32_t *
rejected_slot(struct se_plugin *plugin, const char *login)
{
	uint32_t hash = 2166136261u; /* FNV-1a; a collision only forgets a refusal */

	for (; *login != '\0'; login++)
		hash = (hash ^ (unsigned char)*login) * 16777619u;
	return &plugin->rejected[hash % SE_PLUGIN_REJECTED];
}

static bool
parse_fingerprint(const char *text, uint32_t *value)
{
	size_t len = 0;

	*value = 0;
	for (; len <= SE_FINGERPRINT_MAX && text[len] != '\0'; len++)
		if (text[len] >= '0' && text[len] <= '9')
			*value = *value << 4 | (uint32_t)(text[len] - '0');
		else if (text[len] >= 'a' && text[len] <= 'f')
			*value = *value << 4 | (uint32_t)(text[len] - 'a' + 10);
		else
			return false;
	return len == SE_FINGERPRINT_MAX;
}

void
se_choose_reject(struct se_plugin *plugin, const char *login, const char *fingerprint)
{
	uint32_t value;

	if (parse_fingerprint(fingerprint, &value))
		atomic_store(rejected_slot(plugin, login), value);
}

/* It stays remembered: a source that still holds that token must not hand it out again, and for
 * any other token it means nothing. */
static void
tell_rejected(struct se_plugin *plugin, struct se_request *request)
{
	uint32_t fingerprint = atomic_load(rejected_slot(plugin, request->login));

	if (fingerprint != 0) {
		(void)snprintf(request->rejected, sizeof(request->rejected), "%08lx",
			(unsigned long)fingerprint);
	}
}

/* --- asking --------------------------------------------------------------------------------- */

/* Sets what is left of the budget; false when nothing is. */
static bool
set_time_left(struct search *search)
{
	int64_t left = search->deadline - se_world_clocks.monotonic(se_world_clocks.context);

	if (left <= 0) {
		se_error_set(search->error, SE_AGAIN,
			"%s: no token came within %d seconds; the next try may be faster",
			search->request->login, SE_BUDGET_MS / 1000);
		return false;
	}
	search->request->time_left = (uint32_t)left;
	return true;
}

static bool
is_final(enum se_code code)
{
	return code != SE_ABSENT && code != SE_NO_ACCOUNT;
}

/* Of two sources, one that knows nothing of the login name says more than one that is not there. */
static enum se_code
keep(struct search *search, enum se_code code, const struct se_error *error)
{
	if (code != SE_ABSENT || search->error->code != SE_NO_ACCOUNT)
		*search->error = *error;
	return code;
}

static enum se_code
ask_agent(struct search *search, const char *path)
{
	SE_UNSET struct se_error error;
	enum se_code code;

	se_error_clear(&error);
	if (!set_time_left(search))
		return SE_AGAIN;
	code = se_client_ask(path, search->root_is_safe, search->request, &se_world_clocks,
		search->answer, &error);
	return code == SE_OK ? SE_OK : keep(search, code, &error);
}

/* --- the engine ----------------------------------------------------------------------------- */

static void
engine_close(struct se_loaded_engine *engine)
{
	if (engine == NULL)
		return;
	if (engine->handle != NULL)
		engine->module->close(engine->handle);
	if (engine->library != NULL)
		dlclose(engine->library); /* the module is marked to stay mapped */
	free(engine);
}

/* In a forked child: the handle is the parent's, and so are its locks and sockets. */
static void
engine_forget(struct se_loaded_engine **engine)
{
	free(*engine);
	*engine = NULL;
}

/* Whether the module is of this plugin's build. Nothing behind `abi` is read unless it fits. */
static bool
is_ours(const struct se_engine_module *module)
{
	return module->abi == SE_ENGINE_ABI && module->size == sizeof(*module) &&
	       module->version != NULL && strcmp(module->version, PACKAGE_VERSION) == 0;
}

static enum se_code
engine_load(struct se_loaded_engine *engine, struct se_error *error)
{
	const char *why;

	dlerror();
	/* Every name that the engine itself uses is looked up here all the same, as it was linked with
	 * -z now: one that is missing is an error, and not the end of this program. Its libraries bind
	 * what they want of each other when they need it, as in every program that links them. */
	engine->library = dlopen(SE_ENGINE_PATH, RTLD_LAZY | RTLD_LOCAL);
	if (engine->library == NULL) {
		why = dlerror();
		return se_error_set(error, SE_CONFIG,
			"cannot load the engine module (%s); install the package sasl-entra with "
			"the libraries that it needs, or start the agent sasl-entrad",
			why != NULL ? why : SE_ENGINE_PATH);
	}
	engine->module = dlsym(engine->library, SE_ENGINE_SYMBOL);
	if (engine->module == NULL || !is_ours(engine->module)) {
		engine->module = NULL;
		return se_error_set(error, SE_CONFIG,
			"the engine module %s is not the one that belongs to this plugin (version "
			"%s); reinstall sasl-entra, so that both come from one package, and "
			"restart this program",
			SE_ENGINE_PATH, PACKAGE_VERSION);
	}
	return SE_OK;
}

static struct se_loaded_engine *
engine_open(const char *configuration, bool own, struct se_error *error)
{
	struct se_loaded_engine *engine = malloc(sizeof(*engine));

	if (engine == NULL) {
		se_error_memory(error);
		return NULL;
	}
	memset(engine, 0, sizeof(*engine));
	engine->pid = getpid();
	engine->uid = geteuid();
	se_copy(engine->configuration, sizeof(engine->configuration), configuration);
	if (engine_load(engine, error) != SE_OK) {
		engine_close(engine);
		return NULL;
	}
	engine->handle = engine->module->open(engine->configuration, own);
	if (engine->handle == NULL) {
		se_error_memory(error);
		engine_close(engine);
		return NULL;
	}
	return engine;
}

/* Takes the engine out of `plugin`, so that no two threads use it: who finds none there opens
 * another. */
static struct se_loaded_engine *
engine_take(struct se_plugin *plugin, const char *configuration, bool own, struct se_error *error)
{
	struct se_loaded_engine *engine = atomic_exchange(&plugin->engine, NULL);

	if (engine != NULL && engine->pid != getpid())
		engine_forget(&engine);
	if (engine != NULL &&
		(engine->uid != geteuid() || strcmp(engine->configuration, configuration) != 0)) {
		engine_close(engine);
		engine = NULL;
	}
	return engine != NULL ? engine : engine_open(configuration, own, error);
}

/* What this process may not read is the agent's to read. Everything else, what a tenant says above all,
 * the agent would have met as well. */
static bool
is_for_want_of_agent(const struct se_error *error)
{
	return strstr(error->text, SE_WAY_DENIED) != NULL;
}

/* Puts the first cause before the second one, each with what to do against it: of the first one that is
 * to start the agent, wherever its way to the socket ended. */
static void
add_want_of_agent(const char *login, const struct se_error *absent, struct se_error *error)
{
	const size_t len = strlen(login);
	const char *cause = strstr(absent->text, ": ");
	const char *text = error->text;
	char why[200], step[160];

	cause = cause != NULL ? cause + 2 : absent->text;
	(void)snprintf(why, sizeof(why), "%.199s", cause);
	why[strcspn(why, ";")] = '\0';
	if (access(SE_SOCKET_PATH, W_OK) != 0 && errno == EACCES)
		(void)snprintf(step, sizeof(step),
			"let the user with uid %lu connect: usermod --append --groups "
			"sasl-entra-clients USER",
			(unsigned long)geteuid());
	else
		(void)snprintf(
			step, sizeof(step), "start it: systemctl enable --now sasl-entrad.socket");
	if (strncmp(text, login, len) == 0 && strncmp(text + len, ": ", 2) == 0)
		text += len + 2;
	se_error_set(error, error->code, "%s: no agent at %s (%s; %s), and without one: %s", login,
		SE_SOCKET_PATH, why, step, text);
}

static enum se_code no_agent(struct search *search);

static enum se_code
ask_engine(struct search *search, const char *configuration, bool own)
{
	const struct se_error absent = *search->error;
	struct se_error error = {0};
	struct se_loaded_engine *engine;
	enum se_code code;

	if (!set_time_left(search))
		return SE_AGAIN;
	if (jailed(search->plugin))
		return no_agent(search); /* who entered one without being root at the start */
	engine = engine_take(search->plugin, configuration, own, &error);
	if (engine == NULL) {
		/* A machine may have an agent and no engine: then the agent's word is the last. */
		if (search->error->code == SE_NO_ACCOUNT)
			return SE_NO_ACCOUNT;
		code = error.code;
	} else {
		code = engine->module->ask(engine->handle, search->request, search->answer, &error);
		engine_close(atomic_exchange(&search->plugin->engine, engine));
	}
	if (code == SE_OK)
		return SE_OK;
	if (!own && absent.code == SE_ABSENT && is_for_want_of_agent(&error))
		add_want_of_agent(search->request->login, &absent, &error);
	return keep(search, code, &error);
}

void
se_choose_done(struct se_plugin *plugin)
{
	struct se_loaded_engine *engine = atomic_exchange(&plugin->engine, NULL);

	se_memory_forget(plugin);
	if (engine != NULL && engine->pid != getpid())
		engine_forget(&engine);
	engine_close(engine);
}

/* --- in which order ------------------------------------------------------------------------- */

/* No source is left where the engine may not run. An account that the agent does not have is not
 * found elsewhere either. */
static enum se_code
no_agent(struct search *search)
{
	const char *login = search->request->login;
	const char *jail = jail_path(search->plugin);
	const char *there = "";
	struct stat st;

	if (search->error->code == SE_NO_ACCOUNT)
		return SE_NO_ACCOUNT;
	if (stat(SE_SOCKET_PATH, &st) == 0)
		there = " (the socket is there, but nobody listens or this user may not connect)";
	if (!jailed(search->plugin)) {
		return se_error_set(search->error, SE_AGAIN,
			"%s: no agent at %s%s, and a program that runs with another user's rights "
			"gets its tokens from nowhere else; start it with: sasl-entrad --user "
			"sasl-entra --socket %s,sasl-entra-clients",
			login, SE_SOCKET_PATH, there, SE_SOCKET_PATH);
	}
	if (jail[0] == '\0') {
		return se_error_set(search->error, SE_AGAIN,
			"%s: no agent at %s inside the chroot of this program%s; start it with: "
			"sasl-entrad --user sasl-entra --socket %s,sasl-entra-clients --socket "
			"CHROOT%s,sasl-entra-clients",
			login, SE_SOCKET_PATH, there, SE_SOCKET_PATH, SE_SOCKET_PATH);
	}
	return se_error_set(search->error, SE_AGAIN,
		"%s: no agent at %s inside the chroot %s%s; start it with: sasl-entrad --user "
		"sasl-entra --socket %s,sasl-entra-clients --socket %s%s,postfix",
		login, SE_SOCKET_PATH, jail, there, SE_SOCKET_PATH, jail, SE_SOCKET_PATH);
}

static enum se_code
ask_jailed(struct search *search)
{
	enum se_code code = ask_agent(search, SE_SOCKET_PATH);

	if (!is_final(code))
		code = ask_agent(search, POSTFIX_SOCKET_PATH);
	return is_final(code) ? code : no_agent(search);
}

static enum se_code
ask_own(struct search *search, const char *configuration)
{
	const char *runtime = environment("XDG_RUNTIME_DIR");
	char path[SE_PLUGIN_PATH_MAX];
	enum se_code code;

	if (runtime != NULL && join(path, sizeof(path), runtime, "/sasl-entra/agent.sock")) {
		code = ask_agent(search, path);
		if (is_final(code))
			return code;
	}
	return ask_engine(search, configuration, true);
}

static enum se_code
ask_system(struct search *search)
{
	enum se_code code = ask_agent(search, SE_SOCKET_PATH);
	struct stat st;

	if (is_final(code))
		return code;
	if (privileged())
		return no_agent(search);
	/* Without a configuration the engine has nothing to say: it is not loaded to say so. */
	if (stat(SE_CONFIGURATION_PATH, &st) != 0 && errno == ENOENT) {
		if (search->error->code == SE_NO_ACCOUNT)
			return SE_NO_ACCOUNT;
		return se_error_set(search->error, SE_NO_ACCOUNT,
			"%s: nothing is configured for it: there is no agent at %s and no file %s; "
			"sasl-entra.conf(5) says how to write one",
			search->request->login, SE_SOCKET_PATH, SE_CONFIGURATION_PATH);
	}
	return ask_engine(search, SE_CONFIGURATION_PATH, false);
}

enum se_code
se_choose_ask(struct se_plugin *plugin, struct se_request *request, struct se_answer *answer,
	struct se_error *error)
{
	struct search search = {plugin, request, answer, error,
		se_world_clocks.monotonic(se_world_clocks.context) + SE_BUDGET_MS, false};
	struct se_place root = plugin->root;
	SE_UNSET char own[SE_PLUGIN_PATH_MAX];

	se_error_clear(error);
	tell_rejected(plugin, request);
	if (se_memory_recall(plugin, request, answer))
		return SE_OK;
	/* Mostly it is root who starts programs that enter a jail: others, who need a right for it that only
	 * root gives, are not looked at before they want the engine. */
	if (plugin->by_root)
		root = se_place_of("/");
	if (!se_place_equal(&plugin->root, &root))
		return ask_jailed(&search);
	search.root_is_safe = root.safe;
	if (se_choose_own_configuration(own, sizeof(own)))
		return ask_own(&search, own);
	return ask_system(&search);
}
