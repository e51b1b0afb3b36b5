/*
 * mail_verdict: what a mail server said, and what that means for this mailbox, app and tenant.
 */
#ifndef SE_TOOL_MAIL_VERDICT_H
#define SE_TOOL_MAIL_VERDICT_H

#include "core/buffer.h"
#include "core/secret.h"
#include "engine/config.h"
#include "engine/mail_server.h"
#include "engine/replies.h"

enum { SE_VERDICT_MAX = 8192 };

/* For whom something was refused. */
struct se_mail_case {
	const struct se_account *account;
	const char *login; /* name */
	const char *user;  /* the SASL user: the mailbox */
	const struct se_secret
		*token; /* says the enterprise application's object id; may be NULL */
};

/* The table's entry for what the server said last, or NULL. */
const struct se_reply *
se_mail_verdict_find(enum se_mail_protocol protocol, const struct se_dialogue *dialogue);

/* `said 535 5.7.3 Authentication unsuccessful: MEANING`; without an answer nothing. On one line, without
 * a full stop at the end. */
void se_mail_verdict_text(
	enum se_mail_protocol protocol, const struct se_dialogue *dialogue, struct se_buffer *out);

/* The cause, what to do, and whether waiting helps, a line each, for this case. */
void se_mail_verdict_fix(enum se_mail_protocol protocol, const struct se_dialogue *dialogue,
	const struct se_mail_case *about, struct se_buffer *out);

/* SE_AGAIN where the same can work later, else SE_ADMIN. */
enum se_code
se_mail_verdict_class(enum se_mail_protocol protocol, const struct se_dialogue *dialogue);

#endif
