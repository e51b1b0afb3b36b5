#include <stdio.h>
#include <string.h>

#include "core/json_text.h"
#include "core/world.h"

#include "tool/status_show.h"
#include "tool/table.h"

enum { ACCOUNT, SIGNS_IN, TOKEN, LEFT, RENEWS, STATE, NEEDS, COLUMN_COUNT, SPAN_MAX = 32 };

static const struct se_column columns[COLUMN_COUNT] = {
	[ACCOUNT] = {"ACCOUNT", 8},
	[SIGNS_IN] = {"SIGNS IN", 8},
	[TOKEN] = {"TOKEN", 0},
	[LEFT] = {"LEFT", 0},
	[RENEWS] = {"RENEWS IN", 0},
	[STATE] = {"STATE", 0},
	[NEEDS] = {"NEEDS", 0},
};

/* "52 min", for people who want to know whether it is minutes or days. */
static const char *
span(int64_t seconds, char text[SPAN_MAX])
{
	static const struct {
		int64_t size, from;
		const char *unit;
	} units[] = {{86400, 172800, "d"}, {3600, 7200, "h"}, {60, 120, "min"}, {1, 0, "s"}};
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (seconds < units[i].from)
		i++;
	(void)snprintf(
		text, SPAN_MAX, "%lld %s", (long long)(seconds / units[i].size), units[i].unit);
	return text;
}

static const char *
left(const struct se_status_row *row, char text[SPAN_MAX])
{
	int64_t seconds = se_status_number(row, "seconds_left", -1);

	if (seconds < 0)
		return "-";
	return seconds == 0 ? "expired" : span(seconds, text);
}

static const char *
renews(const struct se_status_row *row, int64_t now, char text[SPAN_MAX])
{
	int64_t when = se_status_number(row, "renews", -1);

	if (when < 0 || se_status_number(row, "seconds_left", 0) == 0)
		return "-";
	return when <= now ? "next use" : span(when - now, text);
}

static const char *
signs_in(const struct se_status_row *row, char *text, size_t size)
{
	if (strcmp(row->state, "password") == 0)
		return "password";
	if (strcmp(row->sign_in, "app") != 0)
		return row->identity != NULL ? row->identity : "nobody";
	(void)snprintf(text, size, "app, %s", row->credential != NULL ? row->credential : "");
	return text;
}

static void
add_row(struct se_table *table, const struct se_status_row *row, int64_t now)
{
	char how[64], until[SPAN_MAX], next[SPAN_MAX];
	const char *const cells[COLUMN_COUNT] = {
		[ACCOUNT] = row->account,
		[SIGNS_IN] = signs_in(row, how, sizeof(how)),
		[TOKEN] = row->fingerprint != NULL ? row->fingerprint : "-",
		[LEFT] = left(row, until),
		[RENEWS] = renews(row, now, next),
		[STATE] = row->state,
		[NEEDS] = row->needs != NULL ? row->needs : "-",
	};

	se_table_add(table, cells, row->needs != NULL);
}

static void
add_clean(struct se_buffer *out, const char *text)
{
	struct se_error line;

	se_error_set(&line, SE_OK, "%s", text);
	se_buffer_add_text(out, line.text);
}

static void
add_text(struct se_buffer *out, const struct se_status_row *row, int64_t now)
{
	int64_t first = se_status_number(row, "failure_first", -1);
	int64_t until = se_status_number(row, "failure_until", -1);
	char text[SPAN_MAX];

	add_clean(out, row->account);
	if (row->identity != NULL && strcmp(row->identity, row->account) != 0) {
		se_buffer_add_text(out, ", ");
		add_clean(out, row->identity);
	}
	if (first >= 0) {
		se_buffer_addf(out, " (for %s", span(now - first, text));
		if (until > now)
			se_buffer_addf(out, ", asked again in %s", span(until - now, text));
		se_buffer_add_text(out, ")");
	}
	se_buffer_add_text(out, ": ");
	add_clean(out, row->text);
	se_buffer_add_text(out, "\n");
}

static const char *
not_kept(const struct se_status_row *row)
{
	const char *kept = se_json_string(row->json, "kept");

	return kept != NULL && strcmp(kept, "unsaved") == 0
		       ? "the token is used but could not be kept; the agent's log says why"
		       : NULL;
}

void
se_status_show(
	const struct se_status_rows *rows, const struct se_screen *screen, struct se_buffer *out)
{
	const int64_t now = se_world_system.wall(se_world_system.context);
	const size_t needing = se_status_needing(rows);
	struct se_table table;

	se_table_init(&table, columns, COLUMN_COUNT);
	for (size_t i = 0; i < rows->count; i++)
		add_row(&table, &rows->list[i], now);
	se_table_write(&table, screen->width, screen->colour, out);
	se_table_free(&table);
	se_buffer_add_text(out, "\n");
	for (size_t i = 0; i < rows->count; i++) {
		const struct se_status_row *row = &rows->list[i];
		const char *unkept = not_kept(row);

		if (row->text != NULL)
			add_text(out, row, now);
		if (unkept != NULL) {
			add_clean(out, row->account);
			se_buffer_addf(out, ": %s\n", unkept);
		}
	}
	se_buffer_addf(out, "%zu shown, %zu need%s a person\n", rows->count, needing,
		needing == 1 ? "s" : "");
}

void
se_status_show_json(
	const struct se_status_rows *rows, const char *configuration, struct se_buffer *out)
{
	se_buffer_add_text(out, "{\"configuration\": ");
	(void)se_json_text_add(out, configuration);
	se_buffer_addf(out, ", \"needing\": %zu, \"accounts\": [", se_status_needing(rows));
	for (size_t i = 0; i < rows->count; i++) {
		se_buffer_add_text(out, i > 0 ? ",\n" : "\n");
		se_buffer_add_text(out, rows->list[i].line);
	}
	se_buffer_add_text(out, rows->count > 0 ? "\n]}\n" : "]}\n");
}
