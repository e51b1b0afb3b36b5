/*
 * sasl-entra token: the access token, as it is or in what a program needs.
 */
#include <stdio.h>
#include <string.h>

#include "core/message.h"
#include "core/source.h"
#include "engine/account.h"
#include "engine/config.h"

#include "tool/ask.h"
#include "tool/base64.h"
#include "tool/exit_code.h"
#include "tool/output.h"
#include "tool/verb.h"

enum { OPT_FORMAT = 1, OPT_SERVER, OPT_SERVICE };

struct wish {
	enum { RAW, XOAUTH2, OAUTHBEARER, JSON } format;
	const char *server;
	const char *service;
};

static bool
parse_format(const char *text, struct wish *wish)
{
	static const char *const names[] = {[RAW] = "raw",
		[XOAUTH2] = "xoauth2",
		[OAUTHBEARER] = "oauthbearer",
		[JSON] = "json"};

	for (unsigned i = RAW; i <= JSON; i++)
		if (strcmp(names[i], text) == 0) {
			wish->format = i;
			return true;
		}
	return false;
}

/* NAME is the SASL user unless it only labels an account. */
static bool
is_label(const struct se_command *command, const char *name)
{
	struct se_config *config = NULL;
	struct se_error unused;
	bool found = false;

	if (strchr(name, '@') != NULL ||
		se_config_load(command->identity.configuration, &config, NULL, &unused) != SE_OK)
		return false;
	for (size_t i = 0; i < config->account_count && !found; i++)
		found = strcmp(config->accounts[i].label, name) == 0;
	se_config_free(config);
	return found;
}

static enum se_code
add_response(struct se_buffer *out, const struct wish *wish, const char *user,
	const struct se_answer *answer, struct se_error *error)
{
	struct se_buffer message;
	enum se_code code;

	se_buffer_init(&message, SE_TOKEN_MAX + 4096);
	if (user == NULL)
		code = se_error_set(error, SE_CONFIG,
			"a response names its user: give a login name, not the label of an account "
			"without sasl_user");
	else if (wish->format == XOAUTH2)
		code = se_message_xoauth2(user, answer->token, &message, error);
	else
		code = se_message_oauthbearer(user, wish->server[0] != '\0' ? wish->server : NULL,
			0, answer->token, &message, error);
	if (code == SE_OK && !se_base64_add(out, message.data, message.len))
		code = se_error_memory(error);
	se_buffer_free(&message);
	return code;
}

static void
add_json(struct se_buffer *out, const char *user, const struct se_answer *answer)
{
	se_buffer_add_text(out, "{\"user\": ");
	se_output_json(out, user);
	se_buffer_add_text(out, ", \"access_token\": ");
	se_output_json(out, se_secret_reveal(answer->token));
	se_buffer_addf(out,
		", \"expires_in\": %lu, \"fingerprint\": ", (unsigned long)answer->seconds_left);
	se_output_json(out, answer->fingerprint);
	se_buffer_add_text(out, "}");
}

static int
print(const struct se_command *command, const struct wish *wish, const char *name,
	const struct se_answer *answer)
{
	const char *user = answer->user[0] != '\0' ? answer->user : name;
	struct se_error error;
	enum se_code code = SE_OK;
	struct se_buffer out;
	int exit_code;

	if (answer->user[0] == '\0' && wish->format != RAW && is_label(command, name))
		user = NULL;
	se_buffer_init(&out, SE_OUTPUT_MAX);
	if (wish->format == RAW)
		se_buffer_add(&out, se_secret_reveal(answer->token), se_secret_len(answer->token));
	else if (wish->format == JSON)
		add_json(&out, user, answer);
	else
		code = add_response(&out, wish, user, answer, &error);
	se_buffer_add_text(&out, "\n");
	exit_code = code == SE_OK ? se_output_write(&out) : se_exit_error(&error);
	se_buffer_free(&out);
	return exit_code;
}

static int
fetch_and_print(const struct se_command *command, const struct wish *wish, const char *name)
{
	struct se_answer answer = {.token = NULL};
	struct se_request request;
	struct se_error error;
	int exit_code;

	if (se_ask_prepare(&request, SE_OPERATION_TOKEN, name, &error) != SE_OK)
		return se_verb_usage(command, error.text);
	if (!se_copy(request.server, sizeof(request.server), wish->server))
		return se_verb_usage(command, "--server: the host name is too long");
	if (!se_copy(request.service, sizeof(request.service), wish->service))
		return se_verb_usage(command, "--service: the name is too long");
	if (se_ask(&command->identity, &request, &answer, &error) != SE_OK)
		return se_exit_error(&error);
	if (answer.token == NULL) {
		se_error_set(&error, SE_CONFIG,
			"%s: token_from = password: the token is the mail "
			"program's password, and there is none to print",
			name);
		return se_exit_error(&error);
	}
	if (answer.warning)
		fprintf(stderr, "sasl-entra: warning: %s\n", answer.note);
	exit_code = print(command, wish, name, &answer);
	se_answer_free(&answer);
	return exit_code;
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct wish wish = {.format = RAW, .server = "", .service = "smtp"};
	const char *name;
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END) {
		switch (option) {
		case OPT_FORMAT:
			if (!parse_format(optarg, &wish))
				return se_verb_usage(command,
					"--format must be raw, xoauth2, oauthbearer or json");
			break;
		case OPT_SERVER:
			wish.server = optarg;
			break;
		case OPT_SERVICE:
			wish.service = optarg;
			break;
		default:
			return se_verb_end(command, option);
		}
	}
	name = se_verb_name(command, argc, argv);
	return name != NULL ? fetch_and_print(command, &wish, name) : SE_EXIT_USAGE;
}

static const struct se_option options[] = {
	{"format", OPT_FORMAT, "FORMAT", .choices = "raw xoauth2 oauthbearer json",
		.help = "what is printed: the token (raw), a SASL initial response, or JSON"},
	{"server", OPT_SERVER, "HOST", .help = "the server that will get it"},
	{"service", OPT_SERVICE, "SERVICE", .choices = "smtp imap pop sieve",
		.help = "what it is for; default smtp"},
	{.name = NULL},
};

const struct se_verb se_verb_token = {
	.name = "token",
	.usage = "NAME [--format raw|xoauth2|oauthbearer|json] [--server HOST] [--service SERVICE]",
	.help = "Prints an access token, or the SASL initial response made of it.",
	.options = options,
	.takes_name = true,
	.run = begin,
};
