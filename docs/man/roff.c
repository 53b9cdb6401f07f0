/* Escaping for man(7). */
#include "man/roff.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { MARGIN = 78 };

static void add_char(struct strbuf *out, char c)
{
    switch (c) {
    case '\\':
        strbuf_adds(out, "\\e");
        return;
    case '-':
        strbuf_adds(out, "\\-");
        return;
    case '\'':
        strbuf_adds(out, "\\(aq");
        return;
    case '`':
        strbuf_adds(out, "\\(ga");
        return;
    case '~':
        strbuf_adds(out, "\\(ti");
        return;
    case '^':
        strbuf_adds(out, "\\(ha");
        return;
    default:
        strbuf_addc(out, c);
    }
}

/* At the begin of a line these would begin a request. */
static void guard(struct strbuf *out, char first)
{
    if (first == '.' && (out->len == 0 || out->data[out->len - 1] == '\n'))
        strbuf_adds(out, "\\&");
}

void roff_plain(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        guard(out, *text);
        add_char(out, *text);
    }
}

void roff_text(struct strbuf *out, const char *text)
{
    bool bold = false;
    for (; *text; text++) {
        guard(out, *text);
        if (*text == '`' && (bold || strchr(text + 1, '`'))) {
            bold = !bold;
            strbuf_adds(out, bold ? "\\fB" : "\\fR");
        } else {
            add_char(out, *text);
        }
    }
}

/* Where the line that begins at `text` is to end: at its last blank before the margin, or the first
 * one after it. */
static size_t break_at(const char *text, size_t len)
{
    size_t at = len;
    for (size_t i = 0; i < len && (i <= MARGIN || at == len); i++) {
        if (text[i] == ' ')
            at = i;
    }
    return len <= MARGIN ? len : at;
}

void roff_wrap(struct strbuf *out, const char *page)
{
    bool kept = false;
    for (const char *end; (end = strchr(page, '\n')) != NULL; page = end + 1) {
        size_t len = (size_t)(end - page);
        if (strncmp(page, ".nf", 3) == 0 || strncmp(page, ".fi", 3) == 0)
            kept = page[1] == 'n';
        bool whole = kept || *page == '.';
        for (size_t n; len > 0; page += n, len -= n) {
            n = whole ? len : break_at(page, len);
            if (!whole)
                guard(out, *page);
            strbuf_add(out, page, n);
            strbuf_addc(out, '\n');
            n += n < len; /* the blank */
        }
    }
}
