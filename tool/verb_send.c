/*
 * sasl-entra send: a real message, with what was said and what that means.
 */
#include <stdio.h>
#include <string.h>

#include "engine/account.h"

#include "tool/ask.h"
#include "tool/exit_code.h"
#include "tool/mail_servers.h"
#include "tool/mail_verdict.h"
#include "tool/output.h"
#include "tool/screen.h"
#include "tool/test_message.h"
#include "tool/verb.h"
#include "tool/wrap.h"

enum { OPT_TO = 1, OPT_FROM, OPT_SUBJECT, OPT_SERVER, OPT_JSON };

struct wish {
	const char *name;
	const char *to, *from, *subject, *server;
	bool json;
};

/* One message on its way. */
struct sending {
	const struct se_identity *identity;
	const struct wish *wish;
	struct se_config *config;
	struct se_mail_server server;
	struct se_mail_case about;
	struct se_answer answer;
	struct se_test_message message;
	struct se_mail *mail;
	enum se_code code;
	struct se_error error;
};

/* --- before anything is sent ---------------------------------------------------------------------- */

static enum se_code
find_server(struct sending *sending)
{
	const struct se_account *account;

	if (se_config_load(sending->identity->configuration, &sending->config, NULL,
		    &sending->error) != SE_OK)
		return sending->error.code;
	account = se_account_named(sending->config, sending->wish->name, &sending->error);
	if (account == NULL)
		return sending->error.code;
	sending->about.account = account;
	if (sending->wish->server != NULL)
		(void)se_mail_server_parse(sending->wish->server, SE_MAIL_SMTP, &sending->server);
	else if (!se_mail_server_choose(account, SE_MAIL_SMTP, &sending->server))
		return se_error_set(&sending->error, SE_CONFIG,
			"account %s names no submission server; name one with --server",
			account->label);
	sending->server.ca_file = account->value[SE_KEY_CA_FILE].text;
	return SE_OK;
}

static enum se_code
fetch_token(struct sending *sending)
{
	const char *name = sending->wish->name;
	struct se_request request;
	enum se_code code = se_ask_prepare(&request, SE_OPERATION_TOKEN, name, &sending->error);

	if (code != SE_OK)
		return code;
	code = se_account_check_server(
		sending->about.account, sending->server.host, &sending->error);
	if (code != SE_OK)
		return code;
	/* with a server the name is a login name, never a label */
	if (strchr(name, '@') != NULL)
		(void)se_copy(request.server, sizeof(request.server), sending->server.host);
	(void)se_copy(request.service, sizeof(request.service), "smtp");
	code = se_ask(sending->identity, &request, &sending->answer, &sending->error);
	if (code != SE_OK)
		return code;
	if (sending->answer.token == NULL)
		return se_error_set(&sending->error, SE_CONFIG,
			"%s: token_from = password: the token is the mail program's password, and "
			"there is none to send with",
			name);
	if (sending->answer.warning)
		fprintf(stderr, "sasl-entra: warning: %s\n", sending->answer.note);
	if (sending->answer.user[0] == '\0' && strchr(name, '@') == NULL)
		return se_error_set(&sending->error, SE_CONFIG,
			"%s is the label of an account without sasl_user: give a login name", name);
	sending->about.login = name;
	sending->about.user = sending->answer.user[0] != '\0' ? sending->answer.user : name;
	sending->about.token = sending->answer.token;
	return SE_OK;
}

static enum se_code
send_it(struct sending *sending)
{
	struct se_test_message *message = &sending->message;
	struct se_buffer text;
	enum se_code code;

	*message = (struct se_test_message){
		.from = sending->wish->from != NULL ? sending->wish->from : sending->about.user,
		.to = sending->wish->to,
		.subject = sending->wish->subject,
		.server = &sending->server,
	};
	if (!se_address_is_plain(message->from))
		return se_error_set(&sending->error, SE_CONFIG,
			"the SASL user %s is no address to send from: name one with --from",
			message->from);
	if (!se_mail_speaks(SE_MAIL_SMTP, &sending->error))
		return sending->error.code;
	sending->mail = se_mail_new(&sending->server, SE_MAIL_MESSAGE_MS);
	se_buffer_init(&text, SE_MESSAGE_MAX);
	if (sending->mail == NULL || !se_test_message_write(message, &text))
		code = se_error_memory(&sending->error);
	else
		code = se_mail_send(sending->mail, sending->about.user, sending->answer.token,
			message->from, message->to, &text, &sending->error);
	se_buffer_free(&text);
	return code;
}

