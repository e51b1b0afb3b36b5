#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/message.h"
#include "core/secret.h"
#include "core/source.h"

#include "choose.h"
#include "init.h"
#include "mechanism.h"
#include "memory.h"
#include "prompt.h"
#include "sasl_error.h"

/* Room for the longest token, with names that OAUTHBEARER may triple (',' becomes "=2C"). */
enum { RESPONSE_MAX = SE_TOKEN_MAX + 3 * SE_NAME_MAX + SE_SERVER_MAX + 64 };

enum mechanism { XOAUTH2, OAUTHBEARER };

enum state {
	STATE_LOGIN,    /* the login name is not known yet */
	STATE_PASSWORD, /* no source has a token: `error` says why; a password may be one */
	STATE_SENT,     /* the response went out */
	STATE_DONE,
	STATE_FAILED /* `error` says why */
};

struct exchange {
	struct se_plugin *plugin;
	const sasl_utils_t *utils;
	enum mechanism mechanism;
	enum state state;
	struct se_prompts prompts;
	char login[SE_NAME_MAX + 1];
	char user[SE_NAME_MAX + 1];               /* the host's USER, mostly "" */
	bool token_is_password;                   /* the account says token_from = password */
	char prescribed[SE_NAME_MAX + 1];         /* the account's SASL user, or "" */
	char fingerprint[SE_FINGERPRINT_MAX + 1]; /* of the token that was sent, or "" */
	struct se_error error;
	struct se_buffer response; /* the host reads it until its next step */
};

/* What the step functions hand on of libsasl2's arguments. */
struct step {
	sasl_client_params_t *params;
	sasl_interact_t **prompt_need;
	const char **clientout;
	unsigned *clientoutlen;
	sasl_out_params_t *oparams;
};

static int
new_exchange(struct se_plugin *plugin, const sasl_client_params_t *params, enum mechanism mechanism,
	void **context)
{
	const sasl_utils_t *utils = params->utils;
	struct exchange *exchange;

	*context = NULL;
	if (params->props.min_ssf > params->external_ssf) {
		return se_sasl_refuse(utils, SASL_TOOWEAK,
			"this program asks for encryption by SASL, which XOAUTH2 and OAUTHBEARER "
			"do not have; use TLS and let the program ask for no SASL security layer");
	}
	exchange = utils->malloc(sizeof(*exchange));
	if (exchange == NULL)
		return se_sasl_refuse(utils, SASL_NOMEM, "out of memory");
	memset(exchange, 0, sizeof(*exchange));
	exchange->plugin = plugin;
	exchange->utils = utils;
	exchange->mechanism = mechanism;
	exchange->prompts.utils = utils;
	se_buffer_init(&exchange->response, RESPONSE_MAX);
	*context = exchange;
	return SASL_OK;
}

int
se_mechanism_new_xoauth2(void *glob_context, sasl_client_params_t *params, void **context)
{
	return new_exchange(glob_context, params, XOAUTH2, context);
}

int
se_mechanism_new_oauthbearer(void *glob_context, sasl_client_params_t *params, void **context)
{
	return new_exchange(glob_context, params, OAUTHBEARER, context);
}

void
se_mechanism_dispose(void *context, const sasl_utils_t *utils)
{
	struct exchange *exchange = context;

	if (exchange == NULL)
		return;
	se_prompt_forget(&exchange->prompts, NULL);
	se_buffer_free(&exchange->response);
	utils->free(exchange);
}

/* The exchange ends with exchange->error; asked again, it says the same without another try. */
static int
fail(struct exchange *exchange, struct step *step)
{
	se_prompt_forget(&exchange->prompts, step->prompt_need);
	exchange->state = STATE_FAILED;
	if (exchange->login[0] != '\0' && strstr(exchange->error.text, exchange->login) == NULL)
		se_error_about(&exchange->error, exchange->login);
	return se_sasl_fail(exchange->utils, &exchange->error);
}

static int
find_login(struct exchange *exchange, struct step *step)
{
	struct se_error *error = &exchange->error;
	enum se_given given;

	given = se_prompt_name(
		&exchange->prompts, SASL_CB_AUTHNAME, exchange->login, sizeof(exchange->login));
	if (given == SE_GIVEN_ASK) {
		if (se_prompt_ask(&exchange->prompts, step->prompt_need, SASL_CB_AUTHNAME))
			return SASL_INTERACT;
		given = SE_GIVEN_NONE;
	}
	if (given == SE_GIVEN) {
		given = se_prompt_name(
			&exchange->prompts, SASL_CB_USER, exchange->user, sizeof(exchange->user));
		if (given != SE_GIVEN_TOO_LONG) {
			se_prompt_forget(&exchange->prompts, step->prompt_need);
			return SASL_OK;
		}
	}
	if (given == SE_GIVEN_TOO_LONG) {
		se_error_set(error, SE_CONFIG,
			"this program's login name or user is longer than %d bytes; shorten it in "
			"the program's configuration",
			SE_NAME_MAX);
	} else {
		se_error_set(error, SE_CONFIG,
			"this program gave no login name; set the user name in the program's "
			"configuration");
	}
	return fail(exchange, step);
}

