/*
 * request: the forms that are posted to a token endpoint and to a device endpoint.
 * Source: Microsoft, "OAuth 2.0 client credentials flow", "authorization code flow" and "device
 * authorization grant flow"; RFC 6749 sections 4.1.3, 4.4.2 and 6; RFC 7636 section 4.5; RFC 8628
 * sections 3.1 and 3.4; RFC 7521 section 4.2.
 */
#ifndef SE_ENGINE_REQUEST_H
#define SE_ENGINE_REQUEST_H

#include "core/error.h"
#include "core/secret.h"
#include "core/world.h"
#include "engine/config.h"

enum se_grant_type {
	SE_GRANT_APP,     /* client_credentials */
	SE_GRANT_REFRESH, /* refresh_token */
	SE_GRANT_CODE,    /* authorization_code, with PKCE */
	SE_GRANT_DEVICE   /* device_code */
};

/* What a grant is asked with, beside the account's own values and credential. All borrowed. */
struct se_request_parts {
	enum se_grant_type grant;
	const char *scope; /* NULL: the account's; ignored for SE_GRANT_DEVICE */
	const struct se_secret *refresh_token;
	const struct se_secret *code;     /* of the redirect */
	const char *redirect_uri;         /* exactly as it stood in the authorization request */
	const struct se_secret *verifier; /* PKCE */
	const struct se_secret *device_code;
	const struct se_secret
		*client_secret;            /* what client_secret_command has printed; NULL: it is
	                                          run for this form, and waited for */
	const struct se_secret *assertion; /* a managed identity's token that stands for the app;
	                                      NULL: what the account's credential gives */
};

/* Builds the form. Reads the credential anew; a certificate signs a new assertion. The caller
 * frees *form. */
enum se_code se_request_form(const struct se_account *account, const struct se_world *world,
	const struct se_request_parts *parts, struct se_secret **form, struct se_error *error);

/* Builds the form that asks a device endpoint for a code: client id and scope (NULL: the
 * account's). The caller frees *form. */
enum se_code se_request_device_form(const struct se_account *account, const char *scope,
	struct se_secret **form, struct se_error *error);

#endif
