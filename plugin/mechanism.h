/*
 * mechanism: one SASL exchange, XOAUTH2 or OAUTHBEARER. The functions are libsasl2's mech_new,
 * mech_step and mech_dispose (sasl/saslplug.h).
 *
 * First step: the token is fetched and the response goes out; SASL_CONTINUE. Second step:
 * whatever the server or the host comes with, SASL_OK, since only the protocol's own reply says
 * whether the login worked; an error challenge is logged and gets the mechanism's empty answer.
 * There is no third message in either mechanism: a server that wants one gets SASL_BADPROT, so
 * that it cannot keep a host busy for ever.
 */
#ifndef SE_PLUGIN_MECHANISM_H
#define SE_PLUGIN_MECHANISM_H

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

/* `glob_context` is the struct se_plugin. */
int se_mechanism_new_xoauth2(void *glob_context, sasl_client_params_t *params, void **context);
int se_mechanism_new_oauthbearer(void *glob_context, sasl_client_params_t *params, void **context);

int se_mechanism_step(void *context, sasl_client_params_t *params, const char *serverin,
	unsigned serverinlen, sasl_interact_t **prompt_need, const char **clientout,
	unsigned *clientoutlen, sasl_out_params_t *oparams);

void se_mechanism_dispose(void *context, const sasl_utils_t *utils);

#endif
