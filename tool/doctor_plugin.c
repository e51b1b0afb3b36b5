#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/directory.h"
#include "core/source.h"

#include "tool/doctor.h"
#include "tool/doctor_aside.h"
#include "tool/doctor_plugin.h"

#define HERE SE_PLUGIN_DIRECTORY "/" SE_DOCTOR_PLUGIN_FILE

enum { LOOK_MS = 20000, FIX_MAX = 2 * PATH_MAX + 256 };

const char *
se_doctor_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Our file among those that libsasl2 read. */
static const char *
find_ours(const struct se_sasl_plugins *plugins)
{
	for (size_t i = 0; i < plugins->file_count; i++)
		if (strcmp(se_doctor_base_name(plugins->files[i]), SE_DOCTOR_PLUGIN_FILE) == 0)
			return plugins->files[i];
	return NULL;
}

/* --- the directory ------------------------------------------------------------------------------- */

/* The directories of the files that were read, each once, with a colon between them. */
static void
add_directories(const struct se_sasl_plugins *plugins, struct se_buffer *out)
{
	const char *before = "";

	for (size_t i = 0; i < plugins->file_count; i++) {
		const char *file = plugins->files[i];
		const size_t len = (size_t)(se_doctor_base_name(file) - file);

		if (len > 1 && strncmp(before, file, len) != 0)
			se_buffer_addf(out, "%s%.*s", out->len > 0 ? ":" : "", (int)len - 1, file);
		before = file;
	}
}

static void
say_not_there(struct se_checkup *checkup, const char *directories)
{
	const char *variable = getenv("SASL_PATH");
	char fix[FIX_MAX];

	if (access(HERE, F_OK) != 0)
		(void)snprintf(fix, sizeof(fix), "install sasl-entra again: %s is not there", HERE);
	else if (variable != NULL)
		(void)snprintf(fix, sizeof(fix),
			"the environment variable SASL_PATH says so: unset SASL_PATH");
	else if (directories[0] == '\0')
		(void)snprintf(fix, sizeof(fix),
			"it has read no file at all: install libsasl2-modules, too");
	else
		(void)snprintf(fix, sizeof(fix), "ln -s %s %.*s/", HERE,
			(int)strcspn(directories, ":"), directories);
	se_checkup_add(checkup, "plugin-directory", SE_PROBLEM, fix,
		"libsasl2 reads its plugins from %s, and there is no " SE_DOCTOR_PLUGIN_FILE
		" in it",
		directories[0] != '\0' ? directories
		: variable != NULL     ? variable
				       : "nowhere");
}

static bool
look_for_file(struct se_checkup *checkup, const struct se_sasl_plugins *plugins)
{
	const char *ours = find_ours(plugins);
	struct se_buffer directories;

	se_buffer_init(&directories, (size_t)SE_SASL_FILES_MAX * PATH_MAX);
	add_directories(plugins, &directories);
	if (ours != NULL)
		se_checkup_fine(checkup, "plugin-directory", "libsasl2 reads %s", ours);
	else
		say_not_there(checkup, se_buffer_text(&directories));
	se_buffer_free(&directories);
	return ours != NULL;
}

/* Every program that logs in runs it, some as root. */
static void
look_at_mode(struct se_checkup *checkup, const char *path)
{
	struct stat found;
	char fix[FIX_MAX];

	if (stat(path, &found) != 0)
		return;
	if (found.st_uid != 0 && found.st_uid != geteuid()) {
		(void)snprintf(fix, sizeof(fix), "chown root:root %s", path);
		se_checkup_add(checkup, "plugin-file", SE_PROBLEM, fix,
			"%s belongs to uid %lu: it is run by every program that logs in", path,
			(unsigned long)found.st_uid);
	} else if ((found.st_mode & 022) != 0) {
		(void)snprintf(fix, sizeof(fix), "chmod go-w %s", path);
		se_checkup_add(checkup, "plugin-file", SE_PROBLEM, fix,
			"%s can be written by others (mode %04o): it is run by every program that "
			"logs in",
			path, (unsigned)(found.st_mode & 07777));
	} else if ((found.st_mode & 04) == 0) {
		(void)snprintf(fix, sizeof(fix), "chmod a+r %s", path);
		se_checkup_add(checkup, "plugin-file", SE_PROBLEM, fix,
			"%s cannot be read by everybody (mode %04o)", path,
			(unsigned)(found.st_mode & 07777));
	} else {
		se_checkup_fine(checkup, "plugin-file", "%s may change it",
			found.st_uid == 0 ? "only root" : "nobody else");
	}
}

