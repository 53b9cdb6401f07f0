/* Wrapping and cutting. */
#include "cli/fit.h"

#include "base/text.h"
#include "cli/table.h"

#include <stdbool.h>
#include <string.h>

/* Labels are that wide on the pages; on a narrow terminal there is no room to stay below them. */
enum { LABEL = 11, NARROW = 60, INDENT = 2, UTF8_MAX = 4 };

struct line {
    struct strbuf *out;
    unsigned columns;
    unsigned at; /* columns taken */
    unsigned indent;
};

/* Bytes of a colour's sequence at `text`; 0: there is none. */
static size_t color_len(const char *text)
{
    if (text[0] != '\033' || text[1] != '[')
        return 0;
    size_t len = 2 + strspn(text + 2, "0123456789;");
    return text[len] == 'm' ? len + 1 : 0;
}

/* Bytes of the next thing that cannot be divided, and the columns that it takes. */
static size_t next_piece(const char *text, size_t left, unsigned *out_width)
{
    char one[UTF8_MAX + 1] = "";
    size_t len = color_len(text);
    *out_width = 0;
    if (len > 0)
        return len;
    len = text_utf8_len(text, left);
    if (len == 0)
        len = 1;
    memcpy(one, text, len);
    *out_width = (unsigned)table_text_width(one);
    return len;
}

static unsigned width_of(const char *text, size_t len)
{
    unsigned width, all = 0;
    for (size_t at = 0; at < len; all += width)
        at += next_piece(text + at, len - at, &width);
    return all;
}

static void wrap(struct line *l)
{
    strbuf_addf(l->out, "\n%*s", (int)l->indent, "");
    l->at = l->indent;
}

/* A word without spaces. */
static void add_word(struct line *l, const char *word, size_t len)
{
    unsigned width = width_of(word, len);
    if (l->at + width > l->columns && l->at > l->indent && width > 0)
        wrap(l);
    for (size_t at = 0; at < len;) {
        size_t piece = next_piece(word + at, len - at, &width);
        if (l->at + width > l->columns && l->at > l->indent)
            wrap(l);
        strbuf_add(l->out, word + at, piece);
        l->at += width;
        at += piece;
    }
}

static void add_line(struct strbuf *out, const char *text, size_t len, unsigned columns)
{
    size_t lead = strspn(text, " ");
    unsigned indent = lead > 0 ? (unsigned)lead + INDENT : columns >= NARROW ? LABEL : INDENT;
    struct line l = {.out = out, .columns = columns, .indent = indent < columns / 2 ? indent : 0};
    for (size_t at = 0; at < len;) {
        size_t spaces = strspn(text + at, " ");
        if (spaces > len - at)
            spaces = len - at;
        size_t word = strcspn(text + at + spaces, " \n");
        unsigned room = (unsigned)spaces + width_of(text + at + spaces, word);
        /* Between words at the end of a line there is nothing. */
        if (l.at + room > columns && l.at > l.indent) {
            wrap(&l);
        } else {
            strbuf_addf(out, "%*s", (int)spaces, "");
            l.at += (unsigned)spaces;
        }
        add_word(&l, text + at + spaces, word);
        at += spaces + word;
    }
}

static unsigned count_lines(const char *text)
{
    unsigned n = 1;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void cut(struct strbuf *out, const char *text, unsigned columns, unsigned rows)
{
    unsigned n = count_lines(text);
    if (n <= rows) {
        strbuf_adds(out, text);
        return;
    }
    for (unsigned i = 1; i < rows; i++) {
        size_t len = strcspn(text, "\n") + 1;
        strbuf_add(out, text, len);
        text += len;
    }
    struct strbuf more = STRBUF_INIT;
    strbuf_addf(&more, "(%u more lines)", n - rows + 1);
    strbuf_addf(out, "%.*s", (int)columns, strbuf_text(&more));
    strbuf_fini(&more);
}

void fit_text(struct strbuf *out, const char *text, unsigned columns, unsigned rows)
{
    struct strbuf wrapped = STRBUF_INIT;
    size_t left = strlen(text);
    while (left > 0 && text[left - 1] == '\n')
        left--;
    while (left > 0) {
        size_t len = strcspn(text, "\n");
        if (len > left)
            len = left;
        add_line(&wrapped, text, len, columns > 0 ? columns : 1);
        bool last = len == left;
        strbuf_adds(&wrapped, last ? "" : "\n");
        text += last ? len : len + 1;
        left -= last ? len : len + 1;
    }
    cut(out, strbuf_text(&wrapped), columns, rows > 0 ? rows : 1);
    strbuf_fini(&wrapped);
}
