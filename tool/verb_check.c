/*
 * sasl-entra check: is the configuration right, and are its files what they must be?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/certificate.h"
#include "tool/check.h"
#include "tool/check_programs.h"
#include "tool/exit_code.h"
#include "tool/next.h"
#include "tool/output.h"
#include "tool/screen.h"
#include "tool/verb.h"

enum { OPT_JSON = 1 };

static size_t
count(const char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

static const char *
sign_in(const struct se_account *account)
{
	return account->app_only ? "app" : "user";
}

static const struct se_certificate_facts *
certificate_of(const struct se_check *check, size_t i)
{
	if (check->certificates == NULL || check->certificates[i].sha256[0] == '\0')
		return NULL;
	return &check->certificates[i];
}

static void
add_certificate_text(const struct se_certificate_facts *facts, struct se_buffer *out)
{
	char day[40];

	if (facts == NULL)
		return;
	se_certificate_day(facts->not_after, day);
	se_buffer_addf(out, "  certificate: %s, thumbprint %s, x5t#S256 %s, good until %s\n",
		facts->subject, facts->sha1_hex, facts->sha256, day);
}

static void
add_certificate_json(const struct se_certificate_facts *facts, struct se_buffer *out)
{
	if (facts == NULL)
		return;
	se_buffer_add_text(out, ", \"certificate\": {");
	se_certificate_add_json(out, facts);
	se_buffer_add_text(out, "}");
}

static void
add_text(const struct se_check *check, struct se_buffer *out)
{
	const size_t warnings = check->findings.count - check->findings.errors;

	se_findings_text(&check->findings, se_screen_of_stdout().width, out);
	for (size_t i = 0; check->config != NULL && i < check->config->account_count; i++) {
		const struct se_account *account = &check->config->accounts[i];
		const size_t patterns = count(account->match);

		se_buffer_addf(out, "account %s: serves %zu login name pattern%s, sign_in = %s\n",
			account->label, patterns, patterns == 1 ? "" : "s", sign_in(account));
		add_certificate_text(certificate_of(check, i), out);
	}
	if (check->state_dir != NULL && check->state_key[0] != '\0')
		se_buffer_addf(out, "tokens: kept in %s, sealed with key %s\n", check->state_dir,
			check->state_key);
	else if (check->state_dir != NULL)
		se_buffer_addf(out, "tokens: kept in %s\n", check->state_dir);
	else if (check->config != NULL)
		se_buffer_add_text(out,
			"tokens: in memory only, each process fetches its own without an agent\n");
	se_buffer_addf(out, "%s: %zu error%s, %zu warning%s\n", check->identity->configuration,
		check->findings.errors, check->findings.errors == 1 ? "" : "s", warnings,
		warnings == 1 ? "" : "s");
}

static void
add_json(const struct se_check *check, struct se_buffer *out)
{
	se_buffer_add_text(out, "{\"configuration\": ");
	se_output_json(out, check->identity->configuration);
	se_buffer_addf(out, ", \"errors\": %zu, \"findings\": ", check->findings.errors);
	se_findings_json(&check->findings, out);
	se_buffer_add_text(out, ", \"accounts\": [");
	for (size_t i = 0; check->config != NULL && i < check->config->account_count; i++) {
		const struct se_account *account = &check->config->accounts[i];

		se_buffer_add_text(out, i > 0 ? ", {\"label\": " : "{\"label\": ");
		se_output_json(out, account->label);
		se_buffer_addf(out, ", \"patterns\": %zu, \"sign_in\": \"%s\"",
			count(account->match), sign_in(account));
		add_certificate_json(certificate_of(check, i), out);
		se_buffer_add_text(out, "}");
	}
	se_buffer_add_text(out, "], \"state_dir\": ");
	se_output_json(out, check->state_dir);
	se_buffer_add_text(out, ", \"state_key\": ");
	se_output_json(out, check->state_key[0] != '\0' ? check->state_key : NULL);
	se_buffer_add_text(out, "}\n");
}

static int
run(struct se_check *check, bool json)
{
	struct se_buffer out;
	int exit_code;

	se_check_configuration(check);
	if (se_check_as_owner(check)) {
		for (size_t i = 0; i < check->config->account_count; i++)
			se_check_account(check, i);
		se_check_state(check);
	}
	se_check_programs(&check->findings);
	se_buffer_init(&out, SE_OUTPUT_MAX);
	if (json)
		add_json(check, &out);
	else
		add_text(check, &out);
	out.failed |= check->findings.failed;
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	if (exit_code == SE_EXIT_OK && check->findings.errors > 0)
		exit_code = SE_EXIT_FAILED;
	else if (exit_code == SE_EXIT_OK && !json)
		se_next(check->identity, "doctor", NULL, "to ask the tenant and the server, too");
	return exit_code;
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct se_check check;
	bool json = false;
	int option, exit_code;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END) {
		if (option != OPT_JSON)
			return se_verb_end(command, option);
		json = true;
	}
	if (optind < argc)
		return se_verb_usage(command, "takes no NAME; it judges the whole configuration");
	memset(&check, 0, sizeof(check));
	check.identity = &command->identity;
	exit_code = run(&check, json);
	se_check_free(&check);
	return exit_code;
}

static const struct se_option options[] = {
	{"json", OPT_JSON, .help = "print a JSON object"},
	{.name = NULL},
};

const struct se_verb se_verb_check = {
	.name = "check",
	.usage = "[--json]",
	.help = "Judges the configuration and its files, without the network.",
	.options = options,
	.run = begin,
};
