/*
 * sasl-entra doctor: everything between a mail program and Exchange, looked at in the order in which
 * it is needed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/doctor.h"
#include "tool/exit_code.h"
#include "tool/mail_servers.h"
#include "tool/output.h"
#include "tool/screen.h"
#include "tool/verb.h"

enum { OPT_JSON = 1, OPT_POSTFIX, OPT_OFFLINE, OPT_SERVER, OPT_IMAP_SERVER };

static const struct {
	const char *heading;
	void (*look)(struct se_doctor *doctor);
	bool leaves_machine;
} sections[] = {
	{"Plugin", se_doctor_plugin, false},
	{"Configuration", se_doctor_configuration, false},
	{"Agent", se_doctor_agent, false},
	{"Network", se_doctor_network, true},
	{"Token", se_doctor_token, true},
	{"Postfix", se_doctor_postfix, false},
	{"Server", se_doctor_server, true},
};

/* Each check is shown as soon as it is known: some of them take seconds. */
static void
show(const struct se_checkup *checkup, const struct se_checked *checked)
{
	const struct se_screen screen = se_screen_of_stdout();
	struct se_buffer out;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_checkup_text(checkup, checked, screen.width, screen.colour, &out);
	(void)se_output_write(&out);
	se_buffer_free(&out);
}

static int
finish(const struct se_checkup *checkup, bool json)
{
	struct se_buffer out;
	int exit_code;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	if (json)
		se_checkup_json(checkup, &out);
	else
		se_checkup_total(checkup, &out);
	out.failed |= checkup->failed;
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	if (exit_code == SE_EXIT_OK && checkup->problems > 0)
		exit_code = SE_EXIT_FAILED;
	return exit_code;
}

static int
examine(struct se_doctor *doctor, bool json)
{
	int exit_code;

	if (!json)
		doctor->checkup.watch = show;
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (sections[i].leaves_machine && doctor->offline)
			continue;
		se_checkup_section(&doctor->checkup, sections[i].heading);
		sections[i].look(doctor);
	}
	exit_code = finish(&doctor->checkup, json);
	for (size_t i = 0; i < doctor->token_count; i++)
		se_secret_free(doctor->tokens[i].token);
	se_config_free(doctor->config);
	se_checkup_free(&doctor->checkup);
	return exit_code;
}

static bool
take_server(struct se_doctor *doctor, bool imap)
{
	struct se_mail_server unused;

	if (imap)
		doctor->imap_server = optarg;
	else
		doctor->server = optarg;
	return se_mail_server_parse(optarg, imap ? SE_MAIL_IMAP : SE_MAIL_SMTP, &unused);
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct se_doctor doctor = {.identity = &command->identity};
	bool json = false;
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END) {
		if (option == OPT_JSON) {
			json = true;
		} else if (option == OPT_OFFLINE) {
			doctor.offline = true;
		} else if (option == OPT_POSTFIX) {
			doctor.postfix = true;
			doctor.postfix_dir = optarg;
		} else if (option == OPT_SERVER || option == OPT_IMAP_SERVER) {
			if (!take_server(&doctor, option == OPT_IMAP_SERVER))
				return se_verb_usage(command, "give a server as HOST or HOST:PORT");
		} else {
			return se_verb_end(command, option);
		}
	}
	if (optind + 1 < argc)
		return se_verb_usage(command, "give one NAME only");
	if (optind < argc)
		doctor.name = argv[optind];
	return examine(&doctor, json);
}

static const struct se_option options[] = {
	{"postfix", OPT_POSTFIX, "[CONFIG_DIR]", .completes = SE_COMPLETES_DIRECTORY,
		.help = "look at Postfix, too, or at the one with that configuration"},
	{"offline", OPT_OFFLINE, .help = "ask nothing outside this machine"},
	{"server", OPT_SERVER, "HOST[:PORT]", .help = "the submission server to log in at"},
	{"imap-server", OPT_IMAP_SERVER, "HOST[:PORT]", .help = "the IMAP server to log in at"},
	{"json", OPT_JSON, .help = "print a JSON object"},
	{.name = NULL},
};

const struct se_verb se_verb_doctor = {
	.name = "doctor",
	.usage = "[NAME] [--postfix[=CONFIG_DIR]] [--offline] [--server HOST[:PORT]] "
		 "[--imap-server HOST[:PORT]] [--json]",
	.help = "Looks at everything between a mail program and Exchange, and says what to do.",
	.options = options,
	.takes_name = true,
	.run = begin,
};
