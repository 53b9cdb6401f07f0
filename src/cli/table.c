/* Columns as wide as their widest cell. */
#include "cli/table.h"

#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

struct table_cell {
    char *text; /* owned */
    enum say_color color;
    size_t width;
};

void table_init(struct table *t, const struct table_column *columns, size_t n_columns)
{
    assert(n_columns > 0 && n_columns <= TABLE_COLUMNS_MAX);
    *t = (struct table){.columns = columns, .n_columns = n_columns};
}

void table_fini(struct table *t)
{
    for (size_t i = 0; i < t->n_cells; i++)
        free(t->cells[i].text);
    free(t->cells);
    *t = (struct table){0};
}

/* The code point of a valid sequence of `len` bytes. */
static wchar_t decode(const char *bytes, size_t len)
{
    static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned point = (unsigned char)bytes[0] & lead_bits[len];
    for (size_t i = 1; i < len; i++)
        point = point << 6 | ((unsigned char)bytes[i] & 0x3f);
    return (wchar_t)point;
}

size_t table_text_width(const char *text)
{
    size_t width = 0, left = strlen(text);
    while (left > 0) {
        size_t len = text_utf8_len(text, left);
        int columns = 1;
        if (len == 0)
            len = 1;
        else
            columns = wcwidth(decode(text, len));
        width += columns >= 0 ? (size_t)columns : 1;
        text += len;
        left -= len;
    }
    return width;
}

static bool reserve(struct table *t)
{
    if (t->n_cells < t->size)
        return true;
    size_t size = t->size ? 2 * t->size : 64;
    struct table_cell *cells = reallocarray(t->cells, size, sizeof *cells);
    if (!cells)
        return false;
    t->cells = cells;
    t->size = size;
    return true;
}

/* Takes what is in `safe`. */
static void add_cell(struct table *t, enum say_color color, struct strbuf *safe)
{
    char *owned = strbuf_take(safe);
    if (t->failed || !owned || !reserve(t)) {
        free(owned);
        t->failed = true;
        return;
    }
    t->cells[t->n_cells++] =
        (struct table_cell){.text = owned, .color = color, .width = table_text_width(owned)};
}

void table_add(struct table *t, enum say_color color, const char *text, size_t max)
{
    struct strbuf safe = STRBUF_INIT;
    say_word(&safe, text ? text : "-", max);
    add_cell(t, color, &safe);
}

void table_add_escaped(struct table *t, enum say_color color, const char *text, size_t max)
{
    struct strbuf safe = STRBUF_INIT;
    const char *at = text ? text : "-";
    size_t len = strlen(at);
    const char *end = at + (len < max ? len : max);
    while (at < end) {
        const char *stop = memchr(at, '\\', (size_t)(end - at));
        text_escape(&safe, at, (size_t)((stop ? stop : end) - at), max);
        if (stop)
            strbuf_addc(&safe, '\\');
        at = stop ? stop + 1 : end;
    }
    if (len > max)
        strbuf_adds(&safe, "…");
    add_cell(t, color, &safe);
}

static void pad(struct strbuf *out, size_t from, size_t to)
{
    for (; from < to; from++)
        strbuf_addc(out, ' ');
}

static void write_cell(const struct table_column *column, const struct table_cell *cell,
    size_t width, bool last, bool use_color, struct strbuf *out)
{
    if (column->right)
        pad(out, cell->width, width);
    say_colored(out, use_color, cell->color, cell->text);
    if (last)
        strbuf_addc(out, '\n');
    else
        pad(out, column->right ? width : cell->width, width + 2);
}

void table_write(const struct table *t, struct strbuf *out, bool use_color)
{
    size_t widths[TABLE_COLUMNS_MAX], n = t->n_columns, rows = t->n_cells / n;
    for (size_t c = 0; c < n; c++) {
        widths[c] = strlen(t->columns[c].title);
        for (size_t r = 0; r < rows; r++) {
            size_t width = t->cells[r * n + c].width;
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    for (size_t c = 0; c < n; c++) {
        struct table_cell title = {.text = (char *)t->columns[c].title,
            .color = SAY_BOLD,
            .width = strlen(t->columns[c].title)};
        write_cell(&t->columns[c], &title, widths[c], c + 1 == n, use_color, out);
    }
    for (size_t i = 0; i < rows * n; i++)
        write_cell(&t->columns[i % n], &t->cells[i], widths[i % n], i % n + 1 == n, use_color, out);
}
