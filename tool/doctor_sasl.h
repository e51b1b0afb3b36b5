/*
 * doctor_sasl: what a mail program would send to log in, made as it makes it: by libsasl2 and our
 * plugin. The only file of the tool that knows libsasl2, which it starts in a child process only, so
 * that no plugin is ever loaded into this one.
 */
#ifndef SE_TOOL_DOCTOR_SASL_H
#define SE_TOOL_DOCTOR_SASL_H

#include "core/error.h"
#include "core/secret.h"

#include "tool/identity.h"

struct se_sasl_login {
	const struct se_identity *identity;
	const char *service; /* "smtp", "imap" */
	const char *host;
	const char *login;
	bool as_owner; /* root becomes the owner of the tokens: there is no agent to ask */
};

/* SE_OK with the initial response of XOAUTH2 in base64; else what libsasl2 or the plugin said. */
enum se_code se_sasl_respond(
	const struct se_sasl_login *login, struct se_secret **response, struct se_error *error);

#endif
