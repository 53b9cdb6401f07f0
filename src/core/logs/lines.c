/* Cutting a stream into lines. */
#include "core/logs/lines.h"

#include "core/limits.h"

#include <string.h>

void lines_fini(struct lines *l)
{
    strbuf_fini(&l->partial);
    l->part = 0;
}

static void end_line(struct lines *l, lines_fn *on_line, void *arg)
{
    unsigned part = l->part > 0 ? l->part + 1 : 0;
    on_line(strbuf_text(&l->partial), l->partial.len, part, arg);
    strbuf_reset(&l->partial);
    l->part = 0;
}

/* Bytes at the end of `s` that begin a UTF-8 sequence whose rest has not come yet: 0 to 3. */
static size_t cut_sequence(const char *s, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char c = (unsigned char)s[len - back];
        if ((c & 0xC0) == 0x80)
            continue;
        size_t width = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        return width > back ? back : 0;
    }
    return 0;
}

static void end_part(struct lines *l, lines_fn *on_line, void *arg)
{
    char tail[3];
    size_t n = cut_sequence(strbuf_text(&l->partial), l->partial.len);
    memcpy(tail, strbuf_text(&l->partial) + l->partial.len - n, n);
    on_line(strbuf_text(&l->partial), l->partial.len - n, ++l->part, arg);
    strbuf_reset(&l->partial);
    strbuf_add(&l->partial, tail, n);
}

void lines_feed(struct lines *l, const char *bytes, size_t len, lines_fn *on_line, void *arg)
{
    while (len > 0) {
        const char *newline = memchr(bytes, '\n', len);
        size_t n = newline ? (size_t)(newline - bytes) : len;
        if (l->partial.len + n > LIMIT_OUTPUT_LINE) {
            n = LIMIT_OUTPUT_LINE - l->partial.len;
            strbuf_add(&l->partial, bytes, n);
            end_part(l, on_line, arg);
        } else if (!newline) {
            strbuf_add(&l->partial, bytes, n);
        } else if (l->partial.len == 0 && l->part == 0) {
            on_line(bytes, n++, 0, arg);
        } else {
            strbuf_add(&l->partial, bytes, n++);
            end_line(l, on_line, arg);
        }
        bytes += n;
        len -= n;
    }
}

void lines_flush(struct lines *l, lines_fn *on_line, void *arg)
{
    if (l->partial.len > 0)
        end_line(l, on_line, arg);
    l->part = 0;
}
