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

/* One login name at several relays: all of them are to have its token. */
static bool
add_host(struct se_import_account *account, const char *host)
{
	size_t size;
	char *both;

	if (host == NULL || account->host == NULL || strcasestr(account->host, host) != NULL)
		return true;
	size = strlen(account->host) + strlen(host) + 3;
	both = malloc(size);
	if (both == NULL)
		return false;
	(void)snprintf(both, size, "%s, %s", account->host, host);
	free(account->host);
	account->host = both;
	return true;
}

static bool
is_known(struct se_import_plan *plan, const char *login, const char *host, const char *file)
{
	for (size_t i = 0; i < plan->accounts.count; i++) {
		struct se_import_account *account = &plan->accounts.list[i];

		if (strcasecmp(account->login, login) != 0)
			continue;
		if (strcmp(account->file, file) != 0)
			se_findings_add(&plan->findings, false, 0,
				"%s: there are two token files for it, %s and %s; let all entries "
				"name the one that is in use",
				login, account->file, file);
		if (!add_host(account, host))
			plan->findings.failed = true;
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
	} else if (!is_known(plan, login, host, file)) {
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
	if ((size_t)snprintf(inside, sizeof(inside), "%s%s", plan->postfix.config.queue, outside) >=
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
	const char *relayhost = se_postfix_get(&plan->postfix.config, "relayhost");
	char *host = se_map_host(entry->key, entry->key_len);

	if (host == NULL && relayhost[0] != '\0')
		host = se_map_host(relayhost, strlen(relayhost));
	return host;
}

/* What is written back is the same text but for the paths: it must be text to its end. */
static enum se_code
read_map(const char *path, struct se_buffer *text, struct se_error *error)
{
	const enum se_code code = se_import_bytes(path, text, NULL, error);

	if (code == SE_OK && strlen(se_buffer_text(text)) != text->len)
		return se_error_set(error, SE_CONFIG,
			"%s has a NUL byte in it: it is damaged, or no map's text; put it right "
			"first",
			path);
	return code;
}

static void
take_map(struct se_import_plan *plan, const struct se_postfix_map *from)
{
	struct se_import_map *map = &plan->maps[plan->map_count];
	struct se_map_entry entry = {.key = NULL};
	struct se_error error;
	const char *at;

	se_buffer_init(&map->text, 8 << 20);
	se_buffer_init(&map->after, 8 << 20);
	if (read_map(from->file, &map->text, &error) != SE_OK) {
		se_import_problem(plan, &error);
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
	map->map = from;
	plan->map_count++;
}

void
se_import_read_postfix(struct se_import_plan *plan)
{
	struct se_error error;
	enum se_code code =
		se_import_postfix_read(plan->options->postfix_dir, &plan->postfix, &error);

	if (code == SE_ABSENT && !plan->options->postfix)
		return;
	if (code != SE_OK) {
		se_import_problem(plan, &error);
		return;
	}
	plan->has_postfix = true;
	for (size_t i = 0; i < plan->postfix.map_count; i++) {
		const struct se_postfix_map *map = &plan->postfix.maps[i];

		if (se_import_map_has_text(map))
			take_map(plan, map);
		else
			se_findings_add(&plan->findings, true, 0,
				"the map %s has no text file that could be looked at; entries in "
				"it that name a token file must be changed by hand",
				map->name);
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

void
se_import_read_path(struct se_import_plan *plan, const char *path)
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
