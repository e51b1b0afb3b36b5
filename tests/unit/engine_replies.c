/* The table of replies: whole, and every entry is found by what it looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/places.h"
#include "engine/replies.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void
for_each(void (*look)(const struct se_reply *reply))
{
	const struct se_reply_part *part;

	for (size_t n = 0; (part = se_reply_part(n)) != NULL; n++)
		for (size_t i = 0; i < part->count; i++)
			look(&part->list[i]);
}

static void
id_is_named(const struct se_reply *reply)
{
	for (const char *at = reply->id; *at != '\0'; at++)
		assert_true((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '-');
	if (se_reply_named(reply->id) != reply)
		fail_msg("two entries are called %s", reply->id);
}

static void
ids_are_unique(void **state)
{
	(void)state;
	for_each(id_is_named);
	assert_null(se_reply_named("smtp"));
	assert_null(se_reply_named(""));
	assert_null(se_reply_part(se_reply_part_count()));
}

static void
filled(const char *mailbox, const char *expected)
{
	const struct se_places places = {.mailbox = mailbox, .login = mailbox};
	struct se_buffer out;

	se_buffer_init(&out, 1000);
	se_places_fill("Of {mailbox}:\n  Get-Mailbox {mailbox}\n{sign_in}", &places, &out);
	assert_string_equal(se_buffer_text(&out), expected);
	se_buffer_free(&out);
}

static void
commands_have_quotes(void **state)
{
	(void)state;
	filled("a.b+c@contoso.com", "Of a.b+c@contoso.com:\n  Get-Mailbox a.b+c@contoso.com\n"
				    "sasl-entra login a.b+c@contoso.com");
	filled("o'brien@contoso.com",
		"Of o'brien@contoso.com:\n  Get-Mailbox \"o'brien@contoso.com\"\n"
		"sasl-entra login \"o'brien@contoso.com\"");
	filled("a;b@c", "Of a;b@c:\n  Get-Mailbox \"a;b@c\"\nsasl-entra login \"a;b@c\"");
	filled("$(x)@c", "Of $(x)@c:\n  Get-Mailbox MAILBOX\nsasl-entra login NAME");
	filled("a`x@c", "Of a`x@c:\n  Get-Mailbox MAILBOX\nsasl-entra login NAME");
	filled("a\xe2\x80\x9d;x@c",
		"Of a\xe2\x80\x9d;x@c:\n  Get-Mailbox MAILBOX\nsasl-entra login NAME");
	filled("-x", "Of -x:\n  Get-Mailbox \"-x\"\nsasl-entra login \"-x\"");
}

static void
shown_is_found(const struct se_reply *reply)
{
	const struct se_reply *found = se_reply_find_any(reply->shown);
	struct se_reply_hit hits[8];

	if (found != reply)
		fail_msg("%s: what is shown is found as %s", reply->id,
			found != NULL ? found->id : "nothing");
	if (se_reply_find(reply->from, reply->shown) != reply)
		fail_msg("%s: not found among its own kind", reply->id);
	if (se_reply_find_all(reply->shown, hits, COUNT(hits)) != 1 || hits[0].reply != reply)
		fail_msg("%s: what is shown is found as %s too", reply->id, hits[0].reply->id);
}

static void
every_entry_is_found_by_what_it_looks_like(void **state)
{
	(void)state;
	for_each(shown_is_found);
}

/* Every code that an entry names, alone, gives that entry among others. */
static void
codes_are_found(const struct se_reply *reply)
{
	const char *at = reply->code;

	while (at != NULL && *at != '\0') {
		size_t len = strcspn(at, "|"), count, i;
		struct se_reply_hit hits[40];
		char code[40];

		assert_true(len < sizeof(code));
		memcpy(code, at, len);
		code[len] = '\0';
		count = se_reply_find_all(code, hits, COUNT(hits));
		for (i = 0; i < count && hits[i].reply != reply; i++)
			;
		if (i == count)
			fail_msg("%s: not found by %s", reply->id, code);
		at += len + (at[len] == '|');
	}
}

static void
every_code_is_found(void **state)
{
	(void)state;
	for_each(codes_are_found);
}

