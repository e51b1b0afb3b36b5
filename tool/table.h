/*
 * table: rows of text in columns that fit a terminal.
 */
#ifndef SE_TOOL_TABLE_H
#define SE_TOOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"

enum { SE_TABLE_COLUMNS_MAX = 8 };

struct se_column {
	const char *head;
	size_t least; /* columns of the terminal that it keeps when room is short; 0: all it has */
};

struct se_row {
	char *cells[SE_TABLE_COLUMNS_MAX];
	bool marked;
};

struct se_table {
	const struct se_column *columns; /* of the caller */
	size_t column_count;
	struct se_row *rows;
	size_t row_count;
	bool failed; /* memory ran out */
};

void se_table_init(struct se_table *table, const struct se_column *columns, size_t count);

/* Copies one text for each column; control characters become '?'. A marked row is shown in red
 * where there is colour. */
void se_table_add(struct se_table *table, const char *const *cells, bool marked);

/* Appends heads and rows, cut where they would not fit into `width` (0: nothing is cut). */
void
se_table_write(const struct se_table *table, unsigned width, bool colour, struct se_buffer *out);

void se_table_free(struct se_table *table);

/* How many columns of a terminal a text takes, near enough: wide East Asian characters and emoji
 * take two, combining ones none, bytes that are no UTF-8 one each. */
size_t se_table_width(const char *text);

#endif
