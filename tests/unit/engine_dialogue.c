/*
 * engine_dialogue: what is kept of a conversation with a mail server, and what never is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/mail_dialogue.h"

static const char token[] = "EwAaaaabbbbccccddddeeeeffffgggghhhhiiii";
static struct se_secret *secret;
static struct se_dialogue dialogue;

static void
begin(bool imap)
{
	secret = secret != NULL ? secret : se_secret_new(token, strlen(token));
	se_dialogue_free(&dialogue);
	se_dialogue_init(&dialogue, imap, secret);
}

static int
end(void **state)
{
	(void)state;
	se_dialogue_free(&dialogue);
	se_secret_free(secret);
	secret = NULL;
	return 0;
}

static void
sent(const char *text)
{
	se_dialogue_sent(&dialogue, text, strlen(text));
}

static void
heard(const char *text)
{
	se_dialogue_heard(&dialogue, text, strlen(text));
}

static void
assert_transcript(const char *wanted)
{
	assert_string_equal(se_buffer_text(&dialogue.transcript), wanted);
}

/* SMTP: what we send is kept but for the login; the reply is what came since */
static void
smtp(void **state)
{
	(void)state;
	begin(false);
	heard("220 hello\r\n");
	assert_int_equal(dialogue.stage, SE_MAIL_CONNECTING);
	sent("EHLO me\r\n");
	heard("250-x\r\n");
	heard("250-AUTH LOGIN XOAUTH2\r\n250 STARTTLS\r\n");
	assert_int_equal(dialogue.stage, SE_MAIL_GREETING);
	sent("AUTH XOAUTH2 dXNlcj1hbm5h\r\n");
	assert_int_equal(dialogue.stage, SE_MAIL_LOGIN);
	heard("334 \r\n");
	sent("dXNlcj1hbm5h\r\n");
	heard("235 ok\r\n");
	assert_string_equal(se_buffer_text(&dialogue.reply), "235 ok");
	sent("MAIL FROM:<a@b>\r\n");
	assert_int_equal(dialogue.stage, SE_MAIL_MESSAGE);
	assert_transcript("S: 220 hello\nC: EHLO me\nS: 250-x\nS: 250-AUTH LOGIN XOAUTH2\n"
			  "S: 250 STARTTLS\nC: AUTH XOAUTH2 [not shown]\nS: 334 \n"
			  "C: [not shown]\nS: 235 ok\nC: MAIL FROM:<a@b>\n");
}

/* IMAP: the same, behind a tag */
static void
imap(void **state)
{
	(void)state;
	begin(true);
	sent("A1 CAPABILITY\r\n");
	heard("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\nA1 OK\r\n");
	sent("A2 AUTHENTICATE XOAUTH2 dXNlcj1hbm5h\r\n");
	heard("A2 NO no\r\n");
	assert_true(se_dialogue_offers(&dialogue, "AUTH=XOAUTH2", NULL));
	assert_false(se_dialogue_offers(&dialogue, "AUTH=XOAUTH", NULL));
	assert_string_equal(se_buffer_text(&dialogue.reply), "A2 NO no");
	assert_transcript("C: A1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 AUTH=XOAUTH2\nS: A1 OK\n"
			  "C: A2 AUTHENTICATE XOAUTH2 [not shown]\nS: A2 NO no\n");
}

/* what a server offers: whole words of the last answer to EHLO */
static void
offers(void **state)
{
	(void)state;
	begin(false);
	sent("EHLO me\r\n");
	heard("250-AUTH LOGIN\r\n250 STARTTLS\r\n");
	assert_true(se_dialogue_offers(&dialogue, "STARTTLS", NULL));
	assert_false(se_dialogue_offers(&dialogue, "AUTH", "XOAUTH2"));
	sent("EHLO me\r\n");
	heard("250-AUTH=LOGIN xoauth2\r\n250-AUTHX OAUTHBEARER\r\n250 XOAUTH\r\n");
	assert_false(se_dialogue_offers(&dialogue, "STARTTLS", NULL));
	assert_true(se_dialogue_offers(&dialogue, "AUTH", "XOAUTH2"));
	assert_false(se_dialogue_offers(&dialogue, "AUTH", "OAUTHBEARER"));
}

/* a server that says our token back, whole, in part or in base64; control characters; NUL */
static void
hidden(void **state)
{
	char line[200];

	(void)state;
	begin(false);
	(void)snprintf(line, sizeof(line), "535 no: %s!\r\n", token);
	heard(line);
	heard("535 ccccddddeeeeffffg and aaaaabbbbcccc\r\n");
	(void)snprintf(line, sizeof(line), "535 %070d x\r\n", 0);
	heard(line);
	heard("535 \x1b[31m\r\n");
	se_dialogue_heard(&dialogue, "535 a\0b\r\n", 9);
	assert_transcript("S: 535 no: [not shown]!\nS: 535 [not shown] and aaaaabbbbcccc\n"
			  "S: 535 [not shown] x\nS: 535 ?[31m\nS: 535 a?b\n");
}

/* a reason that comes as a challenge is read */
static void
challenge(void **state)
{
	(void)state;
	begin(false);
	heard("334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=\r\n");
	assert_string_equal(
		se_buffer_text(&dialogue.reply), "334 {\"status\":\"400\",\"schemes\":\"Bearer\"}");
	begin(false);
	heard("334 e30A\r\n"); /* {} and NUL */
	assert_string_equal(se_buffer_text(&dialogue.reply), "334 e30A");
	begin(true);
	heard("+ e30=\r\n");
	assert_string_equal(se_buffer_text(&dialogue.reply), "+ {}");
}

/* too many lines, too long a line, a transcript that is full */
static void
bounded(void **state)
{
	static char line[5000];

	(void)state;
	begin(false);
	memset(line, '!', sizeof(line) - 1);
	for (unsigned i = 0; i <= SE_DIALOGUE_LINES_MAX; i++) {
		assert_false(dialogue.flooded);
		heard(line);
	}
	assert_true(dialogue.flooded);
	assert_false(dialogue.transcript.failed || dialogue.reply.failed);
	assert_in_range(dialogue.transcript.len, SE_DIALOGUE_MAX - 2000, SE_DIALOGUE_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(smtp, end),
		cmocka_unit_test_teardown(imap, end),
		cmocka_unit_test_teardown(offers, end),
		cmocka_unit_test_teardown(hidden, end),
		cmocka_unit_test_teardown(challenge, end),
		cmocka_unit_test_teardown(bounded, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
