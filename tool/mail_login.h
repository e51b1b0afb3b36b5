/*
 * mail_login: one login at a mail server, in one of two ways that know nothing of each other: libcurl's
 * own XOAUTH2 with a token, or the initial response that libsasl2 and our plugin made.
 */
#ifndef SE_TOOL_MAIL_LOGIN_H
#define SE_TOOL_MAIL_LOGIN_H

#include "engine/mail_server.h"

struct se_mail_try {
	enum se_code code;
	struct se_mail *mail; /* what was said; NULL: memory ran out */
	struct se_error error;
};

/* `user` NULL: no login, only what the server offers. */
void se_mail_try_open(struct se_mail_try *attempt, const struct se_mail_server *server,
	const char *user, const struct se_secret *token);

/* At IMAP, after a login: looks into the inbox, which the login does not yet. Then says good-bye. */
void se_mail_try_end(struct se_mail_try *attempt);

/* A login with the response, in base64, and its end. */
void se_mail_try_response(struct se_mail_try *attempt, const struct se_mail_server *server,
	const struct se_secret *response);

void se_mail_try_free(struct se_mail_try *attempt);

#endif
