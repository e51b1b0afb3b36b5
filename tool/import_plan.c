#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool/import_file.h"
#include "tool/import_plan.h"

#define CONF "/etc/sasl-xoauth2.conf"

void
se_import_problem(struct se_import_plan *plan, const struct se_error *error)
{
	se_findings_add(&plan->findings, false, 0, "%s", error->text);
}

static void
say_settings_not_taken(struct se_import_plan *plan)
{
	static const struct {
		const char *name, *why;
	} not_taken[] = {
		{"always_log_to_syslog", "every fetch is one line of the log here"},
		{"log_to_syslog_on_failure", "every failure is in the log here"},
		{"log_full_trace_on_failure", "no log has a token here"},
		{"refresh_window", "tokens are renewed ahead of need; see min_lifetime"},
		{"ca_certs_dir", "one file with all certificates is wanted; see ca_file"},
		{NULL, NULL},
	};

	for (size_t i = 0; not_taken[i].name != NULL; i++)
		if (se_json_has(plan->settings, not_taken[i].name))
			se_findings_add(&plan->findings, true, 0, "%s: %s is not taken: %s",
				plan->conf, not_taken[i].name, not_taken[i].why);
}

static void
read_settings(struct se_import_plan *plan)
{
	struct se_error error;
	struct stat found;
	enum se_code code = se_import_json(plan->conf, NULL, &plan->settings, &found, &error);

	if (code == SE_ABSENT && plan->options->conf == NULL)
		return;
	if (code != SE_OK) {
		se_import_problem(plan, &error);
		return;
	}
	if ((found.st_mode & 07) != 0 &&
		!se_import_is_placeholder(se_json_string(plan->settings, "client_secret")))
		se_findings_add(&plan->findings, true, 0,
			"%s: every user may read the client secret in it (mode %04o); make a new "
			"secret at the registration when all works",
			plan->conf, (unsigned)found.st_mode & 07777);
	say_settings_not_taken(plan);
}

static void
read_configuration(struct se_import_plan *plan)
{
	const char *path = plan->identity->configuration;
	struct se_error error;
	enum se_code code = se_import_bytes(path, &plan->text, NULL, &error);

	if (code == SE_ABSENT)
		return;
	if (code == SE_OK)
		code = se_config_load(path, &plan->config, NULL, &error);
	if (code != SE_OK)
		se_import_problem(plan, &error);
}

static void
plan_configuration(struct se_import_plan *plan)
{
	struct se_error error;

	se_import_assign(&plan->accounts, plan->config, &plan->findings);
	if (!se_buffer_add(&plan->after, se_buffer_text(&plan->text), plan->text.len) ||
		!se_import_write_sections(
			&plan->accounts, plan->identity->configuration, &plan->after)) {
		plan->findings.failed = true;
		return;
	}
	if (se_config_parse(se_buffer_text(&plan->after), plan->after.len,
		    plan->identity->configuration, &plan->planned, NULL, &error) != SE_OK)
		se_import_problem(plan, &error);
}

/* A file of that name is somebody else's. */
static void
check_secrets(struct se_import_plan *plan)
{
	struct stat found;

	for (size_t i = 0; i < plan->accounts.count; i++) {
		char *file = se_import_secret_file(
			&plan->accounts.list[i], plan->identity->configuration);

		if (file != NULL && lstat(file, &found) == 0)
			se_findings_add(&plan->findings, false, 0,
				"%s is there already, and the client secret of %s would be kept "
				"there; move it away",
				file, plan->accounts.list[i].login);
		free(file);
	}
}

struct se_import_plan *
se_import_plan(const struct se_identity *identity, const struct se_import_options *options)
{
	struct se_import_plan *plan = calloc(1, sizeof(*plan));

	if (plan == NULL)
		return NULL;
	plan->identity = identity;
	plan->options = options;
	plan->conf = options->conf != NULL ? options->conf : CONF;
	se_buffer_init(&plan->text, SE_CONFIG_SIZE_MAX);
	se_buffer_init(&plan->after, SE_CONFIG_SIZE_MAX);
	read_settings(plan);
	if (options->postfix || options->files[0] == NULL)
		se_import_read_postfix(plan);
	for (char **file = options->files; *file != NULL; file++)
		se_import_read_path(plan, *file);
	read_configuration(plan);
	if (plan->findings.errors == 0 && !plan->findings.failed && plan->accounts.count > 0) {
		plan_configuration(plan);
		check_secrets(plan);
	}
	if (plan->accounts.count > 0)
		se_import_find_plugins(plan);
	return plan;
}

bool
se_import_plan_changes(const struct se_import_plan *plan)
{
	return plan->accounts.count > 0;
}

void
se_import_plan_free(struct se_import_plan *plan)
{
	if (plan == NULL)
		return;
	for (size_t i = 0; i < plan->accounts.count; i++)
		se_import_account_free(&plan->accounts.list[i]);
	for (size_t i = 0; i < plan->map_count; i++) {
		se_buffer_free(&plan->maps[i].text);
		se_buffer_free(&plan->maps[i].after);
	}
	for (size_t i = 0; i < plan->plugin_count; i++)
		free(plan->plugins[i]);
	se_import_postfix_free(&plan->postfix);
	se_json_free(plan->settings);
	se_config_free(plan->config);
	se_config_free(plan->planned);
	se_buffer_free(&plan->text);
	se_buffer_free(&plan->after);
	se_findings_free(&plan->findings);
	free(plan);
}

char *
se_import_journal_path(const struct se_identity *identity)
{
	const char *slash = strrchr(identity->configuration, '/');
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%.*s/sasl-xoauth2-import",
		(int)(slash - identity->configuration), identity->configuration);
	return strdup(path);
}