/* --- afterwards ------------------------------------------------------------------------------------ */

static const struct se_dialogue *
dialogue(const struct sending *sending)
{
	return se_mail_dialogue(sending->mail);
}

/* Whether the server's last words say what went wrong. */
static bool
server_spoke(const struct sending *sending)
{
	const char first = se_buffer_text(&dialogue(sending)->reply)[0];

	if (se_mail_verdict_find(SE_MAIL_SMTP, dialogue(sending)) != NULL)
		return true;
	return se_mail_trouble(sending->mail) >= SE_MAIL_NO_WELCOME &&
	       (first == '4' || first == '5');
}

static void
add_verdict(const struct sending *sending, struct se_buffer *out)
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
exit_code_of(const struct sending *sending)
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
add_text(const struct sending *sending, const char *verdict, const char *fix, struct se_buffer *out)
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
add_json(const struct sending *sending, const char *verdict, const char *fix, struct se_buffer *out)
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

static int
report(const struct sending *sending)
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

static int
run_it(const struct se_command *command, const struct wish *wish)
{
	struct sending sending = {.identity = &command->identity, .wish = wish};
	int exit_code;

	sending.code = find_server(&sending);
	if (sending.code == SE_OK)
		sending.code = fetch_token(&sending);
	if (sending.code == SE_OK)
		sending.code = send_it(&sending);
	if (sending.mail != NULL)
		exit_code = report(&sending);
	else
		exit_code = se_exit_error(&sending.error);
	se_mail_free(sending.mail);
	se_answer_free(&sending.answer);
	se_config_free(sending.config);
	return exit_code;
}

/* --- the command line -------------------------------------------------------------------------------- */

static bool
take_option(struct wish *wish, int option)
{
	const char **const values[] = {
		[OPT_TO] = &wish->to,
		[OPT_FROM] = &wish->from,
		[OPT_SUBJECT] = &wish->subject,
		[OPT_SERVER] = &wish->server,
	};

	if (option == OPT_JSON) {
		wish->json = true;
		return true;
	}
	if (option < OPT_TO || option > OPT_SERVER)
		return false;
	*values[option] = optarg;
	return true;
}

/* NULL when all is well. */
static const char *
judge(const struct wish *wish)
{
	struct se_mail_server unused;

	if (wish->to == NULL)
		return "say where it goes: --to ADDRESS";
	if (!se_address_is_plain(wish->to))
		return "--to: give one address, USER@DOMAIN, and nothing else";
	if (wish->from != NULL && !se_address_is_plain(wish->from))
		return "--from: give one address, USER@DOMAIN, and nothing else";
	if (wish->subject != NULL && !se_subject_is_plain(wish->subject))
		return "--subject: give one line, of 200 bytes at most";
	if (wish->server != NULL && !se_mail_server_parse(wish->server, SE_MAIL_SMTP, &unused))
		return "--server: give a server as HOST or HOST:PORT";
	return NULL;
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct wish wish = {.json = false};
	const char *wrong;
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END)
		if (!take_option(&wish, option))
			return se_verb_end(command, option);
	wrong = judge(&wish);
	if (wrong != NULL)
		return se_verb_usage(command, wrong);
	wish.name = se_verb_name(command, argc, argv);
	return wish.name != NULL ? run_it(command, &wish) : SE_EXIT_USAGE;
}

static const struct se_option options[] = {
	{"to", OPT_TO, "ADDRESS", .help = "who gets it"},
	{"from", OPT_FROM, "ADDRESS", .help = "whom it is from; default the SASL user"},
	{"subject", OPT_SUBJECT, "TEXT", .help = "its subject"},
	{"server", OPT_SERVER, "HOST[:PORT]",
		.help = "the submission server; default the account's"},
	{"json", OPT_JSON, .help = "print a JSON object"},
	{NULL},
};

const struct se_verb se_verb_send = {
	.name = "send",
	.usage = "NAME --to ADDRESS [--from ADDRESS] [--subject TEXT] [--server HOST[:PORT]] "
		 "[--json]",
	.help = "Sends a test message, and says what the server made of it.",
	.options = options,
	.takes_name = true,
	.run = begin,
};
