/* The last lines. */
#include "core/logs/last_lines.h"

void last_lines_fini(struct last_lines *l)
{
    for (unsigned i = 0; i < LIMIT_OUTPUT_LAST; i++)
        strbuf_fini(&l->lines[i]);
}

void last_lines_add(struct last_lines *l, const char *bytes, size_t len)
{
    struct strbuf *line = &l->lines[l->next];
    l->next = (l->next + 1) % LIMIT_OUTPUT_LAST;
    strbuf_reset(line);
    size_t kept = len;
    if (kept > LIMIT_OUTPUT_LAST_LINE) {
        kept = LIMIT_OUTPUT_LAST_LINE;
        while (kept > 0 && ((unsigned char)bytes[kept] & 0xC0) == 0x80)
            kept--;
    }
    strbuf_add(line, bytes, kept);
    if (kept < len)
        strbuf_adds(line, "…");
}

void last_lines_write(const struct last_lines *l, struct strbuf *out)
{
    for (unsigned i = 0; i < LIMIT_OUTPUT_LAST; i++) {
        const struct strbuf *line = &l->lines[(l->next + i) % LIMIT_OUTPUT_LAST];
        if (line->len == 0)
            continue;
        strbuf_add(out, line->data, line->len);
        strbuf_addc(out, '\n');
    }
}
