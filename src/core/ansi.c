/* Removing terminal escape sequences. */
#include "core/ansi.h"

#include "base/strbuf.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

static bool within(char c, unsigned char low, unsigned char high)
{
    return (unsigned char)c >= low && (unsigned char)c <= high;
}

/* Bytes of a control sequence behind its introducer; a broken one ends at what does not fit. */
static size_t csi_len(const char *s, size_t len)
{
    size_t i = 0;
    while (i < len && within(s[i], 0x30, 0x3F))
        i++;
    while (i < len && within(s[i], 0x20, 0x2F))
        i++;
    return i < len && within(s[i], 0x40, 0x7E) ? i + 1 : i;
}

/* Bytes of a string sequence behind its introducer, its end included; 0 if it does not end. */
static size_t string_len(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '\a')
            return i + 1;
        bool more = i + 1 < len;
        if (more && s[i] == '\x1b' && s[i + 1] == '\\')
            return i + 2;
        if (more && s[i] == '\xC2' && s[i + 1] == '\x9C')
            return i + 2;
    }
    return 0;
}

/* What follows the introducer; `final` is its ESC form: `[` for CSI, `]` for OSC and so on. */
static size_t body_len(char final, const char *s, size_t len)
{
    switch (final) {
    case '[':
        return csi_len(s, len);
    case ']': /* OSC */
    case 'P': /* DCS */
    case 'X': /* SOS */
    case '^': /* PM */
    case '_': /* APC */
        return string_len(s, len);
    default:
        return 0;
    }
}

/* Length of the sequence at an ESC. */
static size_t escape_len(const char *s, size_t len)
{
    size_t i = 1;
    while (i < len && within(s[i], 0x20, 0x2F))
        i++;
    if (i >= len || !within(s[i], 0x30, 0x7E))
        return i;
    return i == 1 ? 2 + body_len(s[1], s + 2, len - 2) : i + 1;
}

void ansi_strip(struct strbuf *out, const char *bytes, size_t len)
{
    size_t kept = 0; /* start of what was not yet copied */
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        size_t width = 1;
        if (bytes[i] == '\x1b') {
            n = escape_len(bytes + i, len - i);
        } else if ((unsigned char)bytes[i] >= 0x80) {
            width = text_utf8_len(bytes + i, len - i);
            if (width == 2 && bytes[i] == '\xC2' && within(bytes[i + 1], 0x80, 0x9F))
                n = 2 + body_len(
                            (char)((unsigned char)bytes[i + 1] - 0x40), bytes + i + 2, len - i - 2);
        }
        if (n > 0) {
            strbuf_add(out, bytes + kept, i - kept);
            kept = i + n;
            width = n;
        }
        i += width > 0 ? width : 1;
    }
    strbuf_add(out, bytes + kept, len - kept);
}
