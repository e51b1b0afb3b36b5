#include <stdio.h>
#include <string.h>

#include "tool/exit_code.h"
#include "tool/output.h"
#include "tool/screen.h"
#include "tool/send.h"
#include "tool/wrap.h"

static const struct se_dialogue *
dialogue(const struct se_sending *sending)
{
	return se_mail_dialogue(sending->mail);
}

/* Whether the server's last words say what went wrong. */
static bool
server_spoke(const struct se_sending *sending)
{
	const char first = se_buffer_text(&dialogue(sending)->reply)[0];

	if (se_mail_verdict_find(SE_MAIL_SMTP, dialogue(sending)) != NULL)
		return true;
	return se_mail_trouble(sending->mail) >= SE_MAIL_NO_WELCOME &&
	       (first == '4' || first == '5');
}

static void
add_verdict(const struct se_sending *sending, struct se_buffer *out)
{
	const struct se_test_message *message = &sending->message;

	if (sending->code == SE_OK) {
		se_buffer_addf(out,
			"%s has accepted the message from %s to %s: ", sending->server.host,
			message->from, message->to);
		se_buffer_add_text(out, se_buffer_text(&dialogue(sending)->reply));
		return;
	}
	if (!server_spoke(sending)) {
		se_buffer_add_text(out, sending->error.text);
		return;
	}
	se_buffer_addf(out, "%s (mailbox %s, From %s): ", sending->about.login, sending->about.user,
		message->from);
	if (se_mail_verdict_find(SE_MAIL_SMTP, dialogue(sending)) == NULL)
		se_buffer_addf(out, "%s; it ", sending->error.text);
	else
		se_buffer_addf(out, "%s ", sending->server.host);
	se_mail_verdict_text(SE_MAIL_SMTP, dialogue(sending), out);
}

static int
exit_code_of(const struct se_sending *sending)
{
	if (sending->code == SE_OK || !server_spoke(sending))
		return se_exit_code(sending->code);
	return se_mail_verdict_class(SE_MAIL_SMTP, dialogue(sending)) == SE_AGAIN ? SE_EXIT_AGAIN
										  : SE_EXIT_FAILED;
}

static void
add_wrapped(const char *text, unsigned indent, struct se_buffer *out)
{
	const unsigned width = se_screen_of_stdout().width;
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		se_buffer_addf(out, "%*s", (int)indent, "");
		/* a command to copy is not broken */
		se_wrap(text, len, indent, strncmp(text, "  ", 2) == 0 ? 0 : width, out);
		se_buffer_add_text(out, "\n");
	}
}

static void
add_text(const struct se_sending *sending, const char *verdict, const char *fix,
	struct se_buffer *out)
{
	se_buffer_add_text(out, se_buffer_text(&dialogue(sending)->transcript));
	se_buffer_add_text(out, "\n");
	add_wrapped(verdict, 0, out);
	add_wrapped(fix, 2, out);
	if (sending->code == SE_OK)
		se_buffer_addf(out,
			"Message-ID <%s>. Accepted is not yet delivered: look into the mailbox, "
			"and "
			"else into the message trace.\n",
			sending->message.id);
}

static void
add_json(const struct se_sending *sending, const char *verdict, const char *fix,
	struct se_buffer *out)
{
	const struct se_reply *reply = se_mail_verdict_find(SE_MAIL_SMTP, dialogue(sending));
	const struct {
		const char *name, *value;
	} members[] = {
		{"server", sending->server.host},
		{"user", sending->about.user},
		{"from", sending->message.from},
		{"to", sending->message.to},
		{"message_id", sending->message.id},
		{"reply", se_buffer_text(&dialogue(sending)->reply)},
		{"explained", sending->code != SE_OK && reply != NULL ? reply->id : NULL},
		{"verdict", verdict},
		{"fix", fix[0] != '\0' ? fix : NULL},
		{"transcript", se_buffer_text(&dialogue(sending)->transcript)},
	};

	se_buffer_addf(out, "{\"accepted\": %s, \"port\": %u",
		sending->code == SE_OK ? "true" : "false", sending->server.port);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		se_buffer_addf(out, ", \"%s\": ", members[i].name);
		se_output_json(out, members[i].value);
	}
	se_buffer_add_text(out, "}\n");
}

int
se_send_report(const struct se_sending *sending)
{
	struct se_buffer out, verdict, fix;
	int exit_code;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_buffer_init(&verdict, SE_OUTPUT_MAX);
	se_buffer_init(&fix, SE_VERDICT_MAX);
	add_verdict(sending, &verdict);
	if (sending->code != SE_OK && server_spoke(sending))
		se_mail_verdict_fix(SE_MAIL_SMTP, dialogue(sending), &sending->about, &fix);
	if (sending->wish->json)
		add_json(sending, se_buffer_text(&verdict), se_buffer_text(&fix), &out);
	else
		add_text(sending, se_buffer_text(&verdict), se_buffer_text(&fix), &out);
	exit_code = se_output_write(&out);
	if (exit_code == SE_EXIT_OK)
		exit_code = exit_code_of(sending);
	se_buffer_free(&out);
	se_buffer_free(&verdict);
	se_buffer_free(&fix);
	return exit_code;
}
