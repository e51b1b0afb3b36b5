#include <dlfcn.h>
#include <string.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "core/source.h"

#include "tool/sasl_plugins.h"

/* What smtp.office365.com offers, and PLAIN, which others offer beside. */
#define OFFERED "LOGIN PLAIN XOAUTH2"

typedef int (*callback)(void);

static struct se_sasl_plugins *seen; /* libsasl2's callbacks of all connections have no context */

/* --- the files ----------------------------------------------------------------------------------- */

static int
see_file(void *context, const char *file, sasl_verify_type_t type)
{
	(void)context;
	if (type == SASL_VRFY_PLUGIN && seen->file_count < SE_SASL_FILES_MAX)
		seen->files[seen->file_count++] = strdup(file);
	return SASL_OK;
}

static int
log_nothing(void *context, int level, const char *text)
{
	(void)context;
	(void)level;
	(void)text;
	return SASL_OK;
}

/* --- who offers what ---------------------------------------------------------------------------- */

static void
see_offer(client_sasl_mechanism_t *mechanism, sasl_info_callback_stage_t stage, void *context)
{
	struct se_sasl_offer *offer = &seen->offers[seen->offer_count];

	(void)context;
	if (stage != SASL_INFO_LIST_MECH || seen->offer_count == SE_SASL_FILES_MAX)
		return;
	(void)se_copy(offer->mechanism, sizeof(offer->mechanism), mechanism->plug->mech_name);
	(void)se_copy(offer->plugin, sizeof(offer->plugin),
		mechanism->plugname != NULL ? mechanism->plugname : "");
	seen->offer_count++;
}

/* --- who is chosen ------------------------------------------------------------------------------- */

/* Whoever asks is the plugin that libsasl2 has chosen. */
static void
see_caller(const void *from)
{
	Dl_info info;

	if (seen->winner[0] == '\0' && dladdr(from, &info) != 0 && info.dli_fname != NULL)
		(void)se_copy(seen->winner, sizeof(seen->winner), info.dli_fname);
}

static int
give_no_name(void *context, int id, const char **result, unsigned *len)
{
	(void)context;
	(void)id;
	(void)result;
	(void)len;
	see_caller(__builtin_return_address(0));
	return SASL_FAIL;
}

static int
give_no_password(sasl_conn_t *conn, void *context, int id, sasl_secret_t **secret)
{
	(void)conn;
	(void)context;
	(void)id;
	(void)secret;
	see_caller(__builtin_return_address(0));
	return SASL_FAIL;
}

/* A mail program that has a login name and a password. The mechanism is chosen before they are asked
 * for, so that nothing is asked of the agent or of a server. */
static void
choose(const char *offered, char chosen[SE_SASL_NAME_MAX])
{
	sasl_callback_t callbacks[] = {
		{SASL_CB_USER, (callback)(void (*)(void))give_no_name, NULL},
		{SASL_CB_AUTHNAME, (callback)(void (*)(void))give_no_name, NULL},
		{SASL_CB_PASS, (callback)(void (*)(void))give_no_password, NULL},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	const char *out = NULL, *mechanism = NULL;
	sasl_conn_t *conn = NULL;
	unsigned len = 0;

	if (sasl_client_new("smtp", "localhost", NULL, NULL, callbacks, 0, &conn) != SASL_OK)
		return;
	(void)sasl_client_start(conn, offered, NULL, &out, &len, &mechanism);
	if (mechanism != NULL)
		(void)se_copy(chosen, SE_SASL_NAME_MAX, mechanism);
	sasl_dispose(&conn);
}

/* --- the whole ----------------------------------------------------------------------------------- */

bool
se_sasl_plugins_look(struct se_sasl_plugins *plugins)
{
	static const sasl_callback_t callbacks[] = {
		{SASL_CB_VERIFYFILE, (callback)(void (*)(void))see_file, NULL},
		{SASL_CB_LOG, (callback)(void (*)(void))log_nothing, NULL},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	char alone[SE_SASL_NAME_MAX] = "";

	seen = plugins;
	if (sasl_client_init(callbacks) != SASL_OK)
		return false;
	(void)sasl_client_plugin_info("XOAUTH2", see_offer, NULL);
	(void)sasl_client_plugin_info("OAUTHBEARER", see_offer, NULL);
	choose("XOAUTH2", alone);
	choose(OFFERED, plugins->chosen);
	return true;
}
