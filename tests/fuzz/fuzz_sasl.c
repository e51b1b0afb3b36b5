/* Fuzzes an exchange of the plugin: what the host gives (login name, user, password), and what the
 * server says to the response. An input is a line of letters, how it is, then four lines, login
 * name, user, password and "address;port", and then the server's challenge:
 *   o  OAUTHBEARER, else XOAUTH2        i  the host wants to be asked, else it has callbacks
 *   t  the source has a token           p  the account says token_from = password
 *   d  the source denies it             e  it has an error; else there is no such account */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/message.h"

#include "plugin/choose.h"
#include "plugin/mechanism.h"
#include "plugin/memory.h"

#include "fuzz.h"

#define TOKEN \
	"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJodHRwczovL291dGxvb2sub2ZmaWNlMzY1LmNvb" \
	"SJ9.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbmF0dXJl"

/* The host, and what it was told. */
static struct {
	const char *how;
	char *login, *user, *password, *address;
	sasl_secret_t *secret;
	unsigned errors, refused;
} host;

static bool
is_so(char letter)
{
	return strchr(host.how, letter) != NULL;
}

/* A name may be anything, and is shown. */
static void
must_hide(const char *text, const char *secret)
{
	if (strstr(host.login, secret) == NULL && strstr(host.user, secret) == NULL)
		must(strstr(text, secret) == NULL);
}

/* Everybody who may read logs would read it there. One byte or two are in every sentence. */
static void
must_be_for_people(const char *text)
{
	size_t len = strlen(host.password);

	must(text[0] != '\0' && strlen(text) < 8 * SE_ERROR_TEXT_MAX);
	must_be_printable(text);
	must_hide(text, TOKEN);
	if (len >= FUZZ_SECRET_MIN && se_message_can_be_token(host.password, len))
		must_hide(text, host.password);
}

/* --- what the plugin calls ---------------------------------------------------------------------- */

enum se_code
se_choose_ask(struct se_plugin *plugin, struct se_request *request, struct se_answer *answer,
	struct se_error *error)
{
	(void)plugin;
	must(request->operation == SE_OPERATION_TOKEN && request->server[0] != '\0');
	must_be_same(request->login, host.login);
	memset(answer, 0, sizeof(*answer));
	if (is_so('t')) {
		answer->token = se_secret_new(TOKEN, strlen(TOKEN));
		must(answer->token != NULL);
		memcpy(answer->fingerprint, "1a2b3c4d", sizeof("1a2b3c4d"));
		return SE_OK;
	}
	if (is_so('p'))
		return SE_OK;
	return se_error_set(error,
		is_so('d')   ? SE_DENIED
		: is_so('e') ? SE_AGAIN
			     : SE_NO_ACCOUNT,
		"%s: there is no token", request->login);
}

void
se_choose_reject(struct se_plugin *plugin, const char *login, const char *fingerprint)
{
	(void)plugin;
	must_be_same(login, host.login);
	must(fingerprint[0] == '\0' || strcmp(fingerprint, "1a2b3c4d") == 0);
	host.refused++;
}

void
se_memory_keep(struct se_plugin *plugin, const struct se_request *request, struct se_answer *answer)
{
	(void)plugin;
	must_be_same(request->login, host.login);
	must(answer->token == NULL || strcmp(se_secret_reveal(answer->token), TOKEN) == 0);
}

static void SE_PRINTF(1, 0) look_at(const char *format, va_list args)
{
	static char text[16 * SE_ERROR_TEXT_MAX];
	int len = vsnprintf(text, sizeof(text), format, args);

	must(len >= 0 && (size_t)len < sizeof(text));
	must_be_for_people(text);
}

static void SE_PRINTF(3, 4) log_text(sasl_conn_t *conn, int level, const char *format, ...)
{
	va_list args;

	(void)conn;
	(void)level;
	va_start(args, format);
	look_at(format, args);
	va_end(args);
}

static void SE_PRINTF(3, 4) set_error(sasl_conn_t *conn, unsigned flags, const char *format, ...)
{
	va_list args;

	(void)conn;
	(void)flags;
	host.errors++;
	va_start(args, format);
	look_at(format, args);
	va_end(args);
}

static int
give_name(void *context, int id, const char **result, unsigned *len)
{
	(void)context;
	*result = id == SASL_CB_AUTHNAME ? host.login : host.user;
	if (len != NULL)
		*len = (unsigned)strlen(*result);
	return SASL_OK;
}

static int
give_password(sasl_conn_t *conn, void *context, int id, sasl_secret_t **secret)
{
	(void)conn;
	(void)context;
	must(id == SASL_CB_PASS);
	*secret = host.secret;
	return SASL_OK;
}

static int
get_callback(sasl_conn_t *conn, unsigned long id, sasl_callback_ft *proc, void **context)
{
	(void)conn;
	*context = NULL;
	if (is_so('i'))
		return SASL_INTERACT;
	*proc = id == SASL_CB_PASS ? (sasl_callback_ft)(void (*)(void))give_password
				   : (sasl_callback_ft)(void (*)(void))give_name;
	return SASL_OK;
}

