/*
 * sasl-entra logout: forgets a sign-in, or the tokens of an app.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/provider.h"

#include "tool/exit_code.h"
#include "tool/output.h"
#include "tool/place.h"
#include "tool/verb.h"

enum { OPT_YES = 1, OPT_JSON, LINE_MAX_BYTES = 64 };

struct wish {
	bool yes;
	bool json;
};

/* --- asking ----------------------------------------------------------------------------------- */

static bool
says_yes(void)
{
	char line[LINE_MAX_BYTES];

	return fgets(line, sizeof(line), stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

static bool
confirms(const struct se_place *place)
{
	struct se_buffer accounts;
	bool sure;

	se_buffer_init(&accounts, SE_OUTPUT_MAX);
	se_place_accounts(place, SE_ACCOUNTS_TEXT, &accounts);
	if (place->account->app_only)
		fprintf(stderr, "Forget the token of app %s", place->key.client_id);
	else
		fprintf(stderr, "Forget the sign-in of %s", place->key.holder);
	fprintf(stderr, ", used by: %s? [y/N] ", se_buffer_text(&accounts));
	sure = says_yes();
	se_buffer_free(&accounts);
	return sure;
}

/* --- doing ------------------------------------------------------------------------------------ */

/* *changed: there was something to forget. */
static enum se_code
forget(struct se_place *place, bool *changed, struct se_error *error)
{
	int lock = -1;
	enum se_code code = se_place_lock(place, SE_PLACE_WAIT_MS, &lock, error);

	if (code != SE_OK)
		return code;
	code = se_store_remove(place->store, &place->key, error);
	se_store_unlock(lock);
	*changed = code == SE_OK;
	return code == SE_ABSENT ? SE_OK : code;
}

static void
say_what_remains(const struct se_place *place)
{
	const struct se_provider *provider = place->account->provider;

	if (place->account->app_only)
		fprintf(stderr, "The next one that asks gets a new token: the app's credential is "
				"still there.\n");
	else if (!provider->microsoft)
		fprintf(stderr, "The provider does not know: what was granted stays valid there "
				"until it is revoked.\n");
	else
		fprintf(stderr,
			"Microsoft does not know: a copy of the sign-in would stay valid. To end "
			"it "
			"there,\nthe person uses \"Sign out everywhere\" at "
			"https://mysignins.microsoft.com, or an\nadministrator \"Revoke sessions\" "
			"in the Entra admin center.\n");
}

static int
print(const struct se_place *place, bool changed, bool json)
{
	struct se_buffer out;
	int exit_code;

	if (json) {
		se_buffer_init(&out, SE_OUTPUT_MAX);
		se_buffer_addf(
			&out, "{\"changed\": %s, \"accounts\": ", changed ? "true" : "false");
		se_place_accounts(place, SE_ACCOUNTS_JSON, &out);
		se_buffer_add_text(&out, "}\n");
		exit_code = se_output_write(&out);
		se_buffer_free(&out);
		return exit_code;
	}
	if (!changed) {
		fprintf(stderr, "%s: nothing was kept.\n", place->key.holder);
		return SE_EXIT_OK;
	}
	fprintf(stderr, "%s: %s is forgotten.\n",
		place->account->app_only ? place->account->label : place->key.holder,
		place->account->app_only ? "the token" : "the sign-in");
	say_what_remains(place);
	return SE_EXIT_OK;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int
logout(const struct se_command *command, const char *name, const struct wish *wish)
{
	struct se_place place;
	struct se_error error;
	bool changed = false;
	enum se_code code;
	int exit_code;

	memset(&place, 0, sizeof(place));
	code = se_identity_become_owner(&command->identity, false, &error);
	if (code == SE_OK)
		code = se_place_find(&command->identity, name, &place, &error);
	if (code == SE_OK)
		code = se_place_open(&place, &error);
	if (code == SE_OK && !wish->yes && !confirms(&place))
		code = se_error_set(&error, SE_CONFIG, "nothing was changed");
	if (code == SE_OK)
		code = forget(&place, &changed, &error);
	se_identity_return();
	/* Also when the file was gone: the agent may not have looked since. */
	if (code == SE_OK)
		se_place_tell_agent(&place);
	exit_code = code == SE_OK ? print(&place, changed, wish->json) : se_exit_error(&error);
	se_place_free(&place);
	return exit_code;
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct wish wish = {false, false};
	const char *name;
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END) {
		if (option != OPT_YES && option != OPT_JSON)
			return se_verb_end(command, option);
		if (option == OPT_YES)
			wish.yes = true;
		else
			wish.json = true;
	}
	name = se_verb_name(command, argc, argv);
	if (name == NULL)
		return SE_EXIT_USAGE;
	if (!wish.yes && !isatty(STDIN_FILENO))
		return se_verb_usage(command, "nobody can be asked here; say --yes");
	return logout(command, name, &wish);
}

static const struct se_option options[] = {
	{"yes", OPT_YES, .help = "do not ask"},
	{"json", OPT_JSON, .help = "print a JSON object"},
	{.name = NULL},
};

const struct se_verb se_verb_logout = {
	.name = "logout",
	.usage = "NAME [--yes] [--json]",
	.help = "Forgets a person's sign-in, or the token of an app.",
	.options = options,
	.takes_name = true,
	.run = begin,
};
