/*
 * foreign_xoauth2: somebody else's plugin for XOAUTH2, as others are built: the password is the
 * token. Its security flags are the number in the environment variable FOREIGN_FLAGS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#define EXPORTED __attribute__((visibility("default")))

struct exchange {
	char response[200];
	int steps;
};

static const unsigned long prompts[] = {SASL_CB_AUTHNAME, SASL_CB_PASS, SASL_CB_LIST_END};

static int
mech_new(void *global, sasl_client_params_t *params, void **context)
{
	(void)global;
	*context = params->utils->malloc(sizeof(struct exchange));
	if (*context == NULL)
		return SASL_NOMEM;
	memset(*context, 0, sizeof(struct exchange));
	return SASL_OK;
}

static int
mech_step(void *context, sasl_client_params_t *params, const char *serverin, unsigned serverinlen,
	sasl_interact_t **need, const char **out, unsigned *len, sasl_out_params_t *oparams)
{
	struct exchange *exchange = context;
	const char *login = "nobody";
	sasl_callback_ft proc = NULL;
	void *given = NULL;

	(void)serverin;
	(void)serverinlen;
	(void)need;
	*out = "";
	*len = 0;
	if (exchange->steps++ > 0) {
		oparams->doneflag = 1;
		return SASL_OK;
	}
	if (params->utils->getcallback(params->utils->conn, SASL_CB_AUTHNAME, &proc, &given) ==
		SASL_OK)
		(void)((sasl_getsimple_t *)(void (*)(void))proc)(
			given, SASL_CB_AUTHNAME, &login, NULL);
	if (params->canon_user(params->utils->conn, login, 0, SASL_CU_AUTHID | SASL_CU_AUTHZID,
		    oparams) != SASL_OK)
		return SASL_FAIL;
	*len = (unsigned)snprintf(exchange->response, sizeof(exchange->response),
		"user=%s\001auth=Bearer foreign\001\001", login);
	*out = exchange->response;
	return SASL_CONTINUE;
}

static void
mech_dispose(void *context, const sasl_utils_t *utils)
{
	if (context != NULL)
		utils->free(context);
}

EXPORTED sasl_client_plug_init_t sasl_client_plug_init;

EXPORTED int
sasl_client_plug_init(const sasl_utils_t *utils, int max_version, int *version,
	sasl_client_plug_t **list, int *count)
{
	static sasl_client_plug_t mechanism;
	const char *flags = getenv("FOREIGN_FLAGS");

	(void)utils;
	if (max_version < SASL_CLIENT_PLUG_VERSION)
		return SASL_BADVERS;
	mechanism = (sasl_client_plug_t){
		.mech_name = "XOAUTH2",
		.security_flags = flags != NULL ? (unsigned)strtoul(flags, NULL, 10) : 0,
		.features = SASL_FEAT_WANT_CLIENT_FIRST | SASL_FEAT_ALLOWS_PROXY,
		.required_prompts = prompts,
		.mech_new = mech_new,
		.mech_step = mech_step,
		.mech_dispose = mech_dispose,
	};
	*version = SASL_CLIENT_PLUG_VERSION;
	*list = &mechanism;
	*count = 1;
	return SASL_OK;
}
