/*
 * sasl-entra import sasl-xoauth2: from that plugin to ours, and back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/difference.h"
#include "tool/directory_lock.h"
#include "tool/exit_code.h"
#include "tool/import_apply.h"
#include "tool/import_map.h"
#include "tool/output.h"
#include "tool/run.h"
#include "tool/screen.h"

static void
show_account(const struct se_import_account *account, struct se_buffer *out)
{
	se_buffer_addf(out, "%s: %s, for account %s%s\n", account->login,
		account->app ? "no token of a person, but the app's credential"
			     : "the refresh token",
		account->label, account->existing ? ", which is there" : "");
	se_buffer_addf(out, "    from %s\n", account->file);
}

/* Only the lines that change: the others have passwords in them. */
static void
show_map(const struct se_import_map *map, struct se_buffer *out)
{
	struct se_map_entry entry = {.key = NULL};
	const char *at = se_buffer_text(&map->text);

	se_buffer_addf(out, "\n%s (%s):\n", map->map->file, map->map->name);
	while (se_map_next(&at, &entry)) {
		const int key = (int)entry.key_len, login = (int)entry.login_len;

		se_buffer_addf(out, "-%.*s %.*s:%.*s\n", key, entry.key, login, entry.login,
			(int)entry.path_len, entry.path);
		se_buffer_addf(out, "+%.*s %.*s:oauth\n", key, entry.key, login, entry.login);
	}
}

static void
show_files(const struct se_import_plan *plan, struct se_buffer *out)
{
	struct se_error error;

	for (size_t i = 0; i < plan->accounts.count; i++) {
		char *file = se_import_secret_file(
			&plan->accounts.list[i], plan->identity->configuration);

		if (file != NULL)
			se_buffer_addf(out, "\n%s: new, with the client secret of %s\n", file,
				plan->accounts.list[i].login);
		free(file);
	}
	if (plan->after.len > plan->text.len) {
		se_buffer_add_text(out, "\n");
		if (se_difference(plan->identity->configuration, se_buffer_text(&plan->after),
			    plan->after.len, out, &error) != SE_OK)
			fprintf(stderr, "sasl-entra: warning: %s\n", error.text);
	}
	for (size_t i = 0; i < plan->map_count; i++)
		show_map(&plan->maps[i], out);
	for (size_t i = 0; i < plan->plugin_count; i++)
		se_buffer_addf(out, "%s%s: moved away\n", i == 0 ? "\n" : "", plan->plugins[i]);
}

static void
show(const struct se_import_plan *plan, struct se_buffer *out)
{
	if (se_import_plan_changes(plan) && plan->findings.errors == 0) {
		for (size_t i = 0; i < plan->accounts.count; i++)
			show_account(&plan->accounts.list[i], out);
		show_files(plan, out);
		se_buffer_add_text(out, "\n");
	}
	se_findings_text(&plan->findings, se_screen_of_stdout().width, out);
}

static void
list_json(const struct se_import_plan *plan, struct se_buffer *out)
{
	for (size_t i = 0; i < plan->accounts.count; i++) {
		const struct se_import_account *account = &plan->accounts.list[i];

		se_buffer_add_text(out, i > 0 ? ", {\"login\": " : "{\"login\": ");
		se_output_json(out, account->login);
		se_buffer_add_text(out, ", \"account\": ");
		se_output_json(out, account->label);
		se_buffer_add_text(out, ", \"file\": ");
		se_output_json(out, account->file);
		se_buffer_addf(out, ", \"existing\": %s}", account->existing ? "true" : "false");
	}
}

static void
as_json(const struct se_import_plan *plan, bool changed, struct se_buffer *out)
{
	se_buffer_addf(out, "{\"changed\": %s, \"accounts\": [", changed ? "true" : "false");
	list_json(plan, out);
	se_buffer_add_text(out, "], \"maps\": [");
	for (size_t i = 0; i < plan->map_count; i++) {
		se_buffer_add_text(out, i > 0 ? ", " : "");
		se_output_json(out, plan->maps[i].map->file);
	}
	se_buffer_add_text(out, "], \"plugins\": [");
	for (size_t i = 0; i < plan->plugin_count; i++) {
		se_buffer_add_text(out, i > 0 ? ", " : "");
		se_output_json(out, plan->plugins[i]);
	}
	se_buffer_add_text(out, "], \"findings\": ");
	se_findings_json(&plan->findings, out);
	se_buffer_add_text(out, "}\n");
}

static int
output(const struct se_import_plan *plan, bool changed)
{
	struct se_buffer out;
	int exit_code;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	if (plan->options->json)
		as_json(plan, changed, &out);
	else
		show(plan, &out);
	exit_code = plan->findings.failed ? SE_EXIT_FAILED : se_output_write(&out);
	se_buffer_free(&out);
	return exit_code;
}

