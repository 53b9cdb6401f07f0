/* Globs, distances, escapes: small operations on text and bytes. */
#include "base/text.h"

#include "base/strbuf.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* Matches one byte against the class whose `[` is at p[0]; *out_len is the class's length. */
static bool class_matches(const char *p, size_t len, unsigned char c, size_t *out_len)
{
    size_t i = 1;
    bool negate = i < len && p[i] == '^';
    bool hit = false;
    i += negate;
    while (i < len && p[i] != ']') {
        if (p[i] == '\\' && i + 1 < len)
            i++;
        unsigned char low = (unsigned char)p[i];
        unsigned char high = low;
        if (i + 2 < len && p[i + 1] == '-' && p[i + 2] != ']') {
            high = (unsigned char)p[i + 2];
            i += 2;
        }
        if (low > high) {
            unsigned char swap = low;
            low = high;
            high = swap;
        }
        hit = hit || (c >= low && c <= high);
        i++;
    }
    *out_len = i < len ? i + 1 : len;
    return hit != negate;
}

/* Matches one byte against the pattern element at p[0] (not `*`); *out_len is the element's length.
 */
static bool element_matches(const char *p, size_t len, unsigned char c, size_t *out_len)
{
    switch (p[0]) {
    case '?':
        *out_len = 1;
        return true;
    case '[':
        return class_matches(p, len, c, out_len);
    case '\\':
        *out_len = len > 1 ? 2 : 1;
        return (unsigned char)p[*out_len - 1] == c;
    default:
        *out_len = 1;
        return (unsigned char)p[0] == c;
    }
}

bool text_glob(const char *pattern, size_t pattern_len, const char *text, size_t len)
{
    size_t p = 0;
    size_t t = 0;
    size_t star_p = SIZE_MAX; /* where to resume in the pattern after the latest `*` */
    size_t star_t = 0;
    while (t < len) {
        size_t element = 0;
        if (p < pattern_len && pattern[p] == '*') {
            star_p = ++p;
            star_t = t;
        } else if (p < pattern_len && element_matches(pattern + p, pattern_len - p,
                                          (unsigned char)text[t], &element)) {
            p += element;
            t++;
        } else if (star_p != SIZE_MAX) {
            p = star_p;
            t = ++star_t;
        } else {
            return false;
        }
    }
    while (p < pattern_len && pattern[p] == '*')
        p++;
    return p == pattern_len;
}

unsigned text_distance(const char *a, const char *b, unsigned limit)
{
    enum { MAX = 64 };
    unsigned row[MAX + 1];
    size_t la = strlen(a);
    size_t lb = strlen(b);
    if (la > MAX || lb > MAX)
        return limit;
    for (unsigned j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 1; i <= la; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            unsigned above = row[j];
            bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            unsigned best = diagonal + !same;
            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = above;
            row[j] = best;
        }
    }
    return row[lb] < limit ? row[lb] : limit;
}

size_t text_utf8_len(const char *bytes, size_t len)
{
    const unsigned char *s = (const unsigned char *)bytes;
    size_t n = len == 0      ? 0
               : s[0] < 0x80 ? 1
               : s[0] < 0xC2 ? 0
               : s[0] < 0xE0 ? 2
               : s[0] < 0xF0 ? 3
               : s[0] < 0xF5 ? 4
                             : 0;
    if (n > len)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    }
    /* Overlong forms, surrogates and code points beyond U+10FFFF. */
    if (n == 3 && ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F)))
        return 0;
    if (n == 4 && ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F)))
        return 0;
    return n;
}

bool text_is_utf8(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = text_utf8_len(bytes + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

static void escape_one(struct strbuf *out, unsigned char c)
{
    switch (c) {
    case '\n':
        strbuf_adds(out, "\\n");
        return;
    case '\r':
        strbuf_adds(out, "\\r");
        return;
    case '\t':
        strbuf_adds(out, "\\t");
        return;
    case '\\':
        strbuf_adds(out, "\\\\");
        return;
    default:
        strbuf_addf(out, "\\x%02x", c);
    }
}

void text_escape(struct strbuf *out, const char *bytes, size_t len, size_t max)
{
    size_t i = 0;
    while (i < len && i < max) {
        unsigned char c = (unsigned char)bytes[i];
        size_t n = text_utf8_len(bytes + i, len - i);
        /* U+0080..U+009F are terminal controls too. */
        bool c1 = n == 2 && c == 0xC2 && (unsigned char)bytes[i + 1] < 0xA0;
        if (n == 0 || c < 0x20 || c == 0x7F || c == '\\' || c1) {
            escape_one(out, c);
            n = 1;
            if (c1)
                escape_one(out, (unsigned char)bytes[i + n++]);
        } else {
            strbuf_add(out, bytes + i, n);
        }
        i += n;
    }
    if (i < len)
        strbuf_adds(out, "…");
}

void text_json(struct strbuf *out, const char *bytes, size_t len)
{
    strbuf_addc(out, '"');
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)bytes[i];
        size_t n = text_utf8_len(bytes + i, len - i);
        if (n == 0) {
            strbuf_adds(out, "\\ufffd");
            n = 1;
        } else if (c == '"' || c == '\\') {
            strbuf_addc(out, '\\');
            strbuf_addc(out, (char)c);
        } else if (c < 0x20 || c == 0x7F) {
            strbuf_addf(out, "\\u%04x", c);
        } else {
            strbuf_add(out, bytes + i, n);
        }
        i += n;
    }
    strbuf_addc(out, '"');
}

char *text_trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    text[len] = '\0';
    return text;
}

void text_blank_controls(char *text)
{
    for (; *text; text++) {
        if (iscntrl((unsigned char)*text))
            *text = '?';
    }
}