/* The alternatives of words, each by itself, with something in the place of a '*'. */
static void
words_are_found(const struct se_reply *reply)
{
	const char *at = reply->words;

	while (at != NULL && *at != '\0') {
		size_t len = strcspn(at, "|"), count, i, n = 0;
		struct se_reply_hit hits[40];
		char text[200];

		for (i = 0; i < len && n < sizeof(text) - 8; i++)
			if (at[i] == '*')
				n += (size_t)snprintf(text + n, sizeof(text) - n, " X.y:1 ");
			else if (at[i] == ' ')
				n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n\t");
			else
				text[n++] = at[i];
		text[n] = '\0';
		count = se_reply_find_all(text, hits, COUNT(hits));
		for (i = 0; i < count && hits[i].reply != reply; i++)
			;
		if (i == count)
			fail_msg("%s: not found by \"%.*s\" (but by %s)", reply->id, (int)len, at,
				count > 0 ? hits[0].reply->id : "nothing");
		at += len + (at[len] == '|');
	}
}

static void
all_words_are_found(void **state)
{
	(void)state;
	for_each(words_are_found);
}

/* --- the sentences --------------------------------------------------------------------------- */

static void
is_plain(const char *id, const char *text)
{
	/* One fills places with values, and another leaves nothing of them. */
	static const struct se_places filled = {"A", "B", "C", "D", "E", "F", "G", "H", NULL};
	struct se_buffer out;
	const char *at;

	for (at = text; *at != '\0'; at++)
		if (*at != '\n' && (*at < ' ' || *at > '~'))
			fail_msg("%s: a character %d in \"%s\"", id, *at, text);
	se_buffer_init(&out, 16384);
	se_places_fill(text, &filled, &out);
	for (at = text; (at = strchr(at, '{')) != NULL; at++) {
		static const char *const known[] = {"{mailbox}", "{app}", "{tenant}", "{label}",
			"{object_id}", "{sign_in}", "{scope}", "{file}"};
		size_t i;

		for (i = 0; i < COUNT(known) && strncmp(at, known[i], strlen(known[i])) != 0; i++)
			;
		if (i == COUNT(known))
			fail_msg("%s: an unknown place in \"%s\"", id, at);
	}
	assert_null(strchr(se_buffer_text(&out), '{'));
	se_buffer_free(&out);
}

