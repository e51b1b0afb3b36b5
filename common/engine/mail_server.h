/*
 * mail_server: one conversation with a submission or IMAP server, by libcurl: the way to it, TLS, what
 * it offers, a login with XOAUTH2, a message. For the tool, which explains what the server says; mail
 * programs have their own. With http* the only files that know libcurl.
 *
 * TLS 1.2 or later, always: at once at the ports 465 and 993, else by STARTTLS. No proxy. Everything
 * ends at the deadline, and what a server says is kept within bounds (mail_dialogue.h).
 */
#ifndef SE_ENGINE_MAIL_SERVER_H
#define SE_ENGINE_MAIL_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"
#include "engine/mail_dialogue.h"

enum {
	SE_MAIL_MS = 20000,        /* a conversation without a message */
	SE_MAIL_MESSAGE_MS = 60000 /* one with a message */
};

enum se_mail_protocol { SE_MAIL_SMTP, SE_MAIL_IMAP };

struct se_mail_server {
	enum se_mail_protocol protocol;
	char host[256];
	unsigned port;
	const char *ca_file; /* NULL: the system's */
};

/* What went wrong, by who has to look at it. */
enum se_mail_trouble {
	SE_MAIL_FINE,
	SE_MAIL_NO_CONNECTION, /* name, network, firewall, or a server that does not greet */
	SE_MAIL_NO_TLS,        /* no STARTTLS, no handshake, or a certificate not to be trusted */
	SE_MAIL_NO_WELCOME,    /* what answers is no such server, or does not want us */
	SE_MAIL_NO_LOGIN,      /* it refused the token */
	SE_MAIL_NO_DELIVERY    /* it refused the message */
};

struct se_mail;

/* Whether this machine's libcurl has that protocol: some distributions' smallest one has not. */
bool se_mail_speaks(enum se_mail_protocol protocol, struct se_error *error);

/* NULL when libcurl cannot start or memory ran out. `server` must live as long. */
struct se_mail *se_mail_new(const struct se_mail_server *server, int timeout);

/* Until the server has said what it offers, under TLS. With `user` and `token` also through the login
 * with XOAUTH2, libcurl's own. Afterwards there is a line to talk on. SE_OK, or `error` says what
 * happened without the server's own words: those are in the dialogue. Once per conversation. */
enum se_code se_mail_connect(struct se_mail *mail, const char *user, const struct se_secret *token,
	struct se_error *error);

/* The same, and hands in the message: from "From:" to the last line, with CR LF. */
enum se_code se_mail_send(struct se_mail *mail, const char *user, const struct se_secret *token,
	const char *from, const char *to, const struct se_buffer *message, struct se_error *error);

/* On the line of se_mail_connect(): sends a line (without its end) and reads the answer to it, up to
 * and with its last line. `secret` is sent behind it, and never shown; NULL: nothing. */
enum se_code se_mail_command(struct se_mail *mail, const char *line, const struct se_secret *secret,
	struct se_error *error);

enum se_mail_trouble se_mail_trouble(const struct se_mail *mail);

/* What was said until now. */
const struct se_dialogue *se_mail_dialogue(const struct se_mail *mail);

/* "TLSv1.3 / TLS_AES_256_GCM_SHA384", or "". */
const char *se_mail_tls(const struct se_mail *mail);

/* Never waits: where a name lookup still hangs, what belongs to it is left to the end of the process. */
void se_mail_free(struct se_mail *mail);

#endif
