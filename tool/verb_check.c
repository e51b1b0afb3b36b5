/*
 * sasl-entra check: is the configuration right, and are its files what they must be?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/config.h"
#include "engine/state_dir.h"

#include "tool/certificate.h"
#include "tool/check_certificate.h"
#include "tool/check_files.h"
#include "tool/check_programs.h"
#include "tool/check_state_key.h"
#include "tool/exit_code.h"
#include "tool/findings.h"
#include "tool/output.h"
#include "tool/verb.h"

enum { OPT_JSON = 1 };

struct check {
	const struct se_identity *identity;
	struct se_config *config;                  /* NULL: not usable */
	struct se_certificate_facts *certificates; /* one an account; no subject: none */
	char *state_dir;                           /* NULL: tokens live in memory */
	se_state_key_id state_key;
	struct se_findings findings;
};

static void
check_configuration(struct check *check)
{
	struct se_problems *problems = calloc(1, sizeof(*problems));
	struct se_error error;
	enum se_code code;

	if (problems == NULL) {
		check->findings.failed = true;
		return;
	}
	code = se_config_load(check->identity->configuration, &check->config, problems, &error);
	for (size_t i = 0; i < problems->count; i++)
		se_findings_add(&check->findings, problems->list[i].warning, problems->list[i].line,
			"%s", problems->list[i].text);
	if (code != SE_OK && problems->errors == 0)
		se_findings_add(&check->findings, false, 0, "%s", error.text);
	free(problems);
}

/* What only the agent's environment has cannot be judged from here. */
static void
check_account(struct check *check, size_t i)
{
	const struct se_account *account = &check->config->accounts[i];

	if (account->unusable != NULL) {
		se_findings_add(&check->findings, true, account->line, "%s:%u: [account %s] %s",
			check->config->path, account->line, account->label, account->unusable);
		return;
	}
	se_check_account_files(check->config, account, &check->findings);
	if (check->certificates != NULL)
		se_check_certificate(
			check->config, account, &check->certificates[i], &check->findings);
}

static void
check_files(struct check *check)
{
	struct se_error error;

	if (check->config == NULL)
		return;
	if (se_identity_become_owner(check->identity, true, &error) != SE_OK) {
		se_findings_add(&check->findings, false, 0, "%s", error.text);
		return;
	}
	check->certificates =
		calloc(check->config->account_count + 1, sizeof(*check->certificates));
	check->findings.failed |= check->certificates == NULL;
	for (size_t i = 0; i < check->config->account_count; i++)
		check_account(check, i);
	/* as the one who will keep them */
	check->state_dir = se_state_dir(check->config, SE_ROLE_TOOL, check->identity->users_own);
	if (check->state_dir == NULL)
		return;
	se_check_state_directory(
		check->state_dir, geteuid() != 0 && check->identity->users_own, &check->findings);
	se_check_state_key(check->config, check->state_dir, check->state_key, &check->findings);
}

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
certificate_of(const struct check *check, size_t i)
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
add_text(const struct check *check, struct se_buffer *out)
{
	const size_t warnings = check->findings.count - check->findings.errors;

	se_findings_text(&check->findings, out);
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
add_json(const struct check *check, struct se_buffer *out)
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
run(struct check *check, bool json)
{
	struct se_buffer out;
	int exit_code;

	check_configuration(check);
	check_files(check);
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
	return exit_code;
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct check check;
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
	se_config_free(check.config);
	free(check.certificates);
	free(check.state_dir);
	se_findings_free(&check.findings);
	return exit_code;
}

static const struct se_option options[] = {
	{"json", OPT_JSON, .help = "print a JSON object"},
	{NULL},
};

const struct se_verb se_verb_check = {
	.name = "check",
	.usage = "[--json]",
	.help = "Judges the configuration and its files, without the network.",
	.options = options,
	.run = begin,
};
