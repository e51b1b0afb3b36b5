#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/import_plan.h"

/* Its build makes libsasl-xoauth2.so and may make numbered names beside it. */
#define NAMES "libsasl-xoauth2.*"

static void
look_in(struct se_import_plan *plan, const char *directory, size_t len)
{
	char pattern[4096];
	glob_t found;

	(void)snprintf(pattern, sizeof(pattern), "%.*s/" NAMES, (int)len, directory);
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc && plan->plugin_count < SE_IMPORT_PLUGINS_MAX; i++)
		if ((plan->plugins[plan->plugin_count] = strdup(found.gl_pathv[i])) != NULL)
			plan->plugin_count++;
	globfree(&found);
}

/* libsasl2 looks in $SASL_PATH, or where its distribution has put plugins. */
void
se_import_find_plugins(struct se_import_plan *plan)
{
	const char *path = getenv("SASL_PATH");

	if (path == NULL)
		path = "/usr/lib/*/sasl2:/usr/lib/sasl2:/usr/lib64/sasl2:/usr/local/lib/sasl2";
	while (*path != '\0') {
		size_t len = strcspn(path, ":");

		if (path[0] == '/')
			look_in(plan, path, len);
		path += len + (path[len] == ':');
	}
}
