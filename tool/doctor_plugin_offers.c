/*
 * doctor: what libsasl2 has from the plugin, who else offers the same, and what is chosen.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/doctor_plugin.h"

#define PLUGIN_NAME "sasl-entra"

enum { FIX_MAX = 2 * PATH_MAX + 256 };

/* Others that offer XOAUTH2, as libsasl2 calls them, and where they come from. */
static const struct {
	const char *plugin;
	const char *name;
} others[] = {
	{"sasl-xoauth2", "sasl-xoauth2"},
	{"xoauth2", "cyrus-sasl-xoauth2"},
	{"kdexoauth2", "KDE's, for KMail"},
};

static const char *
name_of(const char *plugin)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i].plugin, plugin) == 0)
			return others[i].name;
	return "not known";
}

/* --- what is offered ----------------------------------------------------------------------------- */

static bool
offers(const struct se_sasl_plugins *plugins, const char *mechanism)
{
	for (size_t i = 0; i < plugins->offer_count; i++)
		if (strcmp(plugins->offers[i].mechanism, mechanism) == 0 &&
			strcmp(plugins->offers[i].plugin, PLUGIN_NAME) == 0)
			return true;
	return false;
}

static bool
look_at_offers(struct se_checkup *checkup, const struct se_sasl_plugins *plugins)
{
	if (offers(plugins, "XOAUTH2") && offers(plugins, "OAUTHBEARER")) {
		se_checkup_fine(checkup, "plugin-offered",
			"libsasl2 has XOAUTH2 and OAUTHBEARER from the plugin");
		return true;
	}
	se_checkup_add(checkup, "plugin-offered", SE_PROBLEM,
		"look for a line of libsasl2 in the log; reinstall libsasl2 and sasl-entra",
		"libsasl2 has no %s from the plugin",
		offers(plugins, "XOAUTH2") ? "OAUTHBEARER" : "XOAUTH2");
	return false;
}

/* The file of a plugin of that name. */
static const char *
file_of(const struct se_sasl_plugins *plugins, const char *plugin)
{
	const size_t len = strlen(plugin);

	for (size_t i = 0; i < plugins->file_count; i++) {
		const char *name = se_doctor_base_name(plugins->files[i]);

		if (strncmp(name, "lib", 3) == 0 && strncmp(name + 3, plugin, len) == 0 &&
			name[3 + len] == '.')
			return plugins->files[i];
	}
	return "";
}

static void
say_other(struct se_checkup *checkup, const struct se_sasl_plugins *plugins, const char *plugin)
{
	const char *file = file_of(plugins, plugin);
	const bool known = plugins->winner[0] != '\0';
	const bool ours = strcmp(se_doctor_base_name(plugins->winner), SE_DOCTOR_PLUGIN_FILE) == 0;
	char fix[FIX_MAX];

	(void)snprintf(fix, sizeof(fix), "mv %s %s.off%s", file, file,
		strcmp(plugin, "sasl-xoauth2") == 0
			? "\nor let sasl-entra import sasl-xoauth2 take over what it does"
			: "");
	se_checkup_add(checkup, "plugin-others", known && !ours ? SE_PROBLEM : SE_WARNING, fix,
		"%s (%s) offers XOAUTH2 as well, and %s", file[0] != '\0' ? file : plugin,
		name_of(plugin),
		!known ? "which one is used is libsasl2's affair"
		: ours ? "ours is used as long as libsasl2 finds it first or it claims more"
		       : "libsasl2 uses that one, not ours");
}

static void
look_at_others(struct se_checkup *checkup, const struct se_sasl_plugins *plugins)
{
	bool alone = true;

	for (size_t i = 0; i < plugins->offer_count; i++) {
		const struct se_sasl_offer *offer = &plugins->offers[i];

		if (strcmp(offer->mechanism, "XOAUTH2") != 0 ||
			strcmp(offer->plugin, PLUGIN_NAME) == 0)
			continue;
		say_other(checkup, plugins, offer->plugin);
		alone = false;
	}
	if (alone)
		se_checkup_fine(checkup, "plugin-others", "no other plugin offers XOAUTH2");
}

/* --- what is chosen ------------------------------------------------------------------------------ */

/* Whether programs of this user read the configuration that is looked at. */
static bool
is_programs(const struct se_identity *identity)
{
	struct se_identity own;

	return se_identity_choose(NULL, &own) &&
	       strcmp(own.configuration, identity->configuration) == 0;
}

static void
look_at_ranking(struct se_doctor *doctor, const struct se_sasl_plugins *plugins)
{
	const char *chosen = plugins->chosen[0] != '\0' ? plugins->chosen : "nothing";

	if (strcmp(chosen, "XOAUTH2") == 0)
		se_checkup_fine(&doctor->checkup, "plugin-ranking",
			"where a server offers LOGIN, PLAIN and XOAUTH2, libsasl2 takes XOAUTH2");
	else if (!is_programs(doctor->identity))
		se_checkup_left_out(&doctor->checkup, "plugin-ranking",
			"which mechanism is taken depends on the configuration that mail programs "
			"read, and %s is none",
			doctor->identity->configuration);
	else if (access(doctor->identity->configuration, F_OK) != 0)
		se_checkup_add(&doctor->checkup, "plugin-ranking", SE_PROBLEM, "sasl-entra setup",
			"where a server offers LOGIN, PLAIN and XOAUTH2, libsasl2 takes %s, as the "
			"plugin stands back until there is %s",
			chosen, doctor->identity->configuration);
	else
		se_checkup_add(&doctor->checkup, "plugin-ranking", SE_PROBLEM,
			"have mail programs name the mechanism; for Postfix:\n"
			"postconf -e 'smtp_sasl_mechanism_filter = xoauth2'",
			"where a server offers LOGIN, PLAIN and XOAUTH2, libsasl2 takes %s",
			chosen);
}

void
se_doctor_offers(struct se_doctor *doctor, const struct se_sasl_plugins *plugins)
{
	if (!look_at_offers(&doctor->checkup, plugins))
		return;
	look_at_others(&doctor->checkup, plugins);
	look_at_ranking(doctor, plugins);
}
