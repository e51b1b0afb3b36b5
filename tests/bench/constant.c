/*
 * constant: the least that a client plugin for XOAUTH2 can do: it asks for the login name and puts it
 * together with a token that never changes, as mechanism CONSTANT, or as the one that it was built for.
 * The token has as many bytes as SE_BENCH_TOKEN_LENGTH said at the first use.
 */
#include <stdlib.h>
#include <string.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#ifndef SE_BENCH_MECHANISM
#define SE_BENCH_MECHANISM "CONSTANT"
#endif

enum { RESPONSE_MAX = 16384 };

static const char head[] = "user=", middle[] = "\001auth=Bearer ", tail[] = "\001\001";
static char token[RESPONSE_MAX];
static size_t token_len;

static const unsigned long required_prompts[] = {SASL_CB_AUTHNAME, SASL_CB_LIST_END};

struct exchange {
	char *response;
};

sasl_client_plug_init_t sasl_client_plug_init;

static int
mech_new(void *glob_context, sasl_client_params_t *params, void **context)
{
	const char *length;

	(void)glob_context;
	if (token_len == 0 && (length = getenv("SE_BENCH_TOKEN_LENGTH")) != NULL) {
		token_len = strtoul(length, NULL, 10) % (RESPONSE_MAX / 2);
		memset(token, 'A', token_len);
	}
	*context = params->utils->malloc(sizeof(struct exchange));
	if (*context == NULL)
		return SASL_NOMEM;
	((struct exchange *)*context)->response = NULL;
	return SASL_OK;
}

static char *
append(char *end, const char *data, size_t len)
{
	memcpy(end, data, len);
	return end + len;
}

static int
mech_step(void *context, sasl_client_params_t *params, const char *serverin, unsigned serverinlen,
	sasl_interact_t **prompt_need, const char **clientout, unsigned *clientoutlen,
	sasl_out_params_t *oparams)
{
	const sasl_utils_t *utils = params->utils;
	struct exchange *exchange = context;
	sasl_callback_ft callback = NULL;
	const char *user = NULL;
	void *callback_context;
	unsigned len = 0;
	char *end;

	(void)serverin;
	(void)serverinlen;
	(void)prompt_need;
	if (utils->getcallback(utils->conn, SASL_CB_AUTHNAME, &callback, &callback_context) !=
			SASL_OK ||
		((sasl_getsimple_t *)(void (*)(void))callback)(
			callback_context, SASL_CB_AUTHNAME, &user, &len) != SASL_OK)
		return SASL_FAIL;
	if (params->canon_user(utils->conn, user, len, SASL_CU_AUTHID | SASL_CU_AUTHZID, oparams) !=
		SASL_OK)
		return SASL_FAIL;
	exchange->response = utils->malloc(
		sizeof(head) + oparams->ulen + sizeof(middle) + token_len + sizeof(tail));
	if (exchange->response == NULL)
		return SASL_NOMEM;
	end = append(exchange->response, head, sizeof(head) - 1);
	end = append(end, oparams->user, oparams->ulen);
	end = append(end, middle, sizeof(middle) - 1);
	end = append(end, token, token_len);
	end = append(end, tail, sizeof(tail) - 1);
	*clientout = exchange->response;
	*clientoutlen = (unsigned)(end - exchange->response);
	return SASL_CONTINUE;
}

static void
mech_dispose(void *context, const sasl_utils_t *utils)
{
	struct exchange *exchange = context;

	if (exchange != NULL) {
		if (exchange->response != NULL)
			utils->free(exchange->response);
		utils->free(exchange);
	}
}

__attribute__((visibility("default"))) int
sasl_client_plug_init(const sasl_utils_t *utils, int max_version, int *out_version,
	sasl_client_plug_t **pluglist, int *plugcount)
{
	static sasl_client_plug_t mechanism = {
		.mech_name = SE_BENCH_MECHANISM,
		.security_flags =
			SASL_SEC_NOANONYMOUS | SASL_SEC_NOPLAINTEXT | SASL_SEC_PASS_CREDENTIALS,
		.features = SASL_FEAT_WANT_CLIENT_FIRST | SASL_FEAT_ALLOWS_PROXY,
		.required_prompts = required_prompts,
		.mech_new = mech_new,
		.mech_step = mech_step,
		.mech_dispose = mech_dispose,
	};

	(void)utils;
	(void)max_version;
	*out_version = SASL_CLIENT_PLUG_VERSION;
	*pluglist = &mechanism;
	*plugcount = 1;
	return SASL_OK;
}
