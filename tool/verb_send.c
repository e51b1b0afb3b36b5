/*
 * sasl-entra send: a real message, with what was said and what that means.
 */
#include <stdio.h>
#include <string.h>

#include "engine/account.h"

#include "tool/ask.h"
#include "tool/exit_code.h"
#include "tool/mail_servers.h"
#include "tool/send.h"
#include "tool/verb.h"

enum { OPT_TO = 1, OPT_FROM, OPT_SUBJECT, OPT_SERVER, OPT_JSON };

/* --- before anything is sent ---------------------------------------------------------------------- */

static enum se_code
find_server(struct se_sending *sending)
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
fetch_token(struct se_sending *sending)
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
send_it(struct se_sending *sending)
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

static int
run_it(const struct se_command *command, const struct se_send_wish *wish)
{
	struct se_sending sending = {.identity = &command->identity, .wish = wish};
	int exit_code;

	sending.code = find_server(&sending);
	if (sending.code == SE_OK)
		sending.code = fetch_token(&sending);
	if (sending.code == SE_OK)
		sending.code = send_it(&sending);
	if (sending.mail != NULL)
		exit_code = se_send_report(&sending);
	else
		exit_code = se_exit_error(&sending.error);
	se_mail_free(sending.mail);
	se_answer_free(&sending.answer);
	se_config_free(sending.config);
	return exit_code;
}

/* --- the command line -------------------------------------------------------------------------------- */

static bool
take_option(struct se_send_wish *wish, int option)
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
judge(const struct se_send_wish *wish)
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
	struct se_send_wish wish = {.json = false};
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
	{.name = NULL},
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
