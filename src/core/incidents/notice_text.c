/* Texts of notices made to fit. */
#include "core/incidents/notice_text.h"

#include "base/text.h"

#include <string.h>

size_t notice_text_fit(const char *text, size_t len, size_t max)
{
    size_t at = 0;
    if (len <= max)
        return len;
    while (at < len) {
        size_t n = text_utf8_len(text + at, len - at);
        n = n ? n : 1;
        if (at + n > max)
            break;
        at += n;
    }
    return at;
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    }
    return NULL;
}

void notice_text_slack(struct strbuf *out, const char *text, size_t max)
{
    static const char ellipsis[] = "…";
    size_t len = strlen(text);
    size_t begin = out->len;
    size_t room_for_cut = begin; /* the last place at which the mark still fits */
    for (size_t at = 0; at < len && !out->failed;) {
        const char *escaped = entity(text[at]);
        size_t n = text_utf8_len(text + at, len - at);
        n = n ? n : 1;
        strbuf_add(out, escaped ? escaped : text + at, escaped ? strlen(escaped) : n);
        at += n;
        if (out->len - begin + strlen(ellipsis) <= max)
            room_for_cut = out->len;
        if (out->len - begin > max) {
            out->len = room_for_cut;
            strbuf_adds(out, ellipsis);
            return;
        }
    }
}