static bool
begins_with_a_name(const char *text)
{
	static const char *const names[] = {"libsasl2 ", "mbsync ", "sasl-entra ", "sasl-xoauth2 ",
		"smtp(8) ", "\"allow\" ", "doc/guide/"};

	for (size_t i = 0; i < COUNT(names); i++)
		if (strncmp(text, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* A sentence to read: from a capital to a full stop. */
static void
is_sentence(const char *id, const char *text)
{
	static const char *const vague[] = {"click here", "please contact", "something went wrong",
		"try again later", "unknown error", "as appropriate"};

	is_plain(id, text);
	if (((text[0] < 'A' || text[0] > 'Z') && !begins_with_a_name(text)) || strlen(text) < 8)
		fail_msg("%s: no sentence: %s", id, text);
	if (strchr(".:)", text[strlen(text) - 1]) == NULL || strchr(text, '\n') != NULL)
		fail_msg("%s: where does it end? %s", id, text);
	if (strstr(text, "  ") != NULL)
		fail_msg("%s: two blanks in \"%s\"", id, text);
	for (size_t i = 0; i < COUNT(vague); i++)
		if (strcasestr(text, vague[i]) != NULL)
			fail_msg("%s says \"%s\"", id, vague[i]);
}

/* Lines: sentences, and commands behind two blanks. */
static void
is_todo(const char *id, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		char line[700];

		assert_true(len > 0 && len < sizeof(line));
		memcpy(line, text, len);
		line[len] = '\0';
		if (strncmp(line, "  ", 2) != 0)
			is_sentence(id, line);
		else if (line[2] == ' ' || line[len - 1] == '.' || line[len - 1] == ' ')
			fail_msg("%s: no command: \"%s\"", id, line);
		text += len + (text[len] == '\n');
	}
}

static void
is_whole(const struct se_reply *reply)
{
	assert_true(reply->code != NULL || reply->words != NULL);
	assert_null(strchr(reply->shown, '\n'));
	is_sentence(reply->id, reply->meaning);
	if (reply->cause != NULL)
		is_sentence(reply->id, reply->cause);
	is_plain(reply->id, reply->todo);
	is_todo(reply->id, reply->todo);
	is_sentence(reply->id, reply->waiting);
	assert_true(reply->class <= SE_DENIED);
	for (const char *at = reply->words; at != NULL && *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			fail_msg("%s: words in capitals", reply->id);
}

static void
every_entry_is_whole(void **state)
{
	(void)state;
	for_each(is_whole);
}

/* What SE_AGAIN stands for comes right by itself, and SE_SIGN_IN wants the command for it. */
static void
class_is_meant(const struct se_reply *reply)
{
	if (reply->class == SE_SIGN_IN && reply->from != SE_REPLY_PROGRAM &&
		strstr(reply->todo, "{sign_in}") == NULL)
		fail_msg("%s: sign in how?", reply->id);
	if (reply->class == SE_AGAIN && strncmp(reply->waiting, "Waiting does not", 16) == 0)
		fail_msg("%s: does it come right by itself?", reply->id);
}

static void
classes_fit(void **state)
{
	(void)state;
	for_each(class_is_meant);
}

/* --- real lines ------------------------------------------------------------------------------ */

static void
is_found(const char *line, const char *id)
{
	const struct se_reply *reply = se_reply_find_any(line);

	if (id == NULL ? reply != NULL : reply == NULL || strcmp(reply->id, id) != 0)
		fail_msg("\"%s\" is %s", line, reply != NULL ? reply->id : "nothing");
}

static void
lines_of_logs_are_known(void **state)
{
	(void)state;
	is_found("postfix/smtp[1]: 4F2: to=<a@b.example>, relay=smtp.office365.com[52.97.1.2]:587, "
		 "delay=2.1, dsn=4.7.139, status=deferred (SASL authentication failed; server "
		 "smtp.office365.com[52.97.1.2] said: 535 5.7.139 Authentication unsuccessful, "
		 "SmtpClientAuthentication is disabled for the Tenant. Visit "
		 "https://aka.ms/smtp_auth_disabled for more information. [AM0.eurprd01])",
		"smtp-auth-disabled-tenant");
	is_found("535-5.7.8 Username and Password not accepted. For more information, go to\n535 "
		 "5.7.8  https://support.google.com/mail/?p=BadCredentials",
		"smtp-google-refused");
	is_found("said: 535 5.7.3 Authentication unsuccessful [LO2P265CA0001.GBRP265.PROD]",
		"smtp-auth-unsuccessful");
	is_found(
		"warning: SASL authentication failure: No worthy mechs found", "sasl-no-mechanism");
	is_found("SASL authentication failed; cannot authenticate to server "
		 "smtp.office365.com[40.99.1.2]: no mechanism available",
		"sasl-no-mechanism");
	is_found("(delivery temporarily suspended: SASL authentication failed; cannot authenticate "
		 "to server smtp.office365.com[40.99.1.2]: generic failure)",
		"sasl-generic-failure");
	is_found("334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIG1hYyIsInNjb3BlIjoiaHR0cHM6Ly9t"
		 "YWlsLmdvb2dsZS5jb20vIn0K",
		"challenge-401");
	is_found("334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIn0=",
		"challenge-invalid-token");
	is_found("a@b.example: the server refused the access token 0123abcd (status \"400\", scope "
		 "\"https://mail.google.com/\"); the next login asks for a new one",
		"challenge-400");
	is_found("A01 NO AUTHENTICATE failed.", "imap-authenticate-failed");
	is_found("dsn=5.7.60, 554 5.7.60 SMTP; Client does not have permissions to send as this "
		 "sender",
		"smtp-send-as-denied");
}

/* As plugin, core and engine have them. */
static void
sentences_of_ours_are_known(void **state)
{
	(void)state;
	is_found(
		"a@b: no agent at /run/sasl-entra/agent.sock, and a program that runs with another "
		"user's rights gets its tokens from nowhere else; start it with: sasl-entrad",
		"no-agent");
	is_found("a@b: no agent at /run/sasl-entra/agent.sock (Connection refused; start it: "
		 "systemctl "
		 "enable --now sasl-entrad.socket), and without one: cannot load the engine module "
		 "(/e.so: "
		 "no such file); install the package sasl-entra with the libraries that it needs, "
		 "or start "
		 "the agent sasl-entrad",
		"no-agent");
	is_found("the agent at /s closed the connection before it had answered", "agent-slow");
	is_found("a@b: no token came within 25 seconds; the next try may be faster", "agent-slow");
	is_found("what listens at /s does not answer as the agent does; is it sasl-entrad, and of "
		 "this version?",
		"agent-version");
	is_found("/s is a socket of another kind, not the agent's", "agent-unsafe");
	is_found("a@b: nothing is configured for it: there is no agent at /s and no file /c; "
		 "sasl-entra.conf(5) says how to write one",
		"not-configured");
	is_found("the token of account relay may not be sent to mail.example.com: its servers are "
		 "smtp.office365.com; correct the relay host's name",
		"not-in-servers");
	is_found("the user with uid 7 may not use account relay; add the user", "not-allowed");
	is_found("no account of /c matches a@b; add a@b to the match of one", "no-account");
	is_found("the certificate of h is not to be trusted (self-signed certificate); if a proxy "
		 "here inspects TLS, name its CA with the key \"ca_file\"",
		"no-trust");
	is_found("the proxy wants a password before it connects to h (status 407)", "proxy");
	is_found(
		"h answered with a redirect (status 302), which is never followed with credentials",
		"not-an-endpoint");
	is_found("this program gave no login name; set the user name", "sasl-interaction");
}

static void
other_lines_are_not(void **state)
{
	(void)state;
	is_found("", NULL);
	is_found("250 2.1.0 Sender OK", NULL);
	is_found("relay=mx.example.com[15.7.3.1]:25, delay=5.7.3", NULL);
	is_found("version 5.7.139.2, build 25.7.30", NULL);
	is_found("dsn=4.7.0, status=sent", NULL);
	is_found("421 4.7.0 Too many connections", NULL);
	is_found("550 5.1.1 User unknown", NULL);
}

static void
a_log_gives_all_once(void **state)
{
	static const char log[] =
		"warning: SASL authentication failure: a@b: no agent at /run/x.sock: No such file\n"
		"SASL authentication failed; cannot authenticate to server x: generic failure\n"
		"said: 432 4.3.2 Concurrent connections limit exceeded\n"
		"said: 535 5.7.3 Authentication unsuccessful\n"
		"said: 535 5.7.3 Authentication unsuccessful\n";
	struct se_reply_hit hits[10];

	(void)state;
	assert_int_equal(se_reply_find_all(log, hits, COUNT(hits)), 3);
	assert_string_equal(hits[0].reply->id, "no-agent");
	assert_string_equal(hits[1].reply->id, "smtp-connections");
	assert_string_equal(hits[2].reply->id, "smtp-auth-unsuccessful");
	assert_true(hits[0].at < hits[1].at && hits[1].at < hits[2].at);
	assert_int_equal(se_reply_find_all(log, hits, 1), 1);
}

/* The plugin names both in one line: both are explained, the first one first. */
static void
both_causes_of_a_line_are_found(void **state)
{
	struct se_reply_hit hits[10];

	(void)state;
	assert_int_equal(
		se_reply_find_all("a@b: no agent at /s (Connection refused; start it: x), and "
				  "without one: nobody has signed in as a@b; sign in",
			hits, COUNT(hits)),
		2);
	assert_string_equal(hits[0].reply->id, "no-agent");
	assert_string_equal(hits[1].reply->id, "no-sign-in");
}

static void
a_code_alone_gives_all_with_it(void **state)
{
	struct se_reply_hit hits[40];

	(void)state;
	assert_int_equal(se_reply_find_all("5.7.139", hits, COUNT(hits)), 8);
	assert_int_equal(se_reply_find_all(" 535 5.7.139\n", hits, COUNT(hits)), 8);
	assert_int_equal(se_reply_find_all("5.7.30", hits, COUNT(hits)), 1);
	assert_true(se_reply_find_all("535", hits, COUNT(hits)) > 8);
	assert_int_equal(se_reply_find_all("299", hits, COUNT(hits)), 0);
	assert_int_equal(se_reply_find_all("5.7.9999", hits, COUNT(hits)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_unique),
		cmocka_unit_test(commands_have_quotes),
		cmocka_unit_test(every_entry_is_found_by_what_it_looks_like),
		cmocka_unit_test(every_code_is_found),
		cmocka_unit_test(all_words_are_found),
		cmocka_unit_test(every_entry_is_whole),
		cmocka_unit_test(classes_fit),
		cmocka_unit_test(lines_of_logs_are_known),
		cmocka_unit_test(sentences_of_ours_are_known),
		cmocka_unit_test(other_lines_are_not),
		cmocka_unit_test(a_log_gives_all_once),
		cmocka_unit_test(both_causes_of_a_line_are_found),
		cmocka_unit_test(a_code_alone_gives_all_with_it),
	};

	return cmocka_run_group_tests_name("engine/replies", tests, NULL, NULL);
}