static int
canon_user(sasl_conn_t *conn, const char *user, unsigned len, unsigned flags,
	sasl_out_params_t *oparams)
{
	(void)conn;
	must(len == 0);
	if ((flags & SASL_CU_AUTHZID) != 0)
		oparams->user = user;
	if ((flags & SASL_CU_AUTHID) != 0)
		oparams->authid = user;
	return SASL_OK;
}

/* --- the host ------------------------------------------------------------------------------------ */

static void
begin_host(struct input *input)
{
	size_t len;

	memset(&host, 0, sizeof(host));
	host.how = input_line(input);
	host.login = input_line(input);
	host.user = input_line(input);
	host.password = input_line(input);
	host.address = input_line(input);
	len = strlen(host.password);
	host.secret = malloc(sizeof(*host.secret) + len);
	must(host.secret != NULL);
	host.secret->len = len;
	memcpy(host.secret->data, host.password, len);
}

static void
end_host(void)
{
	free((void *)(uintptr_t)host.how);
	free(host.login);
	free(host.user);
	free(host.password);
	free(host.address);
	free(host.secret);
}

/* What it asked for, filled in. */
static void
fill_in(sasl_interact_t *prompt)
{
	must(prompt != NULL);
	for (; prompt->id != SASL_CB_LIST_END; prompt++) {
		prompt->result = prompt->id == SASL_CB_AUTHNAME ? host.login
				 : prompt->id == SASL_CB_PASS   ? host.password
								: host.user;
		prompt->len = (unsigned)strlen(prompt->result);
	}
}

/* Exactly what the mechanism's message is, and no separator of its own in a name or a token. */
static void
must_be_response(const char *out, unsigned len, const char *user, bool oauthbearer)
{
	const char *token = is_so('t') ? TOKEN : host.password;
	unsigned separators = 0;
	size_t token_len = strlen(token);

	must(out != NULL && len > token_len + 2 && memchr(out, '\0', len) == NULL);
	must(memcmp(out + len - token_len - 2, token, token_len) == 0);
	for (unsigned i = 0; i < len; i++)
		separators += out[i] == '\001';
	if (oauthbearer) {
		must(memcmp(out, "n,a=", 4) == 0 && (separators == 4 || separators == 5));
	} else {
		must(separators == 3 && memcmp(out, "user=", 5) == 0);
		must(strncmp(out + 5, user, strlen(user)) == 0);
	}
	if (!is_so('t'))
		must(is_so('p') ? se_message_can_be_token(token, token_len)
				: se_message_is_token(token, token_len));
}

static int
step(void *context, sasl_client_params_t *params, const struct input *server, const char **out,
	unsigned *len, sasl_interact_t **prompt)
{
	static sasl_out_params_t oparams;
	unsigned before = host.errors;
	int result = se_mechanism_step(
		context, params, server->data, (unsigned)server->len, prompt, out, len, &oparams);

	/* Each failing return says why, once. */
	must(host.errors - before ==
		(result != SASL_OK && result != SASL_CONTINUE && result != SASL_INTERACT ? 1 : 0));
	return result;
}

static void
exchange(void *context, sasl_client_params_t *params, const struct input *challenge,
	bool oauthbearer)
{
	const struct input nothing = {NULL, 0};
	sasl_interact_t *prompt = NULL;
	const char *out = NULL;
	unsigned len = 0, rounds = 0;
	int result;

	while ((result = step(context, params, &nothing, &out, &len, &prompt)) == SASL_INTERACT) {
		must(++rounds <= 3);
		fill_in(prompt);
	}
	if (result != SASL_CONTINUE) {
		must(out == NULL && len == 0);
		must(step(context, params, challenge, &out, &len, &prompt) == result);
		return;
	}
	must_be_response(out, len, host.user[0] != '\0' && !is_so('i') ? host.user : host.login,
		oauthbearer);
	must(step(context, params, challenge, &out, &len, &prompt) == SASL_OK);
	must(out != NULL && len <= 1);
	must(host.refused <= 1);
	must(step(context, params, challenge, &out, &len, &prompt) == SASL_BADPROT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	sasl_utils_t utils = {.malloc = malloc,
		.free = free,
		.getcallback = get_callback,
		.log = log_text,
		.seterror = set_error};
	sasl_client_params_t params = {.service = "smtp",
		.serverFQDN = "smtp.office365.com",
		.utils = &utils,
		.canon_user = canon_user};
	void *context = NULL;
	bool oauthbearer;

	begin_host(&input);
	oauthbearer = is_so('o');
	params.ipremoteport = host.address;
	must((oauthbearer ? se_mechanism_new_oauthbearer : se_mechanism_new_xoauth2)(
		     NULL, &params, &context) == SASL_OK);
	exchange(context, &params, &input, oauthbearer);
	se_mechanism_dispose(context, &utils);
	end_host();
	return 0;
}
