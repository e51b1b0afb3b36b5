/*
 * sasl-entra config: the configuration that is in effect, and where it comes from.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/account.h"
#include "engine/names.h"
#include "engine/state_dir.h"

#include "tool/exit_code.h"
#include "tool/identity.h"
#include "tool/output.h"
#include "tool/settings_show.h"
#include "tool/verb.h"

enum { OPT_JSON = 1, OPT_NAMES };

struct wish {
	bool json, names;
	const char *name; /* NULL: all */
};

/* Login names as they are, and labels: what NAME may be. */
static void
add_names(const struct se_config *config, struct se_buffer *out)
{
	for (size_t i = 0; i < config->account_count; i++) {
		const struct se_account *account = &config->accounts[i];

		se_buffer_addf(out, "%s\n", account->label);
		for (const char *const *pattern = account->match; *pattern != NULL; pattern++)
			if ((*pattern)[0] != '*' && !se_name_equal(*pattern, account->label))
				se_buffer_addf(out, "%s\n", *pattern);
	}
}

static bool
has(const struct se_account *account, const char *star, const char *rest, const char **found)
{
	const size_t len = strlen(star);

	for (const char *const *pattern = account->match; *pattern != NULL; pattern++)
		if (strncmp(*pattern, star, len) == 0 && se_name_equal(*pattern + len, rest)) {
			*found = *pattern;
			return true;
		}
	return false;
}

/* The pattern by which the account was found; NULL: its label. */
static const char *
pattern_of(const struct se_account *account, const char *name)
{
	const char *domain = strrchr(name, '@'), *found = NULL;

	if (se_name_equal(account->label, name) || has(account, "", name, &found) ||
		(domain != NULL && has(account, "*", domain, &found)))
		return found;
	(void)has(account, "*", "", &found);
	return found;
}

/* Where mail programs look for an agent before they read this configuration. */
static const char *
socket_of(const struct se_identity *identity, char own[PATH_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int n;

	if (identity->system)
		return SE_SOCKET_PATH;
	if (!se_identity_is_usual(identity) || runtime == NULL || runtime[0] != '/')
		return NULL;
	n = snprintf(own, PATH_MAX, "%s/sasl-entra/agent.sock", runtime);
	return n > 0 && n < PATH_MAX ? own : NULL;
}

static void
add(const struct se_identity *identity, const struct se_config *config,
	const struct se_account *account, const struct wish *wish, struct se_buffer *out)
{
	char *state_dir = se_state_dir(config, SE_ROLE_TOOL, identity->users_own), own[PATH_MAX];
	struct se_settings_view view = {
		.config = config,
		.account = account,
		.name = wish->name,
		.pattern = account != NULL ? pattern_of(account, wish->name) : NULL,
		.socket = socket_of(identity, own),
		.state_dir = state_dir,
	};
	struct stat found;

	view.agent = view.socket != NULL && stat(view.socket, &found) == 0;
	if (wish->names)
		add_names(config, out);
	else if (wish->json)
		se_settings_show_json(&view, out);
	else
		se_settings_show(&view, out);
	free(state_dir);
}

static int
run(const struct se_identity *identity, const struct wish *wish)
{
	const struct se_account *account = NULL;
	struct se_config *config = NULL;
	struct se_buffer out;
	struct se_error error;
	int exit_code;

	if (se_config_load(identity->configuration, &config, NULL, &error) != SE_OK)
		return se_exit_error(&error);
	if (wish->name != NULL) {
		account = se_account_named(config, wish->name, &error);
		if (account == NULL) {
			se_config_free(config);
			return se_exit_error(&error);
		}
	}
	se_buffer_init(&out, SE_OUTPUT_MAX);
	add(identity, config, account, wish, &out);
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	se_config_free(config);
	return exit_code;
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct wish wish = {0};
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END)
		if (option == OPT_JSON)
			wish.json = true;
		else if (option == OPT_NAMES)
			wish.names = true;
		else
			return se_verb_end(command, option);
	if (wish.names && (wish.json || optind < argc))
		return se_verb_usage(command, "--names goes with no NAME and not with --json");
	if (optind + 1 < argc)
		return se_verb_usage(command, "give one NAME only");
	if (optind < argc)
		wish.name = argv[optind];
	return run(&command->identity, &wish);
}

static const struct se_option options[] = {
	{"json", OPT_JSON, .help = "print a JSON object"},
	{"names", OPT_NAMES, .help = "only what NAME may be, a line each"},
	{.name = NULL},
};

const struct se_verb se_verb_config = {
	.name = "config",
	.usage = "[NAME] [--json] [--names]",
	.help = "Shows the configuration that is in effect, and where each value comes from.",
	.options = options,
	.takes_name = true,
	.run = begin,
};
