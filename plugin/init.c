#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "core/directory.h"

#include "choose.h"
#include "init.h"
#include "mechanism.h"

#if defined(__GNUC__)
#define EXPORTED __attribute__((visibility("default")))
#else
#define EXPORTED
#endif

/* The password is left out on purpose: it is asked for only when no source has a token. */
static const unsigned long required_prompts[] = {SASL_CB_AUTHNAME, SASL_CB_LIST_END};

struct se_place
se_place_of(const char *path)
{
	struct se_place place = {0};
	struct stat st;

	if (stat(path, &st) == 0) {
		place.known = true;
		place.safe = st.st_uid == 0 && se_directory_is_safe(&st);
		place.device = st.st_dev;
		place.inode = st.st_ino;
	}
	return place;
}

bool
se_place_equal(const struct se_place *a, const struct se_place *b)
{
	return a->known && b->known && a->device == b->device && a->inode == b->inode;
}

/* libsasl2 takes the strongest mechanism that a server offers and never falls back. So that
 * machines which log in by password keep doing so, the mechanisms rank below PLAIN and LOGIN
 * until a configuration exists. */
static unsigned
security_flags(void)
{
	char own[SE_PLUGIN_PATH_MAX];
	struct stat st;

	if (stat(SE_CONFIGURATION_PATH, &st) == 0 || se_choose_own_configuration(own, sizeof(own)))
		return SASL_SEC_NOANONYMOUS | SASL_SEC_NOPLAINTEXT | SASL_SEC_PASS_CREDENTIALS;
	return SASL_SEC_PASS_CREDENTIALS;
}

/* Postfix's smtp(8) loads plugins before it enters its jail, with the working directory where
 * "/" will be: that is how a message can name the jail later. */
static void
remember_places(struct se_plugin *plugin)
{
	plugin->root = se_place_of("/");
	plugin->by_root = geteuid() == 0;
	if (!plugin->by_root)
		return; /* it hardly enters one */
	plugin->directory = se_place_of(".");
	if (getcwd(plugin->path, sizeof(plugin->path)) == NULL || plugin->path[0] != '/')
		plugin->path[0] = '\0';
}

static void
plugin_free(void *context, const sasl_utils_t *utils)
{
	struct se_plugin *plugin = context;

	if (plugin == NULL || --plugin->references > 0)
		return;
	se_choose_done(plugin);
	utils->free(plugin);
}

static void
offer(struct se_plugin *plugin, const char *name, unsigned flags,
	int (*mech_new)(void *, sasl_client_params_t *, void **))
{
	sasl_client_plug_t *mechanism = &plugin->mechanisms[plugin->references++];

	mechanism->mech_name = name;
	mechanism->max_ssf = 0; /* a bearer token protects nothing that follows */
	mechanism->security_flags = flags;
	mechanism->features = SASL_FEAT_WANT_CLIENT_FIRST | SASL_FEAT_ALLOWS_PROXY;
	mechanism->required_prompts = required_prompts;
	mechanism->glob_context = plugin;
	mechanism->mech_new = mech_new;
	mechanism->mech_step = se_mechanism_step;
	mechanism->mech_dispose = se_mechanism_dispose;
	mechanism->mech_free = plugin_free;
}

EXPORTED int
sasl_client_plug_init(const sasl_utils_t *utils, int max_version, int *out_version,
	sasl_client_plug_t **pluglist, int *plugcount)
{
	struct se_plugin *plugin;
	unsigned flags;

	if (max_version < SASL_CLIENT_PLUG_VERSION)
		return SASL_BADVERS;
	plugin = utils->malloc(sizeof(*plugin));
	if (plugin == NULL)
		return SASL_NOMEM;
	memset(plugin, 0, sizeof(*plugin));
	atomic_init(&plugin->engine, NULL);
	for (size_t i = 0; i < SE_PLUGIN_REJECTED; i++)
		atomic_init(&plugin->rejected[i], 0);
	remember_places(plugin);

	flags = security_flags();
	offer(plugin, "XOAUTH2", flags, se_mechanism_new_xoauth2);
	offer(plugin, "OAUTHBEARER", flags, se_mechanism_new_oauthbearer);

	*out_version = SASL_CLIENT_PLUG_VERSION;
	*pluglist = plugin->mechanisms;
	*plugcount = SE_PLUGIN_MECHANISMS;
	return SASL_OK;
}
