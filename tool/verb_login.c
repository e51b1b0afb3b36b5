/*
 * sasl-entra login: a person signs in, and the account has tokens from then on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool/exit_code.h"
#include "tool/interrupt.h"
#include "tool/login.h"
#include "tool/login_say.h"
#include "tool/verb.h"

enum {
	OPT_PASTE = 1,
	OPT_DEVICE,
	OPT_PORT,
	OPT_NO_BROWSER,
	OPT_JSON,
	OPT_TIMEOUT,
	PORT_MAX = 65535,
	TIMEOUT_MAX = 3600
};

static enum se_code
sign_in(struct se_login *login, struct se_error *error)
{
	switch (login->options->way) {
	case SE_LOGIN_PASTE:
		return se_login_by_paste(login, error);
	case SE_LOGIN_DEVICE:
		return se_login_by_device(login, error);
	default:
		return se_login_by_browser(login, error);
	}
}

static int
run(const struct se_command *command, const char *name, const struct se_login_options *options)
{
	struct se_login login;
	struct se_error error = {0};
	enum se_code code;
	int exit_code;

	memset(&login, 0, sizeof(login));
	code = se_interrupt_open() ? SE_OK
				   : se_error_set(&error, SE_INTERNAL,
					     "signals cannot be caught: %s", strerror(errno));
	if (code == SE_OK)
		code = se_identity_become_owner(&command->identity, false, &error);
	if (code == SE_OK)
		code = se_login_begin(&login, &command->identity, name, options, &error);
	if (code == SE_OK)
		code = sign_in(&login, &error);
	se_identity_return();
	if (code == SE_OK)
		se_place_tell_agent(&login.place);
	exit_code = code == SE_OK ? se_login_say_done(&login) : se_login_say_error(options, &error);
	se_login_end(&login);
	return exit_code;
}

static bool
parse_number(const char *text, long max, unsigned *number)
{
	char *end;
	const long value = strtol(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < 1 || value > max)
		return false;
	*number = (unsigned)value;
	return true;
}

/* NULL, or what is wrong. */
static const char *
take_option(int option, struct se_login_options *options)
{
	switch (option) {
	case OPT_PASTE:
	case OPT_DEVICE:
		if (options->way != SE_LOGIN_BROWSER)
			return "give one of --paste and --device";
		options->way = option == OPT_PASTE ? SE_LOGIN_PASTE : SE_LOGIN_DEVICE;
		return NULL;
	case OPT_PORT:
		return parse_number(optarg, PORT_MAX, &options->port)
			       ? NULL
			       : "--port must be a number from 1 to 65535";
	case OPT_TIMEOUT:
		return parse_number(optarg, TIMEOUT_MAX, &options->timeout)
			       ? NULL
			       : "--timeout must be a number of seconds, at most 3600";
	case OPT_NO_BROWSER:
		options->no_browser = true;
		return NULL;
	default:
		options->json = true;
		return NULL;
	}
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct se_login_options options = {.way = SE_LOGIN_BROWSER};
	const char *name, *wrong;
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END) {
		if (option < OPT_PASTE || option > OPT_TIMEOUT)
			return se_verb_end(command, option);
		wrong = take_option(option, &options);
		if (wrong != NULL)
			return se_verb_usage(command, wrong);
	}
	if (options.way != SE_LOGIN_BROWSER && (options.port != 0 || options.no_browser))
		return se_verb_usage(
			command, "--port and --no-browser belong to the sign-in by a browser here");
	name = se_verb_name(command, argc, argv);
	return name != NULL ? run(command, name, &options) : SE_EXIT_USAGE;
}

static const struct se_option options[] = {
	{"paste", OPT_PASTE,
		.help = "the browser may run anywhere; its last address is pasted here"},
	{"device", OPT_DEVICE, .help = "show a code that is entered on any device"},
	{"port", OPT_PORT, "N", .help = "wait for the browser at this port of loopback"},
	{"no-browser", OPT_NO_BROWSER, .help = "open no browser, only print the address"},
	{"timeout", OPT_TIMEOUT, "SECONDS", .help = "give up after that time, at most 3600"},
	{"json", OPT_JSON, .help = "print one JSON object a line"},
	{.name = NULL},
};

const struct se_verb se_verb_login = {
	.name = "login",
	.usage = "NAME [--paste | --device | [--port N] [--no-browser]] [--timeout SECONDS] "
		 "[--json]",
	.help = "Signs a person in, with a browser here, one elsewhere, or a code.",
	.options = options,
	.takes_name = true,
	.run = begin,
};
