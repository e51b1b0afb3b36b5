#include <string.h>

#include "core/buffer.h"
#include "engine/credential_secret.h"
#include "engine/request.h"

enum { FORM_MAX = 256 * 1024 }; /* bytes; a refresh token of 64 KiB, every byte escaped */

/* Percent-encodes all but RFC 3986's unreserved characters, which every form decoder takes. */
static void
add_value(struct se_buffer *form, const char *text, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char unreserved[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};

		if (c != '\0' && strchr(unreserved, c) != NULL)
			se_buffer_add(form, text + i, 1);
		else
			se_buffer_add(form, escaped, sizeof(escaped));
	}
}

static void
add(struct se_buffer *form, const char *name, const char *text)
{
	if (text == NULL)
		return;
	se_buffer_addf(form, "%s%s=", form->len > 0 ? "&" : "", name);
	add_value(form, text, strlen(text));
}

static void
add_secret(struct se_buffer *form, const char *name, const struct se_secret *secret)
{
	se_buffer_addf(form, "%s%s=", form->len > 0 ? "&" : "", name);
	add_value(form, se_secret_reveal(secret), se_secret_len(secret));
}

/* A secret is sent only where the account names one: Entra refuses a public client that sends
 * one, and a secret must not travel further than it was meant to. */
static enum se_code
add_credential(struct se_buffer *form, const struct se_account *account, struct se_error *error)
{
	const char *type = account->value[SE_KEY_CREDENTIAL].text;
	struct se_secret *secret;
	enum se_code code;

	if (type == NULL || strcmp(type, "secret") != 0)
		return SE_OK;
	code = se_credential_secret_read(account, &secret, error);
	if (code == SE_OK)
		add_secret(form, "client_secret", secret);
	se_secret_free(secret);
	return code;
}

enum se_code
se_request_form(const struct se_account *account, const struct se_secret *refresh_token,
	struct se_secret **out, struct se_error *error)
{
	struct se_buffer form;
	enum se_code code;

	*out = NULL;
	se_buffer_init(&form, FORM_MAX);
	add(&form, "client_id", account->value[SE_KEY_CLIENT_ID].text);
	add(&form, "scope", account->scope);
	add(&form, "grant_type", account->app_only ? "client_credentials" : "refresh_token");
	if (!account->app_only)
		add_secret(&form, "refresh_token", refresh_token);
	code = add_credential(&form, account, error);
	if (code == SE_OK && (form.failed || (*out = se_secret_new(form.data, form.len)) == NULL))
		code = se_error_memory(error);
	se_buffer_free(&form);
	return code;
}
