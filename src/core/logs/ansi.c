/* Removing terminal escape sequences. */
#include "core/logs/ansi.h"

#include "base/strbuf.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

struct text {
    const char *s;
    size_t len;
    bool endless; /* some string sequence did not end, so none behind it does */
};

static bool within(char c, unsigned char low, unsigned char high)
{
    return (unsigned char)c >= low && (unsigned char)c <= high;
}

/* Where a control sequence ends whose introducer ends at `i`; a broken one ends at what does not
 * fit. */
static size_t csi_end(const struct text *t, size_t i)
{
    while (i < t->len && within(t->s[i], 0x30, 0x3F))
        i++;
    while (i < t->len && within(t->s[i], 0x20, 0x2F))
        i++;
    return i < t->len && within(t->s[i], 0x40, 0x7E) ? i + 1 : i;
}

/* Where a string sequence ends; without an end, right behind its introducer. */
static size_t string_end(struct text *t, size_t from)
{
    const char *s = t->s;
    for (size_t i = from; i < t->len && !t->endless; i++) {
        if (s[i] == '\a')
            return i + 1;
        bool more = i + 1 < t->len;
        if (more && s[i] == '\x1b' && s[i + 1] == '\\')
            return i + 2;
        if (more && s[i] == '\xC2' && s[i + 1] == '\x9C')
            return i + 2;
    }
    t->endless = true;
    return from;
}

/* Where a sequence ends whose introducer, in its ESC form `[`, `]` and so on, ends at `i`. */
static size_t body_end(struct text *t, char introducer, size_t i)
{
    switch (introducer) {
    case '[':
        return csi_end(t, i);
    case ']': /* OSC */
    case 'P': /* DCS */
    case 'X': /* SOS */
    case '^': /* PM */
    case '_': /* APC */
        return string_end(t, i);
    default:
        return i;
    }
}

/* Where the sequence that begins with the ESC at `at` ends. */
static size_t escape_end(struct text *t, size_t at)
{
    size_t i = at + 1;
    while (i < t->len && within(t->s[i], 0x20, 0x2F))
        i++;
    if (i >= t->len || !within(t->s[i], 0x30, 0x7E))
        return i;
    return i == at + 1 ? body_end(t, t->s[i], i + 1) : i + 1;
}

void ansi_strip(struct strbuf *out, const char *bytes, size_t len)
{
    struct text t = {.s = bytes, .len = len};
    size_t kept = 0; /* start of what was not yet copied */
    for (size_t i = 0; i < len;) {
        size_t width = (unsigned char)bytes[i] < 0x80 ? 1 : text_utf8_len(bytes + i, len - i);
        size_t end = i;
        if (bytes[i] == '\x1b')
            end = escape_end(&t, i);
        else if (width == 2 && bytes[i] == '\xC2' && within(bytes[i + 1], 0x80, 0x9F))
            end = body_end(&t, (char)((unsigned char)bytes[i + 1] - 0x40), i + 2);
        if (end > i) {
            strbuf_add(out, bytes + kept, i - kept);
            kept = end;
            i = end;
        } else {
            i += width > 0 ? width : 1;
        }
    }
    strbuf_add(out, bytes + kept, len - kept);
}
