#include <stdio.h>
#include <string.h>

#include "engine/cloud.h"
#include "engine/provider.h"

#include "tool/output.h"
#include "tool/settings.h"
#include "tool/settings_show.h"
#include "tool/wrap.h"

enum { WIDTH = 80, REMARK_MAX = 8192 };

/* --- as a configuration ----------------------------------------------------------------------- */

/* As a comment, of several lines where one is too long; `mark` begins the first. */
static void
add_comment(struct se_buffer *out, const char *mark, const char *text)
{
	const unsigned indent = (unsigned)strlen(mark);
	struct se_buffer lines;
	const char *at, *end;

	se_buffer_init(&lines, (size_t)2 * SE_CONFIG_SIZE_MAX);
	se_wrap(text, strlen(text), indent, WIDTH, &lines);
	se_buffer_add_text(out, mark);
	for (at = se_buffer_text(&lines); (end = strchr(at, '\n')) != NULL; at = end + 2)
		se_buffer_addf(out, "%.*s\n#", (int)(end - at), at);
	se_buffer_addf(out, "%s\n", at);
	out->failed |= lines.failed;
	se_buffer_free(&lines);
}

static void
add_remark(struct se_buffer *out, const struct se_buffer *text)
{
	add_comment(out, "# ", se_buffer_text(text));
	out->failed |= text->failed;
}

static void
add_source(const struct se_settings_view *view, struct se_buffer *remark)
{
	if (view->socket == NULL)
		se_buffer_add_text(remark,
			"Mail programs do not read this file; sasl-entra --config and "
			"sasl-entrad --config do.");
	else if (view->agent)
		se_buffer_addf(remark, "Mail programs get their tokens from the agent at %s.",
			view->socket);
	else
		se_buffer_addf(remark,
			"There is no agent at %s: mail programs get their tokens themselves, if "
			"they may read this file.",
			view->socket);
	if (view->state_dir != NULL)
		se_buffer_addf(remark, " Tokens are kept in %s.", view->state_dir);
	else
		se_buffer_add_text(remark, " Tokens are kept in memory only.");
}

static void
add_head(const struct se_settings_view *view, struct se_buffer *out)
{
	struct se_buffer remark;

	se_buffer_init(&remark, REMARK_MAX);
	se_buffer_addf(out, "# %s\n", view->config->path);
	add_source(view, &remark);
	add_remark(out, &remark);
	se_buffer_reset(&remark);
	if (view->pattern != NULL)
		se_buffer_addf(&remark, "%s is served by [account %s]: match has %s.", view->name,
			view->account->label, view->pattern);
	if (remark.len > 0)
		add_remark(out, &remark);
	se_buffer_free(&remark);
}

static void
add_origin(const struct se_account *account, enum se_origin origin, struct se_buffer *out)
{
	if (origin == SE_ORIGIN_ENVIRONMENT)
		se_buffer_add_text(out, "# from the environment of this process\n");
	else if (origin == SE_ORIGIN_CLOUD)
		se_buffer_addf(out, "# preset by cloud = %s\n", account->cloud->name);
	else if (origin == SE_ORIGIN_PROVIDER)
		se_buffer_addf(out, "# preset by provider = %s\n", account->provider->name);
	else if (origin == SE_ORIGIN_DERIVED)
		se_buffer_add_text(out, "# follows from the other values\n");
	else
		se_buffer_add_text(out, "# default\n");
}

/* How many settings from `first` on stand on lines that follow each other. */
static size_t
run_of(const struct se_settings *settings, size_t first)
{
	const struct se_setting *list = settings->list;
	size_t n = 1;

	while (first + n < settings->count && list[first + n].origin == list[first].origin &&
		list[first].line != 0 && list[first + n].line == list[first + n - 1].line + 1)
		n++;
	return n;
}

static void
add_lines(const struct se_settings_view *view, const struct se_settings *settings, size_t first,
	size_t n, struct se_buffer *out)
{
	se_buffer_addf(out, "# %s:%u", view->config->path, settings->list[first].line);
	if (n > 1)
		se_buffer_addf(out, "-%u", settings->list[first + n - 1].line);
	se_buffer_add_text(out, "\n");
}

/* In [defaults] its own lines are written out; in an account they are a comment. */
static void
add_written(const struct se_settings_view *view, const struct se_settings *settings,
	enum se_origin origin, struct se_buffer *out)
{
	size_t n;

	for (size_t i = 0; i < settings->count; i += n) {
		n = run_of(settings, i);
		if (settings->list[i].line == 0 || settings->list[i].origin != origin)
			continue;
		add_lines(view, settings, i, n, out);
		for (size_t k = i; k < i + n; k++)
			se_buffer_addf(
				out, "%s = %s\n", settings->list[k].key, settings->list[k].value);
	}
}

