#include <string.h>

#include "core/buffer.h"
#include "engine/credential_certificate.h"
#include "engine/credential_federated.h"
#include "engine/credential_secret.h"
#include "engine/names.h"
#include "engine/percent.h"
#include "engine/request.h"
#include "engine/secret_command.h"

enum { FORM_MAX = 256 * 1024 }; /* bytes; a refresh token of 64 KiB, every byte escaped */

static void
add(struct se_buffer *form, const char *name, const char *text)
{
	if (text == NULL)
		return;
	se_buffer_addf(form, "%s%s=", form->len > 0 ? "&" : "", name);
	se_percent_encode(form, text, strlen(text));
}

static void
add_secret(struct se_buffer *form, const char *name, const struct se_secret *secret)
{
	se_buffer_addf(form, "%s%s=", form->len > 0 ? "&" : "", name);
	se_percent_encode(form, se_secret_reveal(secret), se_secret_len(secret));
}

static void
add_assertion(struct se_buffer *form, const struct se_secret *assertion)
{
	add(form, "client_assertion_type",
		"urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
	add_secret(form, "client_assertion", assertion);
}

static enum se_code
read_secret(const struct se_account *account, const struct se_world *world,
	const struct se_secret *printed, struct se_secret **secret, struct se_error *error)
{
	const char *command = account->value[SE_KEY_CLIENT_SECRET_COMMAND].text;

	if (command == NULL)
		return se_credential_secret_read(account, secret, error);
	if (printed == NULL)
		return se_secret_command_run(command, false, world, secret, error);
	*secret = se_secret_new(se_secret_reveal(printed), se_secret_len(printed));
	return *secret != NULL ? SE_OK : se_error_memory(error);
}

/* A secret or an assertion is sent only where the account names one: Entra refuses a public client
 * that sends one, and a secret must not travel further than it was meant to. */
static enum se_code
add_credential(struct se_buffer *form, const struct se_account *account,
	const struct se_world *world, const struct se_secret *printed, struct se_error *error)
{
	const char *type = account->value[SE_KEY_CREDENTIAL].text;
	struct se_secret *secret = NULL;
	enum se_code code = SE_OK;

	if (se_name_equal(type, "secret")) {
		code = read_secret(account, world, printed, &secret, error);
		if (code == SE_OK)
			add_secret(form, "client_secret", secret);
	} else if (se_name_equal(type, "certificate")) {
		code = se_credential_certificate_assert(account, world, &secret, error);
		if (code == SE_OK)
			add_assertion(form, secret);
	} else if (se_name_equal(type, "federated")) {
		code = se_credential_federated_read(account, &secret, error);
		if (code == SE_OK)
			add_assertion(form, secret);
	}
	se_secret_free(secret);
	return code;
}

static void
add_grant(struct se_buffer *form, const struct se_request_parts *parts)
{
	switch (parts->grant) {
	case SE_GRANT_APP:
		add(form, "grant_type", "client_credentials");
		break;
	case SE_GRANT_REFRESH:
		add(form, "grant_type", "refresh_token");
		add_secret(form, "refresh_token", parts->refresh_token);
		break;
	case SE_GRANT_CODE:
		add(form, "grant_type", "authorization_code");
		add_secret(form, "code", parts->code);
		add(form, "redirect_uri", parts->redirect_uri);
		add_secret(form, "code_verifier", parts->verifier);
		break;
	case SE_GRANT_DEVICE:
		add(form, "grant_type", "urn:ietf:params:oauth:grant-type:device_code");
		add_secret(form, "device_code", parts->device_code);
		break;
	}
}

static enum se_code
take_form(struct se_buffer *form, struct se_secret **out, struct se_error *error)
{
	if (!form->failed)
		*out = se_secret_new(form->data, form->len);
	return *out != NULL ? SE_OK : se_error_memory(error);
}

enum se_code
se_request_form(const struct se_account *account, const struct se_world *world,
	const struct se_request_parts *parts, struct se_secret **out, struct se_error *error)
{
	struct se_buffer form;
	enum se_code code = SE_OK;

	*out = NULL;
	se_buffer_init(&form, FORM_MAX);
	add(&form, "client_id", account->value[SE_KEY_CLIENT_ID].text);
	if (parts->grant != SE_GRANT_DEVICE)
		add(&form, "scope", parts->scope != NULL ? parts->scope : account->scope);
	add_grant(&form, parts);
	if (parts->assertion != NULL)
		add_assertion(&form, parts->assertion);
	else
		code = add_credential(&form, account, world, parts->client_secret, error);
	if (code == SE_OK)
		code = take_form(&form, out, error);
	se_buffer_free(&form);
	return code;
}

enum se_code
se_request_device_form(const struct se_account *account, const char *scope, struct se_secret **out,
	struct se_error *error)
{
	struct se_buffer form;
	enum se_code code;

	*out = NULL;
	se_buffer_init(&form, FORM_MAX);
	add(&form, "client_id", account->value[SE_KEY_CLIENT_ID].text);
	add(&form, "scope", scope != NULL ? scope : account->scope);
	code = take_form(&form, out, error);
	se_buffer_free(&form);
	return code;
}
