/*
 * sasl-entra setup: an account, from questions to the configuration, and what is left to do at the
 * tenant.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/names.h"

#include "tool/exit_code.h"
#include "tool/question.h"
#include "tool/setup.h"
#include "tool/setup_postfix.h"

enum {
	OPT_LABEL = 1,
	OPT_SECRET_STDIN,
	OPT_NON_INTERACTIVE,
	OPT_YES,
	OPT_DRY_RUN,
	OPT_NO_DOCTOR,
	OPT_DETAILED_EXIT_CODE,
	OPT_JSON,
	OPT_KEY = 100
}; /* and the key */

extern const struct se_verb se_verb_setup;

/* --- the command line ------------------------------------------------------------------------------ */

/* Lists that are given several times are put together. */
static bool
take_key(struct se_setup *setup, enum se_key key, const char *text)
{
	struct se_buffer value;
	bool several = se_keys[key].type == SE_TYPE_MATCHES || se_keys[key].type == SE_TYPE_LIST ||
		       se_keys[key].type == SE_TYPE_HOSTS;
	const char *before = setup->value[key];
	char *copy = NULL;

	se_buffer_init(&value, SE_CONFIG_SIZE_MAX);
	if (several && before != NULL && text[0] != '\0')
		se_buffer_addf(&value, "%s, ", before);
	if (se_buffer_add_text(&value, text))
		copy = strdup(se_buffer_text(&value));
	free(setup->value[key]);
	setup->value[key] = copy;
	se_buffer_free(&value);
	return copy != NULL;
}

/* False when it is no option of ours. */
static bool
take_option(struct se_setup *setup, int option, bool *asks)
{
	switch (option) {
	case OPT_LABEL:
		setup->label = optarg;
		return true;
	case OPT_SECRET_STDIN:
		setup->secret_stdin = true;
		return true;
	case OPT_NON_INTERACTIVE:
		*asks = false;
		return true;
	case OPT_YES:
		setup->yes = true;
		return true;
	case OPT_DRY_RUN:
		setup->dry_run = true;
		return true;
	case OPT_NO_DOCTOR:
		setup->no_doctor = true;
		return true;
	case OPT_DETAILED_EXIT_CODE:
		setup->detailed_exit_code = true;
		return true;
	case OPT_JSON:
		setup->json = true;
		return true;
	default:
		return option >= OPT_KEY && option < OPT_KEY + SE_KEY_COUNT &&
		       take_key(setup, (enum se_key)(option - OPT_KEY), optarg);
	}
}

/* What cannot be asked for has to be said. NULL: nothing is missing. */
static const char *
find_missing(const struct se_setup *setup)
{
	const char *credential = se_setup_credential(setup);
	const bool machine = se_name_equal(credential, "managed-identity");
	const char *file = se_setup_value(setup, SE_KEY_FEDERATED_TOKEN_FILE);
	const bool env = se_name_equal(credential, "federated") && file != NULL &&
			 se_name_equal(file, "env");

	if (se_setup_value(setup, SE_KEY_MATCH) == NULL)
		return "--match is missing: the login names that are served, as *@contoso.com";
	if (machine && se_setup_value(setup, SE_KEY_MANAGED_IDENTITY_ID) == NULL)
		return "--managed-identity-id is missing: system, or which one";
	if (se_name_equal(credential, "federated") && file == NULL)
		return "--federated-token-file is missing: a path, env or managed-identity";
	if (machine || env)
		return NULL;
	if (se_setup_value(setup, SE_KEY_TENANT) == NULL)
		return "--tenant is missing: a domain name of the tenant, or its id";
	if (se_setup_value(setup, SE_KEY_CLIENT_ID) == NULL)
		return "--client-id is missing: the app's Application (client) ID";
	return NULL;
}

/* What is wrong by itself is said before anybody is asked for more. */
static enum se_code
judge_options(const struct se_setup *setup, struct se_error *error)
{
	char why[400];

	for (const struct se_option *option = se_verb_setup.options; option->name != NULL;
		option++) {
		const int key = option->id - OPT_KEY;
		const char *wrong =
			key >= 0 && key < SE_KEY_COUNT && setup->value[key] != NULL
				? se_setup_judge((enum se_key)key, setup->value[key], why)
				: NULL;

		if (wrong != NULL)
			return se_error_set(error, SE_CONFIG, "--%s: %s", option->name, wrong);
	}
	return SE_OK;
}

