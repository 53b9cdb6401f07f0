/* Physical lines joined to logical ones. */
#include "core/config/config_lines.h"

#include "base/text.h"
#include "core/limits.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

void config_lines_init(struct config_lines *l, const char *text, size_t len)
{
    static const char bom[] = "\xEF\xBB\xBF";
    *l = (struct config_lines){.text = text, .len = len};
    if (len >= strlen(bom) && memcmp(text, bom, strlen(bom)) == 0)
        l->pos = strlen(bom);
}

void config_lines_fini(struct config_lines *l)
{
    strbuf_fini(&l->text_of);
}

struct slice {
    const char *p;
    size_t len;
};

/* The next physical line without its line end. */
static struct slice physical(struct config_lines *l)
{
    const char *p = l->text + l->pos;
    size_t rest = l->len - l->pos;
    const char *newline = memchr(p, '\n', rest);
    size_t len = newline ? (size_t)(newline - p) : rest;
    l->pos += len + (newline != NULL);
    l->line++;
    if (len > 0 && p[len - 1] == '\r')
        len--;
    return (struct slice){p, len};
}

static struct slice trimmed(struct slice s)
{
    while (s.len > 0 && isspace((unsigned char)s.p[0])) {
        s.p++;
        s.len--;
    }
    while (s.len > 0 && isspace((unsigned char)s.p[s.len - 1]))
        s.len--;
    return s;
}

static bool is_comment(struct slice s)
{
    s = trimmed(s);
    return s.len > 0 && (s.p[0] == '#' || s.p[0] == ';');
}

static const char *fault_of(struct slice s)
{
    if (s.len > LIMIT_CONFIG_LINE)
        return "line is longer than 16 KiB";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\0')
            return "line holds a NUL byte";
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return "line holds a control character";
    }
    return text_is_utf8(s.p, s.len) ? NULL : "line is not valid UTF-8";
}

/* An odd number of backslashes at the end: the last one is not itself escaped. */
static bool continues(struct slice s)
{
    size_t n = 0;
    while (n < s.len && s.p[s.len - 1 - n] == '\\')
        n++;
    return n % 2 == 1;
}

/* Collects one logical line; true if there was more than comments and white space. */
static bool collect(struct config_lines *l, unsigned *out_line, const char **out_cause)
{
    bool more = true;
    bool begun = false;
    strbuf_reset(&l->text_of);
    *out_cause = NULL;
    while (more && l->pos < l->len) {
        struct slice s = physical(l);
        if (is_comment(s))
            continue;
        if (!begun)
            *out_line = l->line;
        begun = true;
        const char *fault = fault_of(s);
        more = continues(s);
        if (!*out_cause && fault) {
            *out_cause = fault;
            *out_line = l->line;
        }
        s.len -= more;
        if (!*out_cause && l->text_of.len + s.len > LIMIT_CONFIG_LINE)
            *out_cause = "line is longer than 16 KiB with its continuations";
        if (*out_cause)
            continue;
        strbuf_add(&l->text_of, s.p, s.len);
        if (more)
            strbuf_addc(&l->text_of, ' ');
    }
    l->out_of_memory = l->out_of_memory || l->text_of.failed;
    if (begun && more && !*out_cause)
        *out_cause = "line ends in a backslash, but the file ends too";
    return begun;
}

enum config_line config_lines_next(
    struct config_lines *l, unsigned *out_line, const char **out_cause)
{
    while (collect(l, out_line, out_cause)) {
        if (*out_cause)
            return CONFIG_LINE_BAD;
        struct slice s = trimmed((struct slice){strbuf_text(&l->text_of), l->text_of.len});
        if (s.len == 0)
            continue;
        memmove(l->text_of.data, s.p, s.len);
        l->text_of.data[s.len] = '\0';
        l->text_of.len = s.len;
        return CONFIG_LINE_TEXT;
    }
    return CONFIG_LINE_END;
}
