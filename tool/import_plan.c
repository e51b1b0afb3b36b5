#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "tool/import_file.h"
#include "tool/import_map.h"
#include "tool/import_plan.h"

#define CONF "/etc/sasl-xoauth2.conf"

static void
problem(struct se_import_plan *plan, const struct se_error *error)
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
		problem(plan, &error);
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

/* --- whose tokens ------------------------------------------------------------------------------ */

static bool
is_known(struct se_import_plan *plan, const char *login, const char *file)
{
	for (size_t i = 0; i < plan->accounts.count; i++) {
		const struct se_import_account *account = &plan->accounts.list[i];

		if (strcasecmp(account->login, login) != 0)
			continue;
		if (strcmp(account->file, file) != 0)
			se_findings_add(&plan->findings, false, 0,
				"%s: there are two token files for it, %s and %s; let all entries "
				"name the one that is in use",
				login, account->file, file);
		return true;
	}
	return false;
}

/* Takes login, host and file over. */
static void
add_account(struct se_import_plan *plan, char *login, char *host, char *file)
{
	struct se_import_account *account = &plan->accounts.list[plan->accounts.count];

	if (login == NULL || file == NULL) {
		plan->findings.failed = true;
	} else if (plan->accounts.count == SE_IMPORT_ACCOUNTS_MAX) {
		se_findings_add(&plan->findings, false, 0, "more than %d login names",
			SE_IMPORT_ACCOUNTS_MAX);
	} else if (!is_known(plan, login, file)) {
		account->login = login;
		account->host = host;
		account->file = file;
		plan->accounts.count++;
		(void)se_import_account_read(account, plan->settings, plan->conf, &plan->findings);
		return;
	}
	free(login);
	free(host);
	free(file);
}

/* Where smtp(8) is chrooted the path is one in the queue directory. Of two that are there the one
 * that was written last is in use. */
static char *
find_file(const struct se_import_plan *plan, const char *path, size_t len)
{
	char outside[PATH_MAX], inside[PATH_MAX];
	struct stat a, b;
	bool has_a, has_b;

	(void)snprintf(outside, sizeof(outside), "%.*s", (int)len, path);
	if ((size_t)snprintf(inside, sizeof(inside), "%s%s", plan->postfix.queue, outside) >=
		sizeof(inside))
		return strdup(outside);
	has_a = stat(outside, &a) == 0;
	has_b = stat(inside, &b) == 0;
	if (has_b && (!has_a || b.st_mtime > a.st_mtime))
		return strdup(inside);
	return strdup(outside);
}

static char *
relay_host(const struct se_import_plan *plan, const struct se_map_entry *entry)
{
	char *host = se_map_host(entry->key, entry->key_len);

	if (host == NULL && plan->postfix.relayhost[0] != '\0')
		host = se_map_host(plan->postfix.relayhost, strlen(plan->postfix.relayhost));
	return host;
}

static void
take_map(struct se_import_plan *plan, const char *name, const char *path)
{
	struct se_import_map *map = &plan->maps[plan->map_count];
	struct se_map_entry entry = {.key = NULL};
	struct se_error error;
	const char *at;

	se_buffer_init(&map->text, 8 << 20);
	se_buffer_init(&map->after, 8 << 20);
	if (se_import_bytes(path, &map->text, NULL, &error) != SE_OK) {
		problem(plan, &error);
		se_buffer_free(&map->text);
		return;
	}
	at = se_buffer_text(&map->text);
	while (se_map_next(&at, &entry))
		add_account(plan, strndup(entry.login, entry.login_len), relay_host(plan, &entry),
			find_file(plan, entry.path, entry.path_len));
	if (!se_map_rewrite(se_buffer_text(&map->text), &map->after))
		plan->findings.failed = true;
	if (map->text.len == map->after.len &&
		strcmp(se_buffer_text(&map->text), se_buffer_text(&map->after)) == 0) {
		se_buffer_free(&map->text);
		se_buffer_free(&map->after);
		return;
	}
	map->map = name;
	map->path = path;
	plan->map_count++;
}

static void
read_postfix(struct se_import_plan *plan)
{
	struct se_error error;
	enum se_code code =
		se_import_postfix_read(plan->options->postfix_dir, &plan->postfix, &error);

	if (code == SE_ABSENT && !plan->options->postfix)
		return;
	if (code != SE_OK) {
		problem(plan, &error);
		return;
	}
	plan->has_postfix = true;
	for (size_t i = 0; plan->postfix.maps[i] != NULL; i++) {
		const char *path = se_import_map_text(plan->postfix.maps[i]);

		if (path != NULL)
			take_map(plan, plan->postfix.maps[i], path);
		else
			se_findings_add(&plan->findings, true, 0,
				"the map %s has no text file that could be looked at; entries in "
				"it that name a token file must be changed by hand",
				plan->postfix.maps[i]);
	}
}

/* A token file's name is the login name, as everybody does it who follows its documentation. */
static void
take_file(struct se_import_plan *plan, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash != NULL ? slash + 1 : file;
	char *path;

	if (strchr(name, '@') == NULL) {
		se_findings_add(&plan->findings, false, 0,
			"%s: whose it is does not follow from its name; copy it to a file that has "
			"the login name as its name",
			file);
		return;
	}
	path = realpath(file, NULL);
	add_account(plan, strdup(name), NULL, path != NULL ? path : strdup(file));
}

static void
take_path(struct se_import_plan *plan, const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *found;
	char file[PATH_MAX];

	if (directory == NULL) {
		take_file(plan, path);
		return;
	}
	while ((found = readdir(directory)) != NULL)
		if (strchr(found->d_name, '@') != NULL &&
			(size_t)snprintf(file, sizeof(file), "%s/%s", path, found->d_name) <
				sizeof(file))
			take_file(plan, file);
	(void)closedir(directory);
}

/* --- what is made of it ------------------------------------------------------------------------ */

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
		problem(plan, &error);
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
		problem(plan, &error);
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
		read_postfix(plan);
	for (char **file = options->files; *file != NULL; file++)
		take_path(plan, *file);
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