/* --- loading -------------------------------------------------------------------------------------- */

static bool
loads(struct se_checkup *checkup, const char *path)
{
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (plugin == NULL || dlsym(plugin, "sasl_client_plug_init") == NULL) {
		const char *why = dlerror();

		se_checkup_add(checkup, "plugin-load", SE_PROBLEM,
			"install sasl-entra again, for this system's libraries",
			"the plugin does not load: %s", why != NULL ? why : "no reason given");
		if (plugin != NULL)
			(void)dlclose(plugin);
		return false;
	}
	se_checkup_fine(checkup, "plugin-load", "the plugin loads");
	(void)dlclose(plugin); /* libsasl2 has it open as well */
	return true;
}

/* What the plugin loads into a program where there is no agent. */
static void
look_at_engine(struct se_checkup *checkup)
{
	void *library = dlopen(SE_ENGINE_PATH, RTLD_NOW | RTLD_LOCAL);
	const struct se_engine_module *module =
		library != NULL ? dlsym(library, SE_ENGINE_SYMBOL) : NULL;

	if (module == NULL)
		se_checkup_add(checkup, "plugin-engine", SE_PROBLEM,
			"install sasl-entra again, for this system's libraries",
			"the plugin's engine does not load: %s", dlerror());
	else if (module->abi != SE_ENGINE_ABI || strcmp(module->version, PACKAGE_VERSION) != 0)
		se_checkup_add(checkup, "plugin-engine", SE_PROBLEM,
			"install sasl-entra again, all of it",
			"%s is of version %s, and this is " PACKAGE_VERSION, SE_ENGINE_PATH,
			module->version);
	else
		se_checkup_fine(checkup, "plugin-engine", "the plugin's engine loads, version %s",
			module->version);
}

/* --- the whole ----------------------------------------------------------------------------------- */

/* In the child. */
static void
look(struct se_doctor *doctor, void *context)
{
	static struct se_sasl_plugins plugins;
	struct se_checkup *checkup = &doctor->checkup;
	const bool begun = se_sasl_plugins_look(&plugins);
	const char *ours = find_ours(&plugins);

	(void)context;
	if (!begun)
		se_checkup_add(checkup, "plugin-directory", SE_PROBLEM,
			"look for a line of libsasl2 in the log", "libsasl2 does not start");
	if (!begun || !look_for_file(checkup, &plugins) || ours == NULL) {
		se_checkup_left_out(checkup, "plugin-load",
			"whether the plugin loads, what it offers and what is chosen");
		return;
	}
	look_at_mode(checkup, ours);
	if (!loads(checkup, ours))
		return;
	look_at_engine(checkup);
	se_doctor_offers(doctor, &plugins);
}

void
se_doctor_plugin(struct se_doctor *doctor)
{
	const struct se_doctor_part part = {
		.look = look,
		.timeout = LOOK_MS,
		.what = "waiting for libsasl2's plugins",
	};
	struct se_error error;

	if (se_doctor_aside(doctor, &part, &error) != SE_OK)
		se_checkup_add(&doctor->checkup, "plugin-load", SE_PROBLEM,
			"ls the directory of libsasl2's plugins, and take out what does not "
			"belong there",
			"loading libsasl2's plugins failed: %s", error.text);
}
