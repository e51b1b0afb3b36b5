/*
 * mail_dialogue: what was said between us and a mail server, kept within bounds and without what must
 * not be shown: of the commands that log in only their first words, of the server's lines nothing that
 * could be a part of a token.
 */
#ifndef SE_ENGINE_MAIL_DIALOGUE_H
#define SE_ENGINE_MAIL_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/secret.h"

enum {
	SE_DIALOGUE_MAX = 32 * 1024, /* bytes of the transcript */
	SE_DIALOGUE_LINE_MAX = 1000, /* bytes of a line that are kept */
	SE_DIALOGUE_LINES_MAX = 300  /* of the server, after which nobody listens to it any more */
};

/* How far it has come, by the last command that was sent. */
enum se_mail_stage {
	SE_MAIL_CONNECTING, /* nothing was sent */
	SE_MAIL_GREETING,   /* EHLO or CAPABILITY */
	SE_MAIL_STARTTLS,
	SE_MAIL_LOGIN,
	SE_MAIL_MESSAGE /* or any other command */
};

struct se_dialogue {
	bool imap;
	const struct se_secret *token; /* never shown; NULL: there is none */
	struct se_buffer transcript;   /* "C: EHLO here\nS: 250 ...\n" */
	struct se_buffer reply;        /* the server's lines since our last one */
	struct se_buffer offers;       /* its last answer to EHLO or CAPABILITY */
	enum se_mail_stage stage;
	bool offering; /* the answer to EHLO or CAPABILITY is what comes next */
	bool flooded;  /* it said too much */
	size_t lines;
	size_t data; /* bytes of the message that were sent */
};

void se_dialogue_init(struct se_dialogue *dialogue, bool imap, const struct se_secret *token);

/* Lines that we sent and that came; more than one, or a part of one, is fine. */
void se_dialogue_sent(struct se_dialogue *dialogue, const char *data, size_t len);
void se_dialogue_heard(struct se_dialogue *dialogue, const char *data, size_t len);
/* Bytes of the message. */
void se_dialogue_message(struct se_dialogue *dialogue, size_t len);

/* Whether the server offers it: SMTP "AUTH" with the word XOAUTH2, or "STARTTLS" with NULL; IMAP
 * "AUTH=XOAUTH2" with NULL. */
bool se_dialogue_offers(const struct se_dialogue *dialogue, const char *name, const char *word);

void se_dialogue_free(struct se_dialogue *dialogue);

#endif
