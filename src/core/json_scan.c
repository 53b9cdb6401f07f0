/* JSON read in place. */
#include "core/json_scan.h"

#include "base/strbuf.h"
#include "core/limits.h"

#include <stdint.h>
#include <string.h>

struct scan {
    const char *s;
    size_t len;
    size_t i;
    unsigned depth;
    uint64_t objects; /* one bit a level, the innermost lowest: object, else array */
};

_Static_assert(LIMIT_JSON_DEPTH <= 64, "a level of nesting is one bit of struct scan.objects");

enum step { STEP_FAIL, STEP_VALUE, STEP_ENDED };

static char peek(const struct scan *c)
{
    return c->i < c->len ? c->s[c->i] : '\0';
}

static void skip_space(struct scan *c)
{
    while (peek(c) == ' ' || peek(c) == '\t' || peek(c) == '\n' || peek(c) == '\r')
        c->i++;
}

static bool digits(struct scan *c)
{
    size_t from = c->i;
    while (peek(c) >= '0' && peek(c) <= '9')
        c->i++;
    return c->i > from;
}

static bool number(struct scan *c)
{
    if (peek(c) == '-')
        c->i++;
    if (peek(c) == '0')
        c->i++;
    else if (!digits(c))
        return false;
    if (peek(c) == '.') {
        c->i++;
        if (!digits(c))
            return false;
    }
    if (peek(c) == 'e' || peek(c) == 'E') {
        c->i++;
        if (peek(c) == '+' || peek(c) == '-')
            c->i++;
        if (!digits(c))
            return false;
    }
    return true;
}

static bool is_hex(char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F');
}

static bool escape(struct scan *c)
{
    char kind = peek(c);
    if (kind == '\0' || !strchr("\"\\/bfnrtu", kind))
        return false;
    c->i++;
    for (unsigned n = 0; kind == 'u' && n < 4; n++, c->i++) {
        if (!is_hex(peek(c)))
            return false;
    }
    return true;
}

static bool string(struct scan *c)
{
    if (peek(c) != '"')
        return false;
    c->i++;
    while (c->i < c->len) {
        unsigned char ch = (unsigned char)c->s[c->i++];
        if (ch == '"')
            return true;
        if (ch < 0x20 || (ch == '\\' && !escape(c)))
            return false;
    }
    return false;
}

static bool word(struct scan *c, const char *text)
{
    size_t n = strlen(text);
    if (c->len - c->i < n || memcmp(c->s + c->i, text, n) != 0)
        return false;
    c->i += n;
    return true;
}

static bool scalar(struct scan *c)
{
    switch (peek(c)) {
    case '"':
        return string(c);
    case 't':
        return word(c, "true");
    case 'f':
        return word(c, "false");
    case 'n':
        return word(c, "null");
    default:
        return number(c);
    }
}

/* A member's name and the colon after it. */
static bool key(struct scan *c)
{
    skip_space(c);
    if (!string(c))
        return false;
    skip_space(c);
    if (peek(c) != ':')
        return false;
    c->i++;
    return true;
}

static char closing(const struct scan *c)
{
    return c->objects & 1 ? '}' : ']';
}

static enum step close_container(struct scan *c)
{
    c->i++;
    c->depth--;
    c->objects >>= 1;
    return STEP_ENDED;
}

static enum step next_element(struct scan *c)
{
    return !(c->objects & 1) || key(c) ? STEP_VALUE : STEP_FAIL;
}

static enum step begin_value(struct scan *c)
{
    skip_space(c);
    char ch = peek(c);
    if (ch != '{' && ch != '[')
        return scalar(c) ? STEP_ENDED : STEP_FAIL;
    if (c->depth == LIMIT_JSON_DEPTH)
        return STEP_FAIL;
    c->i++;
    c->depth++;
    c->objects = c->objects << 1 | (ch == '{');
    skip_space(c);
    return peek(c) == closing(c) ? close_container(c) : next_element(c);
}

static enum step after_value(struct scan *c)
{
    skip_space(c);
    if (peek(c) == closing(c))
        return close_container(c);
    if (peek(c) != ',')
        return STEP_FAIL;
    c->i++;
    return next_element(c);
}