/* The package that a file came with; false where it came with none. */
static bool
find_package(const char *path, char name[128])
{
	const char *const deb[] = {"dpkg-query", "-S", path, NULL};
	const char *const rpm[] = {"rpm", "-qf", "--qf", "%{NAME}:", path, NULL};
	const char *const *const ways[] = {deb, rpm};
	bool found = false;

	for (size_t i = 0; !found && i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct se_buffer out;
		const struct se_run ask = {.argv = ways[i], .output = &out};
		int status = 0;

		se_buffer_init(&out, SE_OUTPUT_MAX);
		found = se_run(&ask, &status, NULL) == SE_OK && status == 0;
		(void)snprintf(name, 128, "%.*s", (int)strcspn(se_buffer_text(&out), ":, \n"),
			se_buffer_text(&out));
		se_buffer_free(&out);
	}
	return found && name[0] != '\0';
}

static void
say_packages(const struct se_import_plan *plan)
{
	char name[128];

	for (size_t i = 0; i < plan->plugin_count; i++) {
		if (!find_package(plan->plugins[i], name))
			continue;
		fprintf(stderr,
			"%s came with the package %s, and an update of it would put it back: once "
			"all works, remove the package (apt remove %s)\n",
			plan->plugins[i], name, name);
		return;
	}
}

/* Everything is in place; whether it works is another question. */
static int
finish(const struct se_import_plan *plan)
{
	size_t failed = se_import_try(plan);

	if (failed > 0) {
		fprintf(stderr,
			"Imported, but %zu of %zu login names have no token. What is wrong is "
			"above; to go back: " SE_IMPORT_UNDO "\n",
			failed, plan->accounts.count);
		return SE_EXIT_FAILED;
	}
	say_packages(plan);
	fprintf(stderr, "Imported. The token files are as they were. "
			"To go back: " SE_IMPORT_UNDO "\n");
	return SE_EXIT_OK;
}

static int
apply(const struct se_import_plan *plan)
{
	struct se_error error;
	int exit_code = SE_EXIT_OK;

	if (se_import_apply(plan, &error) != SE_OK)
		return se_exit_error(&error);
	/* A person has seen the plan; a program is told what became of it. */
	if (plan->options->json)
		exit_code = output(plan, true);
	return exit_code == SE_EXIT_OK ? finish(plan) : exit_code;
}

static int
nothing(const struct se_import_plan *plan)
{
	int exit_code = plan->options->json ? output(plan, false) : SE_EXIT_OK;

	if (!plan->options->json && plan->findings.count > 0)
		exit_code = output(plan, false);
	if (plan->findings.errors > 0)
		return SE_EXIT_FAILED;
	fprintf(stderr, "Nothing to import: %s\n",
		plan->has_postfix ? "no entry of Postfix's password maps names a token file."
				  : "there is no Postfix here; name the token files.");
	return exit_code;
}

static int
say_undone(void)
{
	struct se_buffer out;
	int exit_code;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_buffer_add_text(&out, "{\"changed\": true}\n");
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	return exit_code;
}

static int
undo(const struct se_identity *identity, const struct se_import_options *options)
{
	struct se_import_undone undone = {.earlier = false};
	struct se_error error;

	if (se_import_undo(identity, options->replace, &undone, &error) != SE_OK)
		return se_exit_error(&error);
	fprintf(stderr, "Everything %sis as it was before the import%s.\n",
		undone.left > 0 ? "else " : "",
		undone.earlier ? " that was interrupted; what was imported before it stays. To "
				 "take that back, too: " SE_IMPORT_UNDO
			       : "");
	return options->json ? say_undone() : SE_EXIT_OK;
}

static int
run(const struct se_import_plan *plan)
{
	const bool applies = plan->options->apply && plan->findings.errors == 0;
	int exit_code = SE_EXIT_OK;

	if (!se_import_plan_changes(plan))
		return nothing(plan);
	if (!applies || !plan->options->json)
		exit_code = output(plan, false);
	if (plan->findings.errors > 0) {
		fprintf(stderr, "Nothing has been changed: mend what is named above first.\n");
		return SE_EXIT_FAILED;
	}
	if (exit_code != SE_EXIT_OK)
		return exit_code;
	if (applies)
		return apply(plan);
	fprintf(stderr, "Nothing has been changed. To do this: add --apply\n");
	return SE_EXIT_OK;
}

static int
import(const struct se_identity *identity, const struct se_import_options *options)
{
	struct se_import_plan *plan = se_import_plan(identity, options);
	int exit_code;

	if (plan == NULL) {
		fprintf(stderr, "sasl-entra: out of memory\n");
		return SE_EXIT_AGAIN;
	}
	exit_code = run(plan);
	se_import_plan_free(plan);
	return exit_code;
}

int
se_import_sasl_xoauth2(const struct se_identity *identity, const struct se_import_options *options)
{
	struct se_error error;
	int exit_code, lock = -1;

	/* What is read is what is changed: nobody else writes in between. */
	if (options->apply || options->undo) {
		lock = se_directory_lock_of(identity->configuration, &error);
		if (lock < 0)
			return se_exit_error(&error);
	}
	exit_code = options->undo ? undo(identity, options) : import(identity, options);
	if (lock >= 0)
		(void)close(lock);
	return exit_code;
}
