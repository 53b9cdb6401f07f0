/* Reading the document. */
#include "core/saved/saved_field.h"

#include "base/num.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 24, SHOWN = 40 };

/* Where we are, for the message: `fleet.slots.3.worker`. */
struct place {
    const struct place *in; /* NULL: the document itself */
    const char *name;
    uint64_t version;
    struct err *e;
};

static void write_path(struct strbuf *out, const struct place *p)
{
    if (p->in && p->in->in) {
        write_path(out, p->in);
        strbuf_addc(out, '.');
    }
    if (p->name)
        strbuf_adds(out, p->name);
}

static int refuse(const struct place *p, const struct json_member *m, const char *why)
{
    struct strbuf path = STRBUF_INIT;
    struct strbuf shown = STRBUF_INIT;
    write_path(&path, p);
    text_escape(&shown, m->value, m->value_len, SHOWN);
    int r = err_set(p->e, -EINVAL, "read saved state: \"%s\" is %s, %s", strbuf_text(&path),
        strbuf_text(&shown), why);
    strbuf_fini(&path);
    strbuf_fini(&shown);
    return r;
}

static int missing(const struct place *p, const char *name)
{
    const struct place at = {.in = p, .name = name};
    struct strbuf path = STRBUF_INIT;
    write_path(&path, &at);
    int r = err_set(p->e, -EINVAL, "read saved state: \"%s\" is missing", strbuf_text(&path));
    strbuf_fini(&path);
    return r;
}

static bool is_text(const struct json_member *m)
{
    return m->value[0] == '"';
}

/* The text of a string value: owned, or NULL with *out_r set. */
static char *take_text(const struct place *p, const struct json_member *m, int *out_r)
{
    struct strbuf text = STRBUF_INIT;
    *out_r = 0;
    if (!is_text(m)) {
        *out_r = refuse(p, m, "not a text");
        return NULL;
    }
    json_scan_unescape(&text, m->value + 1, m->value_len - 2);
    size_t len = text.len;
    char *taken = strbuf_take(&text);
    if (!taken) {
        *out_r = err_set(p->e, -ENOMEM, "read saved state: out of memory");
    } else if (strlen(taken) != len) {
        free(taken);
        taken = NULL;
        *out_r = refuse(p, m, "cut by a NUL");
    } else if (!text_is_utf8(taken, len)) {
        free(taken);
        taken = NULL;
        *out_r = refuse(p, m, "not UTF-8");
    }
    return taken;
}

/* The digits as a text; too long ones are no number of ours. */
static const char *digits(const struct json_member *m, char buf[NUMBER_MAX])
{
    snprintf(buf, NUMBER_MAX, "%.*s", m->value_len < NUMBER_MAX ? (int)m->value_len : 0, m->value);
    return buf;
}

static int read_unsigned(const struct place *p, const struct saved_field *f,
    const struct json_member *m, uint64_t max, uint64_t *out)
{
    char buf[NUMBER_MAX];
    char why[64];
    if (f->max)
        max = f->max;
    if (num_parse_u64(digits(m, buf), 0, max, out) == 0)
        return 0;
    snprintf(why, sizeof why, "not a number from 0 to %" PRIu64, max);
    return refuse(p, m, why);
}

static int read_signed(
    const struct place *p, const struct json_member *m, int64_t min, int64_t max, int64_t *out)
{
    char buf[NUMBER_MAX];
    if (num_parse_i64(digits(m, buf), min, max, out) == 0)
        return 0;
    return refuse(p, m, "not a number that fits");
}

static int read_number(
    const struct place *p, const struct saved_field *f, const struct json_member *m, void *at)
{
    uint64_t u = 0;
    int64_t i = 0;
    int r = 0;
    if (f->type == SAVED_UNSIGNED) {
        r = read_unsigned(p, f, m, UINT32_MAX, &u);
        *(unsigned *)at = (unsigned)u;
    } else if (f->type == SAVED_U16) {
        r = read_unsigned(p, f, m, UINT16_MAX, &u);
        *(uint16_t *)at = (uint16_t)u;
    } else if (f->type == SAVED_U64) {
        r = read_unsigned(p, f, m, UINT64_MAX, at);
    } else if (f->type == SAVED_INT) {
        r = read_signed(p, m, INT32_MIN, INT32_MAX, &i);
        *(int *)at = (int)i;
    } else {
        r = read_signed(p, m, INT64_MIN, INT64_MAX, at);
    }
    return r;
}

static int read_bool(const struct place *p, const struct json_member *m, bool *at)
{
    if (m->value[0] != 't' && m->value[0] != 'f')
        return refuse(p, m, "neither true nor false");
    *at = m->value[0] == 't';
    return 0;
}