/* The names by which the configuration knows the protocols (`services`, `sasl_user_imap`). */
static const char *
service_name(const char *service)
{
	static const char *const known[][2] = {
		{"smtp", "smtp"},
		{"lmtp", "lmtp"},
		{"imap", "imap"},
		{"pop", "pop"},
		{"pop3", "pop"},
		{"sieve", "sieve"},
	};

	for (size_t i = 0; service != NULL && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(service, known[i][0]) == 0)
			return known[i][1];
	return service != NULL ? service : "";
}

/* What a source is asked; false: it cannot be, and the error says why. */
static bool
make_request(
	struct exchange *exchange, const sasl_client_params_t *params, struct se_request *request)
{
	struct se_error *error = &exchange->error;

	se_request_init(request);
	request->operation = SE_OPERATION_TOKEN;
	se_copy(request->login, sizeof(request->login), exchange->login);
	if (!se_copy(request->service, sizeof(request->service), service_name(params->service)))
		request->service[0] = '\0';
	/* A source that is told no server hands its token out for printing: never from here. */
	if (params->serverFQDN == NULL || params->serverFQDN[0] == '\0') {
		se_error_set(error, SE_DENIED,
			"%s: this program does not say which server it logs in to, so it gets no "
			"token",
			exchange->login);
		return false;
	}
	if (!se_copy(request->server, sizeof(request->server), params->serverFQDN)) {
		se_error_set(error, SE_DENIED, "%s: the server's name is longer than %d bytes",
			exchange->login, SE_SERVER_MAX);
		return false;
	}
	return true;
}

/* What Cyrus calls the authid is the login name, the authzid is the user that is sent: they are
 * apart for a shared mailbox. */
static int
set_names(const struct exchange *exchange, struct step *step, const char *user)
{
	sasl_client_params_t *params = step->params;
	sasl_conn_t *conn = exchange->utils->conn;
	int result;

	if (strcmp(exchange->login, user) == 0) {
		return params->canon_user(
			conn, user, 0, SASL_CU_AUTHID | SASL_CU_AUTHZID, step->oparams);
	}
	result = params->canon_user(conn, exchange->login, 0, SASL_CU_AUTHID, step->oparams);
	if (result == SASL_OK)
		result = params->canon_user(conn, user, 0, SASL_CU_AUTHZID, step->oparams);
	return result;
}

/* The port of "address;port", or 0. */
static unsigned
port_of(const char *ipport)
{
	const char *digit = ipport != NULL ? strrchr(ipport, ';') : NULL;
	unsigned port = 0;

	if (digit == NULL)
		return 0;
	for (digit++; *digit >= '0' && *digit <= '9' && port <= 65535; digit++)
		port = port * 10 + (unsigned)(*digit - '0');
	return port <= 65535 ? port : 0;
}

static enum se_code
write_response(struct exchange *exchange, struct step *step, const char *user,
	const struct se_secret *token)
{
	sasl_out_params_t *oparams = step->oparams;
	struct se_buffer *response = &exchange->response;
	struct se_error *error = &exchange->error;

	if (user[0] == '\0')
		user = exchange->user[0] != '\0' ? exchange->user : exchange->login;
	if (set_names(exchange, step, user) != SASL_OK) {
		return se_error_set(error, SE_CONFIG,
			"%s: this program does not take the user name \"%s\"", exchange->login,
			user);
	}
	oparams->maxoutbuf = 0;
	oparams->mech_ssf = 0;
	oparams->encode_context = NULL;
	oparams->encode = NULL;
	oparams->decode_context = NULL;
	oparams->decode = NULL;
	oparams->param_version = 0;

	/* oparams->user: the host may have a form of its own for names. */
	if (exchange->mechanism == XOAUTH2)
		return se_message_xoauth2(oparams->user, token, response, error);
	return se_message_oauthbearer(oparams->user, step->params->serverFQDN,
		port_of(step->params->ipremoteport), token, response, error);
}

static int
respond(struct exchange *exchange, struct step *step, const char *user,
	const struct se_secret *token)
{
	if (write_response(exchange, step, user, token) != SE_OK)
		return fail(exchange, step);
	se_error_clear(&exchange->error);
	exchange->state = STATE_SENT;
	if (step->clientout != NULL) {
		*step->clientout = exchange->response.data;
		*step->clientoutlen = (unsigned)exchange->response.len;
	}
	return SASL_CONTINUE;
}

/* People move here from sasl-xoauth2 with its passwords in place. The path is not repeated: it
 * might be a password after all. */
static void
explain_path(struct se_error *error, const struct se_secret *password)
{
	struct se_error old = *error;

	if (se_secret_reveal(password)[0] != '/')
		return;
	se_error_set(error, old.code,
		"%s. The password looks like the path of a sasl-xoauth2 token file; here it is a "
		"placeholder that nobody reads. To take its sign-ins over: sasl-entra import "
		"sasl-xoauth2",
		old.text);
}

