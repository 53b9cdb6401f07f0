/* Splitting a value into quoted words, and writing one. */
#include "core/config/config_words.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void add_utf8(struct strbuf *out, uint32_t c)
{
    char bytes[4];
    size_t n = 0;
    if (c < 0x80) {
        bytes[n++] = (char)c;
    } else if (c < 0x800) {
        bytes[n++] = (char)(0xC0 | c >> 6);
    } else if (c < 0x10000) {
        bytes[n++] = (char)(0xE0 | c >> 12);
        bytes[n++] = (char)(0x80 | (c >> 6 & 0x3F));
    } else {
        bytes[n++] = (char)(0xF0 | c >> 18);
        bytes[n++] = (char)(0x80 | (c >> 12 & 0x3F));
        bytes[n++] = (char)(0x80 | (c >> 6 & 0x3F));
    }
    if (c >= 0x80)
        bytes[n++] = (char)(0x80 | (c & 0x3F));
    strbuf_add(out, bytes, n);
}

/* `count` digits of base 8 or 16 at p; false if there are fewer. */
static bool digits(const char *p, unsigned count, unsigned base, uint32_t *out_value)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned char c = (unsigned char)p[i];
        uint32_t digit = 99;
        if (isdigit(c))
            digit = c - (unsigned)'0';
        else if (isxdigit(c))
            digit = (uint32_t)tolower(c) - 'a' + 10;
        if (digit >= base)
            return false;
        value = value * base + digit;
    }
    *out_value = value;
    return true;
}

static int refuse(struct err *e, const char *p, size_t len, const char *cause)
{
    struct strbuf shown = STRBUF_INIT;
    text_escape(&shown, p, strnlen(p, len), len);
    err_set(e, -EINVAL, "escape \"%s\" %s", strbuf_text(&shown), cause);
    strbuf_fini(&shown);
    return -EINVAL;
}

/* Numeric escapes: \xHH, \NNN, \uHHHH, \UHHHHHHHH; p is behind the backslash. */
static int number_escape(const char **p, struct strbuf *out, struct err *e)
{
    const char *s = *p;
    unsigned prefix = isdigit((unsigned char)*s) ? 0 : 1;
    unsigned base = prefix ? 16 : 8;
    unsigned count = *s == 'x' ? 2 : *s == 'u' ? 4 : *s == 'U' ? 8 : 3;
    uint32_t value = 0;
    if (!digits(s + prefix, count, base, &value))
        return refuse(e, s - 1, 2, "needs more digits");
    if (value == 0)
        return refuse(e, s - 1, prefix + count + 1, "stands for a NUL byte");
    if (count > 3) {
        if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
            return refuse(e, s - 1, prefix + count + 1, "is no character");
        add_utf8(out, value);
    } else {
        if (value > 0xFF)
            return refuse(e, s - 1, prefix + count + 1, "is larger than a byte");
        strbuf_addc(out, (char)value);
    }
    *p = s + prefix + count;
    return 0;
}

static int escape_at(const char **p, struct strbuf *out, struct err *e)
{
    static const char names[] = "abfnrtvs\\\"'";
    static const char bytes[] = "\a\b\f\n\r\t\v \\\"'";
    const char *s = *p + 1;
    if (*s == '\0')
        return err_set(e, -EINVAL, "value ends in a lone backslash");
    const char *hit = strchr(names, *s);
    if (hit) {
        strbuf_addc(out, bytes[hit - names]);
        *p = s + 1;
        return 0;
    }
    if (*s == 'x' || *s == 'u' || *s == 'U' || (*s >= '0' && *s <= '7')) {
        *p = s;
        return number_escape(p, out, e);
    }
    size_t n = text_utf8_len(s, strlen(s));
    return refuse(e, s - 1, 1 + (n ? n : 1), "is unknown, write a backslash as \\\\");
}

/* Reads one word at *p, which is not white space, into `word`. */
static int word_at(const char **p, struct strbuf *word, struct err *e)
{
    char quote = '\0';
    const char *s = *p;
    while (*s && (quote || !isspace((unsigned char)*s))) {
        if (*s == '\\') {
            int r = escape_at(&s, word, e);
            if (r < 0)
                return r;
        } else if (quote ? *s == quote : *s == '"' || *s == '\'') {
            quote = quote ? '\0' : *s;
            s++;
        } else {
            strbuf_addc(word, *s++);
        }
    }
    if (quote)
        return err_set(e, -EINVAL, "quote %c is not closed", quote);
    *p = s;
    return 0;
}

static int split(const char *text, struct strlist *out, struct err *e)
{
    struct strbuf word = STRBUF_INIT;
    int r = 0;
    for (const char *p = text; r == 0;) {
        while (isspace((unsigned char)*p))
            p++;
        if (*p == '\0')
            break;
        strbuf_reset(&word);
        r = word_at(&p, &word, e);
        if (r == 0)
            r = word.failed ? -ENOMEM : strlist_add(out, strbuf_text(&word));
    }
    strbuf_fini(&word);
    return r;
}

int config_words_split(const char *text, struct strlist *out, struct err *e)
{
    size_t before = out->n;
    int r = split(text, out, e);
    while (r < 0 && out->n > before) {
        free(out->items[--out->n]);
        out->items[out->n] = NULL;
    }
    return r;
}

static bool needs_quotes(const char *word)
{
    if (*word == '\0')
        return true;
    for (const char *p = word; *p; p++) {
        if (isspace((unsigned char)*p) || strchr("\"'\\", *p))
            return true;
    }
    return false;
}

/* The quote that the word holds less often needs fewer escapes. */
static char quote_for(const char *word)
{
    size_t n_double = 0;
    size_t n_single = 0;
    for (const char *p = word; *p; p++) {
        n_double += *p == '"';
        n_single += *p == '\'';
    }
    return n_double > n_single ? '\'' : '"';
}

void config_word_write(struct strbuf *out, const char *word)
{
    size_t len = strlen(word);
    char quote = needs_quotes(word) ? quote_for(word) : '\0';
    if (quote)
        strbuf_addc(out, quote);
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)word[i];
        size_t n = text_utf8_len(word + i, len - i);
        if (n == 0 || (c < 0x20 && c != '\t') || c == 0x7F) {
            strbuf_addf(out, "\\x%02x", c);
            i++;
            continue;
        }
        if (c == '\\' || (quote && c == (unsigned char)quote))
            strbuf_addc(out, '\\');
        strbuf_add(out, word + i, n);
        i += n;
    }
    if (quote)
        strbuf_addc(out, quote);
}