static int
set_up(struct se_setup *setup, bool asks)
{
	const char *missing;
	struct se_error error = {0};
	enum se_code code = se_setup_read(setup, &error);

	if (code == SE_OK)
		code = judge_options(setup, &error);
	if (code != SE_OK)
		return se_exit_error(&error);
	setup->interactive = asks;
	missing = asks ? NULL : find_missing(setup);
	return missing != NULL ? se_verb_usage(setup->command, missing) : se_setup_run(setup);
}

static void
release(struct se_setup *setup)
{
	for (int key = 0; key < SE_KEY_COUNT; key++) {
		free(setup->value[key]);
		free(setup->before[key]);
		free(setup->defaults[key]);
	}
	se_secret_free(setup->secret);
	se_config_free(setup->config);
	se_buffer_free(&setup->old);
	se_buffer_free(&setup->text);
}

static int
set_up_account(struct se_setup *setup, bool asks, bool named)
{
	struct se_command *command = setup->command;

	if (geteuid() != 0 && command->identity.system)
		(void)se_identity_choose_own(&command->identity);
	if (named)
		return se_verb_usage(command, "takes no NAME; --label says which account");
	if (asks && !se_question_possible())
		return se_verb_usage(command,
			"there is no terminal to ask at: say --non-interactive, and all that is "
			"needed as options");
	return set_up(setup, asks);
}

static int
set_up_postfix(const struct se_setup *setup, struct se_setup_postfix_wish *wish, const char *name)
{
	wish->name = name;
	wish->dry_run = setup->dry_run;
	wish->json = setup->json;
	wish->detailed_exit_code = setup->detailed_exit_code;
	return se_setup_postfix(setup->command, wish);
}

/* Which of the two an option is for: it is of no use to the other one. */
static bool
is_for_both(int option)
{
	return option == OPT_DRY_RUN || option == OPT_JSON || option == OPT_DETAILED_EXIT_CODE;
}

static int
choose(struct se_setup *setup, struct se_setup_postfix_wish *wish, bool asks, const bool seen[2],
	int argc, char **argv)
{
	if (wish->wanted && seen[0])
		return se_verb_usage(setup->command,
			"an account and Postfix are set up one after the other: --postfix takes "
			"the options for Postfix only");
	if (!wish->wanted && seen[1])
		return se_verb_usage(setup->command, "--postfix is missing");
	if (wish->wanted && optind + 1 < argc)
		return se_verb_usage(setup->command, "give one NAME only");
	if (wish->wanted)
		return set_up_postfix(setup, wish, optind < argc ? argv[optind] : NULL);
	return set_up_account(setup, asks, optind < argc);
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct se_setup setup = {.command = command, .label = "relay"};
	struct se_setup_postfix_wish wish = {.wanted = false};
	bool asks = true, seen[2] = {false, false}; /* options for the account, for Postfix */
	const char *wrong = NULL;
	int option, exit_code;

	se_buffer_init(&setup.old, SE_CONFIG_SIZE_MAX);
	se_buffer_init(&setup.text, SE_CONFIG_SIZE_MAX);
	while (wrong == NULL && (option = se_verb_option(command, argc, argv)) != SE_OPTION_END) {
		if (take_option(&setup, option, &asks)) {
			seen[0] |= !is_for_both(option);
		} else if (se_setup_postfix_option(&wish, option, &wrong)) {
			seen[1] = true;
		} else {
			release(&setup);
			return se_verb_end(command, option);
		}
	}
	exit_code = wrong != NULL ? se_verb_usage(command, wrong)
				  : choose(&setup, &wish, asks, seen, argc, argv);
	release(&setup);
	return exit_code;
}

/* Each key of the configuration that setup sets has the option of its name. */
#define KEY(key) (OPT_KEY + (int)(key))

