#include <string.h>

#include "tool/mail_login.h"

void
se_mail_try_open(struct se_mail_try *attempt, const struct se_mail_server *server, const char *user,
	const struct se_secret *token)
{
	memset(attempt, 0, sizeof(*attempt));
	attempt->mail = se_mail_new(server, SE_MAIL_MS);
	attempt->code = attempt->mail != NULL
				? se_mail_connect(attempt->mail, user, token, &attempt->error)
				: se_error_memory(&attempt->error);
}

static bool
is_imap(const struct se_mail_try *attempt)
{
	return se_mail_dialogue(attempt->mail)->imap;
}

static const char *
reply(const struct se_mail_try *attempt)
{
	return se_buffer_text(&se_mail_dialogue(attempt->mail)->reply);
}

static void
command(struct se_mail_try *attempt, const char *line, const struct se_secret *secret)
{
	if (attempt->code == SE_OK)
		attempt->code = se_mail_command(attempt->mail, line, secret, &attempt->error);
}

/* Whether a line of the answer begins so. */
static bool
answered(const struct se_mail_try *attempt, const char *words)
{
	const size_t len = strlen(words);
	const char *line = reply(attempt);

	while (strncmp(line, words, len) != 0) {
		line = strchr(line, '\n');
		if (line == NULL)
			return false;
		line++;
	}
	return true;
}

static void
refused(struct se_mail_try *attempt)
{
	if (attempt->code == SE_OK)
		attempt->code = se_error_set(&attempt->error, SE_ADMIN, "the login was refused");
}

void
se_mail_try_end(struct se_mail_try *attempt)
{
	if (attempt->code != SE_OK)
		return;
	if (is_imap(attempt)) {
		command(attempt, "Z8 STATUS INBOX (MESSAGES)", NULL);
		if (!answered(attempt, "Z8 OK"))
			refused(attempt);
	}
}

/* What a mail program says to the error that some servers send as a challenge: nothing. The server
 * then says that the login has failed. */
static void
answer_challenge(struct se_mail_try *attempt, const char *challenge)
{
	if (attempt->code == SE_OK && answered(attempt, challenge))
		command(attempt, "", NULL);
}

static void
log_in_imap(struct se_mail_try *attempt, const struct se_secret *response)
{
	if (se_dialogue_offers(se_mail_dialogue(attempt->mail), "SASL-IR", NULL)) {
		command(attempt, "Z7 AUTHENTICATE XOAUTH2 ", response);
	} else {
		command(attempt, "Z7 AUTHENTICATE XOAUTH2", NULL);
		if (attempt->code == SE_OK && answered(attempt, "+"))
			command(attempt, "", response);
	}
	answer_challenge(attempt, "+");
	if (attempt->code == SE_OK && !answered(attempt, "Z7 OK"))
		refused(attempt);
}

void
se_mail_try_response(struct se_mail_try *attempt, const struct se_mail_server *server,
	const struct se_secret *response)
{
	se_mail_try_open(attempt, server, NULL, NULL);
	if (attempt->code != SE_OK)
		return;
	if (server->protocol == SE_MAIL_IMAP) {
		log_in_imap(attempt, response);
	} else {
		command(attempt, "AUTH XOAUTH2 ", response);
		answer_challenge(attempt, "334");
		if (attempt->code == SE_OK && !answered(attempt, "235"))
			refused(attempt);
	}
}

/* What the server said counts; the good-bye is only polite, and se_mail_free() ends it. */
void
se_mail_try_free(struct se_mail_try *attempt)
{
	se_mail_free(attempt->mail);
	attempt->mail = NULL;
}
