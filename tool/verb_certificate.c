/*
 * sasl-entra certificate: from one certificate to the next without a gap.
 */
#include <stdlib.h>
#include <string.h>

#include "tool/certificate.h"
#include "tool/exit_code.h"
#include "tool/verb.h"

enum { OPT_JSON = 1, OPT_DAYS };

struct wish {
	bool json;
	unsigned days; /* 0: not said */
};

static bool
parse_days(const char *text, unsigned *days)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end != '\0' || value < 1 || value > SE_CERTIFICATE_DAYS_MAX)
		return false;
	*days = (unsigned)value;
	return true;
}

static int
act(struct se_command *command, const char *action, const char *name, const struct wish *wish)
{
	struct se_certificate_place place;
	struct se_error error = {0};
	int exit_code;

	if (se_certificate_place_find(command, name, &place, &error) != SE_OK)
		exit_code = se_exit_error(&error);
	else if (strcmp(action, "new") == 0)
		exit_code = se_certificate_new(
			&place, wish->days != 0 ? wish->days : SE_CERTIFICATE_DAYS, wish->json);
	else if (strcmp(action, "try") == 0)
		exit_code = se_certificate_try(&place, name, wish->json);
	else if (strcmp(action, "activate") == 0)
		exit_code = se_certificate_activate(&place, wish->json);
	else
		exit_code = se_certificate_rollback(&place, wish->json);
	se_certificate_place_free(&place);
	return exit_code;
}

static bool
is_action(const char *word)
{
	static const char *const actions[] = {"new", "try", "activate", "rollback"};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(actions[i], word) == 0)
			return true;
	return false;
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct wish wish = {.json = false};
	const char *action, *name;
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END)
		if (option == OPT_JSON)
			wish.json = true;
		else if (option != OPT_DAYS)
			return se_verb_end(command, option);
		else if (!parse_days(optarg, &wish.days))
			return se_verb_usage(command, "--days must be a number from 1 to 3650");
	if (optind == argc || !is_action(argv[optind]))
		return se_verb_usage(command, "say what is done: new, try, activate or rollback");
	action = argv[optind++];
	if (wish.days != 0 && strcmp(action, "new") != 0)
		return se_verb_usage(command, "--days belongs to new");
	name = se_verb_name(command, argc, argv);
	return name != NULL ? act(command, action, name, &wish) : SE_EXIT_USAGE;
}

static const struct se_option options[] = {
	{"days", OPT_DAYS, "N", .help = "new: how long it is good, at most 3650; default 730"},
	{"json", OPT_JSON, .help = "print a JSON object"},
	{.name = NULL},
};

const struct se_verb se_verb_certificate = {
	.name = "certificate",
	.usage = "new|try|activate|rollback NAME [--days N] [--json]",
	.help = "Makes a new certificate for NAME, tries it, puts it in the old one's place, or "
		"puts the old one back.",
	.options = options,
	.actions = "new try activate rollback",
	.takes_name = true,
	.run = begin,
};
