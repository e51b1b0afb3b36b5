#include <stdio.h>
#include <string.h>

#include <sasl/sasl.h>

#include "core/source.h"

#include "tool/aside.h"
#include "tool/base64.h"
#include "tool/doctor_sasl.h"

enum { RESPOND_MS = SE_BUDGET_MS + 5000, RESPONSE_MAX = 2 * SE_TOKEN_MAX };

/* What the child hands back; the response follows. */
struct told {
	bool ok;
	size_t len;
	char text[SE_ERROR_TEXT_MAX];
};

/* In the child. */
struct attempt {
	const struct se_sasl_login *login;
	char name[SE_NAME_MAX + 1];
	struct told told;
};

static int
give_name(void *context, int id, const char **result, unsigned *len)
{
	(void)id;
	*result = context;
	if (len != NULL)
		*len = (unsigned)strlen(*result);
	return SASL_OK;
}

/* Kept from the system's log: what matters is in sasl_errdetail(), too. */
static int
on_log(void *context, int level, const char *message)
{
	(void)context;
	(void)level;
	(void)message;
	return SASL_OK;
}

static void
say(struct attempt *attempt, const char *what)
{
	if (attempt->told.text[0] == '\0')
		(void)se_copy(attempt->told.text, sizeof(attempt->told.text), what);
}

static bool
add_base64(const char *response, unsigned len, struct se_buffer *out)
{
	return response != NULL && len > 0 && se_base64_add(out, response, len);
}

/* As Postfix does it after STARTTLS. */
static int
start(struct attempt *attempt, sasl_conn_t *conn, struct se_buffer *out)
{
	sasl_security_properties_t properties = {0};
	const sasl_ssf_t encrypted = 256;
	const char *response = NULL, *mechanism = NULL;
	unsigned len = 0;
	int result;

	properties.security_flags = SASL_SEC_NOANONYMOUS;
	result = sasl_setprop(conn, SASL_SEC_PROPS, &properties);
	if (result == SASL_OK)
		result = sasl_setprop(conn, SASL_SSF_EXTERNAL, &encrypted);
	if (result == SASL_OK)
		result = sasl_client_start(conn, "XOAUTH2", NULL, &response, &len, &mechanism);
	if (result != SASL_OK && result != SASL_CONTINUE) {
		say(attempt, result == SASL_NOMECH ? "libsasl2 found no plugin that offers XOAUTH2"
						   : sasl_errdetail(conn));
		return result;
	}
	attempt->told.ok = add_base64(response, len, out);
	if (!attempt->told.ok)
		say(attempt, "the mechanism gave no initial response");
	return SASL_OK;
}

static void
respond(struct attempt *attempt, struct se_buffer *out)
{
	const struct se_sasl_login *login = attempt->login;
	sasl_callback_t callbacks[] = {
		{SASL_CB_AUTHNAME, (int (*)(void))(void (*)(void))give_name, attempt->name},
		{SASL_CB_LOG, (int (*)(void))(void (*)(void))on_log, NULL},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	sasl_conn_t *conn = NULL;
	int result = sasl_client_init(callbacks);

	if (result == SASL_OK)
		result = sasl_client_new(
			login->service, login->host, NULL, NULL, callbacks, 0, &conn);
	if (result == SASL_OK)
		(void)start(attempt, conn, out);
	else
		say(attempt, sasl_errstring(result, NULL, NULL));
	sasl_dispose(&conn);
}

static void
act(void *context, struct se_aside *aside)
{
	struct attempt attempt = {.login = context};
	struct se_buffer out;
	struct se_error error;

	se_buffer_init(&out, RESPONSE_MAX);
	(void)se_copy(attempt.name, sizeof(attempt.name), attempt.login->login);
	if (attempt.login->as_owner &&
		se_identity_become_owner(attempt.login->identity, true, &error) != SE_OK)
		say(&attempt, error.text);
	else
		respond(&attempt, &out);
	attempt.told.len = attempt.told.ok ? out.len : 0;
	se_aside_tell(aside, &attempt.told, sizeof(attempt.told));
	if (attempt.told.len > 0)
		se_aside_tell(aside, out.data, out.len);
	se_buffer_free(&out);
}

static enum se_code
take(const struct se_buffer *heard, struct se_secret **response, struct se_error *error)
{
	struct told told;

	if (heard->failed || heard->len < sizeof(told))
		return se_error_set(error, SE_INTERNAL, "libsasl2 gave no answer");
	memcpy(&told, heard->data, sizeof(told));
	told.text[sizeof(told.text) - 1] = '\0';
	if (!told.ok || told.len == 0 || heard->len != sizeof(told) + told.len)
		return se_error_set(error, SE_CONFIG, "%s", told.text);
	*response = se_secret_new(heard->data + sizeof(told), told.len);
	return *response != NULL ? SE_OK : se_error_memory(error);
}

enum se_code
se_sasl_respond(
	const struct se_sasl_login *login, struct se_secret **response, struct se_error *error)
{
	struct se_sasl_login copy = *login;
	const struct se_aside_work work = {
		.act = act,
		.context = &copy,
		.timeout = RESPOND_MS,
		.what = "waiting for libsasl2 and its plugins",
	};
	struct se_buffer heard;
	enum se_code code;

	*response = NULL;
	se_buffer_init(&heard, sizeof(struct told) + RESPONSE_MAX);
	code = se_aside(&work, &heard, error);
	if (code == SE_OK)
		code = take(&heard, response, error);
	se_buffer_free(&heard);
	return code;
}