size_t json_scan_value(const char *bytes, size_t len)
{
    struct scan c = {.s = bytes, .len = len};
    enum step step = STEP_VALUE;
    do {
        step = step == STEP_VALUE ? begin_value(&c) : after_value(&c);
    } while (step == STEP_VALUE || (step == STEP_ENDED && c.depth > 0));
    return step == STEP_FAIL ? 0 : c.i;
}

bool json_scan_member(const char *object, size_t len, size_t *pos, struct json_member *out_member)
{
    struct scan c = {.s = object, .len = len, .i = *pos};
    skip_space(&c);
    c.i++; /* the brace before the first member, the comma before any other */
    skip_space(&c);
    size_t from = c.i;
    if (c.i >= len || !string(&c))
        return false;
    struct json_member m = {.key = object + from + 1, .key_len = c.i - from - 2};
    skip_space(&c);
    c.i++; /* the colon */
    skip_space(&c);
    m.value = object + c.i;
    m.value_len = json_scan_value(m.value, len - c.i);
    if (m.value_len == 0)
        return false;
    *pos = c.i + m.value_len;
    *out_member = m;
    return true;
}

static unsigned hex4(const char *s)
{
    unsigned value = 0;
    for (unsigned i = 0; i < 4; i++) {
        unsigned char ch = (unsigned char)s[i];
        value = value << 4 | (ch <= '9' ? ch - 48u : (ch | 0x20u) - 87u);
    }
    return value;
}

static void add_code_point(struct strbuf *out, unsigned code)
{
    char s[4];
    if (code < 0x80) {
        strbuf_addc(out, (char)code);
    } else if (code < 0x800) {
        s[0] = (char)(0xC0 | code >> 6);
        s[1] = (char)(0x80 | (code & 0x3F));
        strbuf_add(out, s, 2);
    } else if (code < 0x10000) {
        s[0] = (char)(0xE0 | code >> 12);
        s[1] = (char)(0x80 | (code >> 6 & 0x3F));
        s[2] = (char)(0x80 | (code & 0x3F));
        strbuf_add(out, s, 3);
    } else {
        s[0] = (char)(0xF0 | code >> 18);
        s[1] = (char)(0x80 | (code >> 12 & 0x3F));
        s[2] = (char)(0x80 | (code >> 6 & 0x3F));
        s[3] = (char)(0x80 | (code & 0x3F));
        strbuf_add(out, s, 4);
    }
}

/* `s` is behind a `\u`; returns how many bytes of it were used. */
static size_t unescape_unicode(struct strbuf *out, const char *s, size_t len)
{
    unsigned high = hex4(s);
    if (high < 0xD800 || high > 0xDFFF) {
        add_code_point(out, high);
        return 4;
    }
    if (high < 0xDC00 && len >= 10 && s[4] == '\\' && s[5] == 'u') {
        unsigned low = hex4(s + 6);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            add_code_point(out, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            return 10;
        }
    }
    add_code_point(out, 0xFFFD);
    return 4;
}

void json_scan_unescape(struct strbuf *out, const char *bytes, size_t len)
{
    static const char letters[] = "bfnrt";
    static const char controls[] = "\b\f\n\r\t";
    for (size_t i = 0; i < len;) {
        const char *backslash = memchr(bytes + i, '\\', len - i);
        size_t plain = backslash ? (size_t)(backslash - bytes) - i : len - i;
        strbuf_add(out, bytes + i, plain);
        i += plain;
        if (len - i < 2)
            break;
        char kind = bytes[i + 1];
        const char *letter = strchr(letters, kind);
        i += 2;
        if (kind == 'u')
            i += unescape_unicode(out, bytes + i, len - i);
        else
            strbuf_addc(out, letter ? controls[letter - letters] : kind);
    }
}

void json_scan_compact(struct strbuf *out, const char *bytes, size_t len)
{
    struct scan c = {.s = bytes, .len = len};
    for (;;) {
        skip_space(&c);
        if (c.i >= len)
            return;
        size_t from = c.i;
        if (!string(&c))
            c.i = from + 1;
        strbuf_add(out, bytes + from, c.i - from);
    }
}
