/* Columns as wide as their widest cell, counted as a terminal shows them. */
#pragma once

#include "cli/say.h"

#include <stdbool.h>
#include <stddef.h>

enum { TABLE_COLUMNS_MAX = 12 };

struct table_column {
    const char *title;
    bool right; /* numbers stand at the right */
};

struct table_cell;

struct table {
    const struct table_column *columns; /* borrowed */
    size_t n_columns;
    struct table_cell *cells; /* row after row */
    size_t n_cells;
    size_t size;
    bool failed; /* memory ran out: the table is incomplete */
};

void table_init(struct table *t, const struct table_column *columns, size_t n_columns);
void table_fini(struct table *t);

/* Appends a cell, from left to right, row after row. The text is made safe and cut after `max`
 * bytes. NULL shows as "-". */
void table_add(struct table *t, enum say_color color, const char *text, size_t max);

/* The same for text that the daemon has escaped already, a key's name: its backslashes are not
 * doubled.
 */
void table_add_escaped(struct table *t, enum say_color color, const char *text, size_t max);

/* Appends the table with its titles. A last row that is not full is left out. */
void table_write(const struct table *t, struct strbuf *out, bool use_color);

/* Columns that a terminal needs for UTF-8 text. */
size_t table_text_width(const char *text);