static const struct se_option options[] = {
	{"label", OPT_LABEL, "LABEL", .help = "the account to make or change; default relay"},
	{"tenant", KEY(SE_KEY_TENANT), "TENANT", .help = "a domain name of it, or its id"},
	{"client-id", KEY(SE_KEY_CLIENT_ID), "GUID", .help = "the app registration's"},
	{"sign-in", KEY(SE_KEY_SIGN_IN), "WHO", .choices = "app user",
		.help = "app: the app itself; user: a person"},
	{"credential", KEY(SE_KEY_CREDENTIAL), "TYPE",
		.choices = "certificate secret federated managed-identity none",
		.help = "what the app proves itself with; default certificate"},
	{"match", KEY(SE_KEY_MATCH), "PATTERN", .help = "login names it serves; may be repeated"},
	{"identity", KEY(SE_KEY_IDENTITY), "ADDRESS", .help = "user: whose sign-in is used"},
	{"services", KEY(SE_KEY_SERVICES), "LIST", .help = "what one sign-in asks for"},
	{"servers", KEY(SE_KEY_SERVERS), "LIST", .help = "who may be given the token"},
	{"allow", KEY(SE_KEY_ALLOW), "LIST", .help = "users and @groups that may use it"},
	{"cloud", KEY(SE_KEY_CLOUD), "CLOUD", .choices = "global gcc-high dod china",
		.help = "where the tenant is; default: looked up"},
	{"authority", KEY(SE_KEY_AUTHORITY), "URL", .help = "another sign-in service"},
	{"proxy", KEY(SE_KEY_PROXY), "URL", .help = "the way out"},
	{"ca-file", KEY(SE_KEY_CA_FILE), "PATH", .completes = SE_COMPLETES_FILE,
		.help = "certificate authorities"},
	{"certificate", KEY(SE_KEY_CERTIFICATE), "PATH", .completes = SE_COMPLETES_FILE,
		.help = "its file; default LABEL.pem beside the configuration"},
	{"private-key", KEY(SE_KEY_PRIVATE_KEY), "KEY", .completes = SE_COMPLETES_FILE,
		.help = "a file of its own, or pkcs11:..."},
	{"client-secret-file", KEY(SE_KEY_CLIENT_SECRET_FILE), "PATH",
		.completes = SE_COMPLETES_FILE,
		.help = "default LABEL.secret beside the configuration"},
	{"secret-stdin", OPT_SECRET_STDIN, .help = "the secret comes on standard input"},
	{"federated-token-file", KEY(SE_KEY_FEDERATED_TOKEN_FILE), "PATH",
		.completes = SE_COMPLETES_FILE, .help = "or env, or managed-identity"},
	{"managed-identity-id", KEY(SE_KEY_MANAGED_IDENTITY_ID), "ID",
		.help = "system, client_id:GUID, object_id:GUID, ..."},
	{"non-interactive", OPT_NON_INTERACTIVE, .help = "ask nothing"},
	{"yes", OPT_YES, .help = "write without asking"},
	{"dry-run", OPT_DRY_RUN, .help = "show what would be done"},
	{"no-doctor", OPT_NO_DOCTOR, .help = "do not look at everything afterwards"},
	{"detailed-exit-code", OPT_DETAILED_EXIT_CODE, .help = "10 where something was changed"},
	{"json", OPT_JSON, .help = "print a JSON object; no doctor"},
	SE_SETUP_POSTFIX_OPTIONS,
	{.name = NULL},
};

const struct se_verb se_verb_setup = {
	.name = "setup",
	.usage = "[--label LABEL] [--tenant TENANT] [--client-id GUID] [--match PATTERN]... "
		 "[--sign-in WHO] [--credential TYPE] [--non-interactive] [--yes] [--no-doctor] "
		 "[OPTION]... | --postfix[=CONFIG_DIR] [--login NAME] [--relays N] [--apply] "
		 "[NAME]; [--dry-run] [--detailed-exit-code] [--json]",
	.help = "Sets up an account, or with --postfix a Postfix: asks, shows, writes, and says "
		"what "
		"is to be done next.",
	.options = options,
	.takes_name = true,
	.run = begin,
};
