/* Writing the document, and comparing by its rows. */
#include "core/saved/saved_field.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

struct writer {
    const struct saved *saved;
    struct strbuf *out;
};

static const void *part(const struct saved_field *f, const void *object)
{
    return (const char *)object + f->offset;
}

static const void *element(const struct saved_field *f, const void *array, unsigned i)
{
    return (const char *)array + i * f->size;
}

static unsigned enum_value(const void *at)
{
    unsigned value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void write_text(struct strbuf *out, const char *text)
{
    if (text)
        text_json(out, text, strlen(text));
    else
        strbuf_adds(out, "null");
}

/* What is no UTF-8 (a name cut in the middle) becomes no longer than it was: it must fit again. */
static void write_chars(struct strbuf *out, const char *text, size_t size)
{
    char shown[SAVED_CHARS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < size && text[i];) {
        size_t len = text_utf8_len(text + i, strnlen(text + i, size - i));
        for (size_t k = 0; k < len; k++)
            shown[n++] = text[i + k];
        if (len == 0)
            shown[n++] = '?';
        i += len ? len : 1;
    }
    text_json(out, shown, n);
}

static void write_value(const struct writer *w, const struct saved_field *f, const void *at);

static void write_object(const struct writer *w, const struct saved_field *f, const void *at)
{
    const char *before = "{";
    for (const struct saved_field *row = f->parts; row->name; row++) {
        strbuf_addf(w->out, "%s\"%s\":", before, row->name);
        write_value(w, row, part(row, at));
        before = ",";
    }
    strbuf_addc(w->out, '}');
}

static void write_array(const struct writer *w, const struct saved_field *f, const void *at)
{
    const char *before = "";
    strbuf_addc(w->out, '{');
    for (unsigned i = 0; i < f->n; i++) {
        if (f->is_unused(w->saved, element(f, at, i)))
            continue;
        if (f->names)
            strbuf_addf(w->out, "%s\"%s\":", before, f->names[i]);
        else
            strbuf_addf(w->out, "%s\"%u\":", before, i);
        write_value(w, f->parts, element(f, at, i));
        before = ",";
    }
    strbuf_addc(w->out, '}');
}

static void write_value(const struct writer *w, const struct saved_field *f, const void *at)
{
    char endpoint[ENDPOINT_TEXT_MAX];
    switch (f->type) {
    case SAVED_BOOL:
        strbuf_adds(w->out, *(const bool *)at ? "true" : "false");
        break;
    case SAVED_UNSIGNED:
        strbuf_addf(w->out, "%u", *(const unsigned *)at);
        break;
    case SAVED_U16:
        strbuf_addf(w->out, "%u", *(const uint16_t *)at);
        break;
    case SAVED_U64:
        strbuf_addf(w->out, "%" PRIu64, *(const uint64_t *)at);
        break;
    case SAVED_INT:
        strbuf_addf(w->out, "%d", *(const int *)at);
        break;
    case SAVED_I64:
        strbuf_addf(w->out, "%" PRId64, *(const int64_t *)at);
        break;
    case SAVED_ENUM:
        write_text(w->out, f->names[enum_value(at)]);
        break;
    case SAVED_CHARS:
        write_chars(w->out, at, f->size);
        break;
    case SAVED_TEXT:
        write_text(w->out, *(char *const *)at);
        break;
    case SAVED_ENDPOINT:
        write_text(w->out, endpoint_text(at, endpoint));
        break;
    case SAVED_OBJECT:
        write_object(w, f, at);
        break;
    case SAVED_ARRAY:
        write_array(w, f, at);
        break;
    }
}

void saved_write(const struct saved *s, struct strbuf *out)
{
    const struct writer w = {s, out};
    strbuf_addf(out, "{\"version\":%d,\"state\":", SAVED_VERSION);
    write_value(&w, &saved_document, s);
    strbuf_adds(out, "}\n");
}

static bool text_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool saved_equal(const struct saved_field *f, const void *a, const void *b)
{
    switch (f->type) {
    case SAVED_BOOL:
    case SAVED_UNSIGNED:
    case SAVED_U16:
    case SAVED_U64:
    case SAVED_INT:
    case SAVED_I64:
    case SAVED_ENUM:
        return memcmp(a, b, f->size) == 0;
    case SAVED_CHARS:
        return strcmp(a, b) == 0;
    case SAVED_TEXT:
        return text_equal(*(char *const *)a, *(char *const *)b);
    case SAVED_ENDPOINT:
        return endpoint_equal(a, b);
    case SAVED_OBJECT:
        for (const struct saved_field *row = f->parts; row->name; row++) {
            if (!saved_equal(row, part(row, a), part(row, b)))
                return false;
        }
        break;
    case SAVED_ARRAY:
        for (unsigned i = 0; i < f->n; i++) {
            if (!saved_equal(f->parts, element(f, a, i), element(f, b, i)))
                return false;
        }
        break;
    }
    return true;
}