static void
add_others(const struct se_settings_view *view, const struct se_account *account,
	const struct se_settings *settings, enum se_origin origin, struct se_buffer *out)
{
	char mark[64];
	bool begun = false;

	for (size_t i = 0; i < settings->count; i++) {
		const struct se_setting *setting = &settings->list[i];

		if (setting->origin != origin)
			continue;
		if (setting->line != 0)
			se_buffer_addf(
				out, "# [defaults], %s:%u\n", view->config->path, setting->line);
		else if (!begun)
			add_origin(account, origin, out);
		begun = true;
		(void)snprintf(mark, sizeof(mark), "#%s = ", setting->key);
		add_comment(out, mark, setting->value);
	}
}

static void
add_remarks_of(const struct se_account *account, struct se_buffer *out)
{
	struct se_buffer remark;

	se_buffer_init(&remark, REMARK_MAX);
	if (account->allow_anyone)
		se_buffer_add_text(
			&remark, "no allow: whoever may connect to the agent's socket may ask");
	else
		se_buffer_add_text(&remark,
			"allow: of those who may connect to the agent's socket, root and these "
			"may ask");
	add_remark(out, &remark);
	se_buffer_reset(&remark);
	if (account->unusable != NULL) {
		se_buffer_addf(&remark, "not usable in this process: it %s", account->unusable);
		add_remark(out, &remark);
	}
	se_buffer_free(&remark);
}

static void
add_account(const struct se_settings_view *view, const struct se_account *account,
	struct se_buffer *out)
{
	struct se_settings settings;

	se_settings_of_account(view->config, account, &settings);
	se_buffer_addf(out, "\n[account %s]\n", account->label);
	add_written(view, &settings, SE_ORIGIN_ACCOUNT, out);
	for (int origin = SE_ORIGIN_DEFAULTS; origin <= SE_ORIGIN_DEFAULT; origin++)
		add_others(view, account, &settings, (enum se_origin)origin, out);
	add_remarks_of(account, out);
	out->failed |= settings.servers.failed;
	se_settings_free(&settings);
}

void
se_settings_show(const struct se_settings_view *view, struct se_buffer *out)
{
	struct se_settings defaults;

	add_head(view, out);
	se_settings_of_defaults(view->config, &defaults);
	if (defaults.count > 0) {
		se_buffer_add_text(out, "\n[defaults]\n");
		add_written(view, &defaults, SE_ORIGIN_DEFAULTS, out);
	}
	se_settings_free(&defaults);
	for (size_t i = 0; i < view->config->account_count; i++)
		if (view->account == NULL || view->account == &view->config->accounts[i])
			add_account(view, &view->config->accounts[i], out);
}

/* --- as JSON ---------------------------------------------------------------------------------- */

static void
add_settings_json(const struct se_settings *settings, struct se_buffer *out)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct se_setting *setting = &settings->list[i];

		se_buffer_addf(out, "%s\"%s\": {\"value\": ", i > 0 ? ", " : "", setting->key);
		se_output_json(out, setting->value);
		se_buffer_addf(
			out, ", \"from\": \"%s\", \"line\": ", se_origin_name(setting->origin));
		if (setting->line != 0)
			se_buffer_addf(out, "%u}", setting->line);
		else
			se_buffer_add_text(out, "null}");
	}
	out->failed |= settings->servers.failed;
}

static void
add_account_json(const struct se_settings_view *view, const struct se_account *account,
	struct se_buffer *out)
{
	struct se_settings settings;

	se_settings_of_account(view->config, account, &settings);
	se_buffer_add_text(out, "{\"account\": ");
	se_output_json(out, account->label);
	se_buffer_addf(out, ", \"line\": %u, \"pattern\": ", account->line);
	se_output_json(out, view->pattern);
	se_buffer_add_text(out, ", \"unusable\": ");
	se_output_json(out, account->unusable);
	se_buffer_add_text(out, ", \"settings\": {");
	add_settings_json(&settings, out);
	se_buffer_add_text(out, "}}");
	se_settings_free(&settings);
}

void
se_settings_show_json(const struct se_settings_view *view, struct se_buffer *out)
{
	struct se_settings defaults;
	bool begun = false;

	se_buffer_add_text(out, "{\"configuration\": ");
	se_output_json(out, view->config->path);
	se_buffer_add_text(out, ", \"socket\": ");
	se_output_json(out, view->socket);
	se_buffer_addf(out, ", \"agent\": %s, \"state_dir\": ", view->agent ? "true" : "false");
	se_output_json(out, view->state_dir);
	se_settings_of_defaults(view->config, &defaults);
	se_buffer_add_text(out, ", \"defaults\": {");
	add_settings_json(&defaults, out);
	se_settings_free(&defaults);
	se_buffer_add_text(out, "}, \"accounts\": [");
	for (size_t i = 0; i < view->config->account_count; i++) {
		if (view->account != NULL && view->account != &view->config->accounts[i])
			continue;
		se_buffer_add_text(out, begun ? ", " : "");
		add_account_json(view, &view->config->accounts[i], out);
		begun = true;
	}
	se_buffer_add_text(out, "]}\n");
}