/* A real password is never sent, unless the account says that what is there is a token. */
static bool
may_be_sent(const struct exchange *exchange, const struct se_secret *password)
{
	const char *text = se_secret_reveal(password);
	size_t len = se_secret_len(password);

	return exchange->token_is_password ? se_message_can_be_token(text, len)
					   : se_message_is_token(text, len);
}

static int
try_password(struct exchange *exchange, struct step *step)
{
	struct se_secret *password;
	int result;

	switch (se_prompt_password(&exchange->prompts, &password)) {
	case SE_GIVEN:
		break;
	case SE_GIVEN_ASK:
		if (se_prompt_ask(&exchange->prompts, step->prompt_need, SASL_CB_PASS))
			return SASL_INTERACT;
		return fail(exchange, step);
	case SE_GIVEN_MEMORY:
		se_error_memory(&exchange->error);
		return fail(exchange, step);
	case SE_GIVEN_NONE:
	case SE_GIVEN_TOO_LONG:
	default:
		return fail(exchange, step);
	}
	se_prompt_forget(&exchange->prompts, step->prompt_need);
	if (may_be_sent(exchange, password)) {
		result = respond(exchange, step, exchange->prescribed, password);
	} else {
		explain_path(&exchange->error, password);
		result = fail(exchange, step);
	}
	se_secret_free(password);
	return result;
}

static int
answer_step(struct exchange *exchange, struct step *step, const struct se_answer *answer)
{
	const sasl_utils_t *utils = exchange->utils;

	if (answer->note[0] != '\0') {
		utils->log(utils->conn, answer->warning ? SASL_LOG_WARN : SASL_LOG_NOTE, "%s",
			answer->note);
	}
	if (answer->token == NULL) {
		exchange->token_is_password = true;
		exchange->state = STATE_PASSWORD;
		se_copy(exchange->prescribed, sizeof(exchange->prescribed), answer->user);
		se_error_set(&exchange->error, SE_CONFIG,
			"%s: the account says token_from = password, but this program has no "
			"access "
			"token as its password; look at its password command",
			exchange->login);
		return try_password(exchange, step);
	}
	se_copy(exchange->fingerprint, sizeof(exchange->fingerprint), answer->fingerprint);
	return respond(exchange, step, answer->user, answer->token);
}

static int
first_step(struct exchange *exchange, struct step *step)
{
	SE_UNSET struct se_request request;
	SE_UNSET struct se_answer answer;
	enum se_code code = SE_DENIED;
	int result;

	se_answer_init(&answer);
	result = find_login(exchange, step);
	if (result != SASL_OK)
		return result;
	if (make_request(exchange, step->params, &request))
		code = se_choose_ask(exchange->plugin, &request, &answer, &exchange->error);
	if (code == SE_NO_ACCOUNT || code == SE_DENIED) {
		exchange->state = STATE_PASSWORD;
		return try_password(exchange, step);
	}
	if (code != SE_OK)
		return fail(exchange, step);
	result = answer_step(exchange, step, &answer);
	se_memory_keep(exchange->plugin, &request, &answer);
	se_answer_free(&answer);
	return result;
}

/* Only a JSON object is the server's word. Mutt comes here after a good login with the text of
 * its own last command, mbsync with nothing. */
static int
second_step(struct exchange *exchange, struct step *step, const char *serverin, unsigned len)
{
	const char *out = "";

	exchange->state = STATE_DONE;
	se_buffer_reset(&exchange->response);
	if (serverin != NULL && len > 0 && serverin[0] == '{') {
		se_sasl_log_challenge(
			exchange->utils, exchange->login, exchange->fingerprint, serverin, len);
		se_choose_reject(exchange->plugin, exchange->login, exchange->fingerprint);
		if (exchange->mechanism == OAUTHBEARER)
			out = "\001"; /* RFC 7628 section 3.2.3 */
	}
	if (step->clientout != NULL) {
		*step->clientout = out;
		*step->clientoutlen = (unsigned)strlen(out);
	}
	return SASL_OK;
}

int
se_mechanism_step(void *context, sasl_client_params_t *params, const char *serverin,
	unsigned serverinlen, sasl_interact_t **prompt_need, const char **clientout,
	unsigned *clientoutlen, sasl_out_params_t *oparams)
{
	struct step step = {params, prompt_need, clientout, clientoutlen, oparams};
	struct exchange *exchange = context;

	if (exchange == NULL) {
		return se_sasl_refuse(
			params->utils, SASL_BADPARAM, "the mechanism was not started");
	}
	if (clientout != NULL) {
		*clientout = NULL;
		*clientoutlen = 0;
	}
	switch (exchange->state) {
	case STATE_LOGIN:
		return first_step(exchange, &step);
	case STATE_PASSWORD:
		return try_password(exchange, &step);
	case STATE_SENT:
		return second_step(exchange, &step, serverin, serverinlen);
	case STATE_FAILED:
		return se_sasl_fail(exchange->utils, &exchange->error);
	case STATE_DONE:
	default:
		return se_sasl_refuse(exchange->utils, SASL_BADPROT,
			"the server asks for a third message, which XOAUTH2 and OAUTHBEARER do not "
			"have");
	}
}