/* Index of the name, or n. */
static unsigned find_name(const char *const names[], unsigned n, const char *text, size_t len)
{
    unsigned i = 0;
    while (i < n && (strlen(names[i]) != len || memcmp(names[i], text, len) != 0))
        i++;
    return i;
}

static int read_enum(
    const struct place *p, const struct saved_field *f, const struct json_member *m, void *at)
{
    unsigned value = f->n;
    if (is_text(m))
        value = find_name(f->names, f->n, m->value + 1, m->value_len - 2);
    if (value == f->n)
        return refuse(p, m, "none of the names that we know");
    memcpy(at, &value, sizeof value);
    return 0;
}

static int read_text(const struct place *p, const struct json_member *m, char **at)
{
    int r = 0;
    char *text = m->value[0] == 'n' ? NULL : take_text(p, m, &r);
    if (r < 0)
        return r;
    free(*at); /* of the same member, named before */
    *at = text;
    return 0;
}

static int read_chars(
    const struct place *p, const struct saved_field *f, const struct json_member *m, char *at)
{
    int r = 0;
    char *text = take_text(p, m, &r);
    if (text && strlen(text) >= f->size)
        r = refuse(p, m, "too long");
    else if (text)
        strcpy(at, text);
    free(text);
    return r;
}

static int read_endpoint(const struct place *p, const struct json_member *m, struct endpoint *at)
{
    int r = 0;
    char *text = take_text(p, m, &r);
    if (text && endpoint_parse(text, at, NULL) < 0)
        r = refuse(p, m, "not an address");
    free(text);
    return r;
}

static int read_value(
    const struct place *p, const struct saved_field *f, const struct json_member *m, void *at);

/* Members that we do not know are passed over. */
static int read_object(
    const struct place *p, const struct saved_field *f, const struct json_member *object, char *at)
{
    bool seen[SAVED_ROWS_MAX] = {false};
    struct json_member m;
    size_t pos = 0;
    if (object->value[0] != '{')
        return refuse(p, object, "not an object");
    while (json_scan_member(object->value, object->value_len, &pos, &m)) {
        const struct saved_field *row = f->parts;
        while (row->name &&
               (strlen(row->name) != m.key_len || memcmp(row->name, m.key, m.key_len) != 0))
            row++;
        if (!row->name)
            continue;
        const struct place in = {p, row->name, p->version, p->e};
        int r = read_value(&in, row, &m, at + row->offset);
        if (r < 0)
            return r;
        seen[row - f->parts] = true;
    }
    for (const struct saved_field *row = f->parts; row->name; row++) {
        if (!seen[row - f->parts] && p->version >= row->since)
            return missing(p, row->name);
    }
    return 0;
}

static int read_array(
    const struct place *p, const struct saved_field *f, const struct json_member *array, char *at)
{
    struct json_member m;
    size_t pos = 0;
    if (array->value[0] != '{')
        return refuse(p, array, "not an object");
    while (json_scan_member(array->value, array->value_len, &pos, &m)) {
        char key[NUMBER_MAX] = "";
        uint64_t i = 0;
        snprintf(key, sizeof key, "%.*s", m.key_len < sizeof key ? (int)m.key_len : 0, m.key);
        const struct place in = {p, key, p->version, p->e};
        if (f->names)
            i = find_name(f->names, f->n, m.key, m.key_len);
        else if (num_parse_u64(key, 0, f->n - 1, &i) < 0)
            i = f->n;
        if (i == f->n)
            return refuse(&in, &m, "which has no place there");
        int r = read_value(&in, f->parts, &m, at + i * f->size);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_value(
    const struct place *p, const struct saved_field *f, const struct json_member *m, void *at)
{
    switch (f->type) {
    case SAVED_BOOL:
        return read_bool(p, m, at);
    case SAVED_UNSIGNED:
    case SAVED_U16:
    case SAVED_U64:
    case SAVED_INT:
    case SAVED_I64:
        return read_number(p, f, m, at);
    case SAVED_ENUM:
        return read_enum(p, f, m, at);
    case SAVED_CHARS:
        return read_chars(p, f, m, at);
    case SAVED_TEXT:
        return read_text(p, m, at);
    case SAVED_ENDPOINT:
        return read_endpoint(p, m, at);
    case SAVED_OBJECT:
        return read_object(p, f, m, at);
    case SAVED_ARRAY:
        return read_array(p, f, m, at);
    }
    return -EINVAL;
}

int saved_read_by(const struct saved_field *f, const struct json_member *value, uint64_t version,
    void *out, struct err *e)
{
    const struct place document = {.version = version, .e = e};
    return read_value(&document, f, value, out);
}
