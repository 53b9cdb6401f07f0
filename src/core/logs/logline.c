/* Reading one line of a worker's output. */
#include "core/logs/logline.h"

#include "base/text.h"
#include "core/json_scan.h"
#include "core/logs/ansi.h"
#include "core/logs/loglevel.h"

#include <stdbool.h>
#include <string.h>

/* Where a trailing object may begin is guessed this often; a line of braces costs no more. */
enum { OBJECT_GUESSES = 8 };

static const char prefix[] = "AGENT_";

struct span {
    const char *s;
    size_t len;
};

void logline_init(struct logline *l)
{
    *l = (struct logline){.level = LOG_LEVEL_INFO};
}

void logline_fini(struct logline *l)
{
    strbuf_fini(&l->text);
    strbuf_fini(&l->message);
    strbuf_fini(&l->values);
    strbuf_fini(&l->plain);
}

static struct span trim_end(struct span text)
{
    while (text.len > 0 && memchr(" \t\r\n", text.s[text.len - 1], 4))
        text.len--;
    return text;
}

static bool is_control(const char *s, size_t width)
{
    unsigned char c = (unsigned char)s[0];
    return (width == 1 && ((c < 0x20 && c != '\t') || c == 0x7F)) ||
           (width == 2 && c == 0xC2 && (unsigned char)s[1] < 0xA0);
}

static void add_hex(struct strbuf *out, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    const char shown[] = {'\\', 'x', digits[c >> 4], digits[c & 0xF]};
    strbuf_add(out, shown, sizeof shown);
}

/* journalctl shows a message with a single control or invalid byte as `[12B blob data]`. */
static void add_readable(struct strbuf *out, struct span text)
{
    size_t kept = 0;
    for (size_t i = 0; i < text.len;) {
        size_t width = text_utf8_len(text.s + i, text.len - i);
        if (width > 0 && !is_control(text.s + i, width)) {
            i += width;
            continue;
        }
        strbuf_add(out, text.s + kept, i - kept);
        if (text.s[i] == '\r' || text.s[i] == '\n')
            strbuf_adds(out, text.s[i] == '\r' ? "\\r" : "\\n");
        else
            add_hex(out, (unsigned char)text.s[i]);
        kept = ++i;
    }
    strbuf_add(out, text.s + kept, text.len - kept);
}

/* Text that came out of a JSON string, which can hold escape sequences again. */
static void add_unescaped(struct strbuf *out, struct span string)
{
    struct strbuf bytes = STRBUF_INIT;
    struct strbuf plain = STRBUF_INIT;
    json_scan_unescape(&bytes, string.s, string.len);
    ansi_strip(&plain, strbuf_text(&bytes), bytes.len);
    add_readable(out, trim_end((struct span){strbuf_text(&plain), plain.len}));
    strbuf_fini(&bytes);
    strbuf_fini(&plain);
}

/* Whether the last thing in `text` is a JSON object with members; where it begins. */
static bool find_object(struct span text, size_t *out_at)
{
    if (text.len == 0 || text.s[text.len - 1] != '}')
        return false;
    unsigned guesses = 0;
    for (size_t i = 0; i < text.len && guesses < OBJECT_GUESSES; i++) {
        if (text.s[i] != '{' || (i > 0 && text.s[i - 1] != ' ' && text.s[i - 1] != '\t'))
            continue;
        guesses++;
        struct json_member m;
        size_t pos = 0;
        if (json_scan_value(text.s + i, text.len - i) == text.len - i &&
            json_scan_member(text.s + i, text.len - i, &pos, &m)) {
            *out_at = i;
            return true;
        }
    }
    return false;
}

static bool key_is(const struct json_member *m, const char *name)
{
    return m->key_len == strlen(name) && memcmp(m->key, name, m->key_len) == 0;
}

static bool is_string(const struct json_member *m)
{
    return m->value[0] == '"';
}

static struct span inside(const struct json_member *m)
{
    return (struct span){m->value + 1, m->value_len - 2};
}

