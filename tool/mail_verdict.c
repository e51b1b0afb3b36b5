#include <string.h>

#include "engine/json.h"
#include "engine/jwt.h"
#include "engine/places.h"

#include "tool/mail_verdict.h"

enum { SAID_MAX = 700 };

const struct se_reply *
se_mail_verdict_find(enum se_mail_protocol protocol, const struct se_dialogue *dialogue)
{
	return se_reply_find(protocol == SE_MAIL_IMAP ? SE_REPLY_IMAP : SE_REPLY_SMTP,
		se_buffer_text(&dialogue->reply));
}

/* Its lines on one, and not all of very many. */
static void
add_said(const struct se_dialogue *dialogue, struct se_buffer *out)
{
	const char *at = se_buffer_text(&dialogue->reply);

	for (size_t i = 0; i < SAID_MAX && *at != '\0'; i++, at++)
		se_buffer_add(out, *at == '\n' ? " " : at, 1);
	if (*at != '\0')
		se_buffer_add_text(out, "...");
}

static size_t
without_stop(const char *text)
{
	const size_t len = strlen(text);

	return len > 0 && text[len - 1] == '.' ? len - 1 : len;
}

void
se_mail_verdict_text(
	enum se_mail_protocol protocol, const struct se_dialogue *dialogue, struct se_buffer *out)
{
	const struct se_reply *reply = se_mail_verdict_find(protocol, dialogue);

	if (dialogue->reply.len == 0)
		return;
	se_buffer_add_text(out, "said ");
	add_said(dialogue, out);
	if (reply == NULL)
		return;
	se_buffer_add_text(out, ": ");
	se_buffer_add(out, reply->meaning, without_stop(reply->meaning));
}

static void
add_line(struct se_buffer *out, const char *text, const struct se_places *places)
{
	if (text == NULL || text[0] == '\0')
		return;
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		se_buffer_add_text(out, "\n");
	se_places_fill(text, places, out);
}

/* What to do where it is a person who signs in is of no use to an app. */
static const char *
todo_of(const struct se_reply *reply, const struct se_account *account)
{
	if (reply->class == SE_SIGN_IN && account->app_only)
		return "Account {label} is an app, {app}, which does not sign in: look at what its "
		       "token holds (sasl-entra doctor {mailbox}), and at whether the app was "
		       "given "
		       "the mailbox {mailbox}.";
	return reply->todo;
}

/* An app's own token names the service principal that Exchange has to know: New-ServicePrincipal. */
static struct se_json *
claims_of(const struct se_mail_case *about)
{
	return about->token != NULL && about->account->app_only ? se_jwt_claims(about->token)
								: NULL;
}

void
se_mail_verdict_fix(enum se_mail_protocol protocol, const struct se_dialogue *dialogue,
	const struct se_mail_case *about, struct se_buffer *out)
{
	const struct se_reply *reply = se_mail_verdict_find(protocol, dialogue);
	struct se_places places;
	struct se_json *claims;

	if (reply == NULL) {
		if (dialogue->reply.len > 0)
			se_buffer_add_text(out,
				"this answer is not in sasl-entra's table; the server's "
				"administrator knows its log");
		return;
	}
	claims = claims_of(about);
	se_places_of(about->account, about->login, &places);
	places.mailbox = about->user;
	places.object_id = claims != NULL ? se_json_string(claims, "oid") : NULL;
	places.missing = NULL;
	add_line(out, reply->cause, &places);
	add_line(out, todo_of(reply, about->account), &places);
	add_line(out, reply->waiting, &places);
	se_json_free(claims);
}

enum se_code
se_mail_verdict_class(enum se_mail_protocol protocol, const struct se_dialogue *dialogue)
{
	const struct se_reply *reply = se_mail_verdict_find(protocol, dialogue);

	if (reply != NULL)
		return reply->class;
	return protocol == SE_MAIL_SMTP && se_buffer_text(&dialogue->reply)[0] == '4' ? SE_AGAIN
										      : SE_ADMIN;
}
