#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/json_text.h"

#include "tool/table.h"

enum { GAP = 2 };

#define CUT ".."
#define RED "\033[31m"
#define PLAIN "\033[0m"

/* --- widths ----------------------------------------------------------------------------------- */

static uint32_t
code_point(const char *text, size_t len)
{
	static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t point = (unsigned char)text[0] & first[len];

	for (size_t i = 1; i < len; i++)
		point = point << 6 | ((unsigned char)text[i] & 0x3f);
	return point;
}

static size_t
width_of_point(uint32_t point)
{
	static const struct {
		uint32_t from, to;
		size_t width;
	} ranges[] = {{0x300, 0x36f, 0}, {0x1100, 0x115f, 2}, {0x200b, 0x200f, 0},
		{0x20d0, 0x20ff, 0}, {0x2e80, 0xa4cf, 2}, {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2},
		{0xfe00, 0xfe0f, 0}, {0xfe30, 0xfe6f, 2}, {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2},
		{0x1f300, 0x1f64f, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2}};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (point >= ranges[i].from && point <= ranges[i].to)
			return ranges[i].width;
	return 1;
}

/* How many bytes of `text` take at most `most` columns; *width becomes what they take. */
static size_t
measure(const char *text, size_t most, size_t *width)
{
	size_t at = 0, len, wide;

	for (*width = 0; text[at] != '\0'; at += len, *width += wide) {
		len = se_utf8_len(text + at);
		wide = len > 0 ? width_of_point(code_point(text + at, len)) : 1;
		len = len > 0 ? len : 1;
		if (*width + wide > most)
			break;
	}
	return at;
}

size_t
se_table_width(const char *text)
{
	size_t width;

	(void)measure(text, SIZE_MAX / 2, &width);
	return width;
}

/* --- filling ---------------------------------------------------------------------------------- */

void
se_table_init(struct se_table *table, const struct se_column *columns, size_t count)
{
	memset(table, 0, sizeof(*table));
	table->columns = columns;
	table->column_count = count;
}

void
se_table_add(struct se_table *table, const char *const *cells, bool marked)
{
	struct se_row *rows = realloc(table->rows, (table->row_count + 1) * sizeof(*rows));
	struct se_row *row;

	if (rows == NULL) {
		table->failed = true;
		return;
	}
	table->rows = rows;
	row = &rows[table->row_count++];
	memset(row, 0, sizeof(*row));
	row->marked = marked;
	for (size_t i = 0; i < table->column_count; i++) {
		row->cells[i] = strdup(cells[i]);
		if (row->cells[i] != NULL)
			se_text_clean(row->cells[i]);
		else
			table->failed = true;
	}
}

void
se_table_free(struct se_table *table)
{
	for (size_t i = 0; i < table->row_count; i++)
		for (size_t k = 0; k < table->column_count; k++)
			free(table->rows[i].cells[k]);
	free(table->rows);
	memset(table, 0, sizeof(*table));
}

/* --- writing ---------------------------------------------------------------------------------- */

static void
natural_widths(const struct se_table *table, size_t widths[SE_TABLE_COLUMNS_MAX])
{
	size_t width;

	for (size_t k = 0; k < table->column_count; k++) {
		widths[k] = se_table_width(table->columns[k].head);
		for (size_t i = 0; i < table->row_count; i++) {
			width = se_table_width(table->rows[i].cells[k]);
			if (width > widths[k])
				widths[k] = width;
		}
	}
}

/* Takes columns of the terminal from the widest that can spare one until all of them fit. */
static void
shrink(const struct se_table *table, size_t width, size_t widths[SE_TABLE_COLUMNS_MAX])
{
	size_t total = GAP * (table->column_count - 1), widest;

	for (size_t k = 0; k < table->column_count; k++)
		total += widths[k];
	for (; total > width; total--) {
		widest = table->column_count;
		for (size_t k = 0; k < table->column_count; k++)
			if (table->columns[k].least > 0 && widths[k] > table->columns[k].least &&
				(widest == table->column_count || widths[k] > widths[widest]))
				widest = k;
		if (widest == table->column_count)
			return;
		widths[widest]--;
	}
}

static void
write_cell(struct se_buffer *out, const char *text, size_t width, bool last)
{
	const bool cut = se_table_width(text) > width && width > sizeof(CUT) - 1;
	size_t used, len = measure(text, cut ? width - (sizeof(CUT) - 1) : width, &used);

	se_buffer_add(out, text, len);
	if (cut) {
		se_buffer_add_text(out, CUT);
		used += sizeof(CUT) - 1;
	}
	for (; !last && used < width + GAP; used++)
		se_buffer_add_text(out, " ");
}

static void
write_row(const struct se_table *table, const char *const *cells, const size_t *widths,
	struct se_buffer *out)
{
	size_t last = table->column_count - 1;

	for (size_t k = 0; k <= last; k++)
		/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): a table has columns */
		write_cell(out, cells[k], widths[k], k == last);
}

void
se_table_write(const struct se_table *table, unsigned width, bool colour, struct se_buffer *out)
{
	size_t widths[SE_TABLE_COLUMNS_MAX] = {0};
	const char *cells[SE_TABLE_COLUMNS_MAX];

	if (table->failed) {
		out->failed = true;
		return;
	}
	natural_widths(table, widths);
	if (width > 0)
		shrink(table, width, widths);
	for (size_t k = 0; k < table->column_count; k++)
		cells[k] = table->columns[k].head;
	write_row(table, cells, widths, out);
	se_buffer_add_text(out, "\n");
	for (size_t i = 0; i < table->row_count; i++) {
		const bool red = colour && table->rows[i].marked;

		se_buffer_add_text(out, red ? RED : "");
		for (size_t k = 0; k < table->column_count; k++)
			cells[k] = table->rows[i].cells[k];
		write_row(table, cells, widths, out);
		se_buffer_add_text(out, red ? PLAIN "\n" : "\n");
	}
}