/* Writes the field's name; false if something of the key was lost. */
static bool field_name(char name[LOGLINE_NAME_MAX + 1], const struct json_member *m)
{
    size_t n = sizeof prefix - 1;
    memcpy(name, prefix, n);
    bool exact = true;
    size_t used = 0;
    for (; used < m->key_len && n < LOGLINE_NAME_MAX; used++) {
        char c = m->key[used];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        bool fits = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        name[n++] = fits ? c : '_';
        exact = exact && (unsigned char)c < 0x80 && c != '\\';
    }
    name[n] = '\0';
    return exact && used == m->key_len;
}

static bool has_field(const struct logline *l, const char *name)
{
    for (unsigned i = 0; i < l->n_fields; i++) {
        if (strcmp(l->fields[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Adds one field; false if the member could not be kept, or not as it was. */
static bool lift_member(struct logline *l, const struct json_member *m)
{
    if (l->n_fields == LIMIT_OUTPUT_FIELDS || m->key_len == 0)
        return false;
    struct logline_field *field = &l->fields[l->n_fields];
    bool exact = field_name(field->name, m);
    if (has_field(l, field->name))
        return false;
    field->at = l->values.len;
    if (is_string(m))
        json_scan_unescape(&l->values, inside(m).s, inside(m).len);
    else
        json_scan_compact(&l->values, m->value, m->value_len);
    field->len = l->values.len - field->at;
    l->n_fields++;
    return exact;
}

static void level_of_member(const struct json_member *m, bool *has_level, enum log_level *level)
{
    if (*has_level || !(key_is(m, "level") || key_is(m, "severity")))
        return;
    *has_level = is_string(m) ? loglevel_word(inside(m).s, inside(m).len, level)
                              : loglevel_number(m->value, m->value_len, level);
}

/* Lifts every member; true if nothing was lost. `out_text` gets the member that is the message. */
static bool lift(
    struct logline *l, struct span object, bool alone, bool *has_level, struct span *out_text)
{
    struct json_member m;
    size_t pos = 0;
    bool whole = true;
    while (json_scan_member(object.s, object.len, &pos, &m)) {
        level_of_member(&m, has_level, &l->level);
        bool text =
            alone && !out_text->s && is_string(&m) && (key_is(&m, "message") || key_is(&m, "msg"));
        if (text)
            *out_text = inside(&m);
        else
            whole = lift_member(l, &m) && whole;
    }
    return whole;
}

/* Skips sd-daemon's `<N>`; the three levels above err are err here. */
static struct span skip_priority(struct span text, bool *has_level, enum log_level *level)
{
    if (text.len < 3 || text.s[0] != '<' || text.s[1] < '0' || text.s[1] > '7' || text.s[2] != '>')
        return text;
    int n = text.s[1] - '0';
    *level = n < LOG_LEVEL_ERR ? LOG_LEVEL_ERR : (enum log_level)n;
    *has_level = true;
    return (struct span){text.s + 3, text.len - 3};
}

void logline_begin(struct logline *l, const char *bytes, size_t len)
{
    strbuf_reset(&l->plain);
    strbuf_reset(&l->text);
    strbuf_reset(&l->message);
    strbuf_reset(&l->values);
    l->n_fields = 0;
    ansi_strip(&l->plain, bytes, len);
    l->plain.len = trim_end((struct span){strbuf_text(&l->plain), l->plain.len}).len;
    add_readable(&l->text, (struct span){strbuf_text(&l->plain), l->plain.len});
}

void logline_parse(struct logline *l, enum log_level fallback)
{
    struct span rest = {strbuf_text(&l->plain), l->plain.len};
    bool has_level = false;
    l->level = fallback;
    rest = skip_priority(rest, &has_level, &l->level);

    size_t at = rest.len;
    struct span said = {0};
    bool found = find_object(rest, &at);
    struct span object = {rest.s + at, rest.len - at};
    struct span before = trim_end((struct span){rest.s, at});
    if (!has_level)
        has_level = loglevel_of_line(before.s, before.len, &l->level);
    bool alone = found && before.len == 0;
    bool whole = found && lift(l, object, alone, &has_level, &said);
    if (whole && said.s)
        add_unescaped(&l->message, said);
    else if (whole && !alone)
        add_readable(&l->message, before);
    if (l->message.len == 0)
        add_readable(&l->message, rest);
    if (l->message.len == 0) /* a level and nothing else */
        strbuf_add(&l->message, strbuf_text(&l->text), l->text.len);
}
