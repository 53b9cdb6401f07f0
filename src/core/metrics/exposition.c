/* Prometheus' text format, and OpenMetrics. */
#include "core/metrics/exposition.h"

#include "base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static const struct metric_family_row rows[] = {
#define X(symbol, type, name, labels, help) {METRIC_##type, name, labels, help},
    METRIC_FAMILIES(X)
#undef X
};

const struct metric_family_row *exposition_row(enum metric_family family)
{
    return &rows[family];
}

static const char *type_name(enum metric_type type)
{
    switch (type) {
    case METRIC_COUNTER:
        return "counter";
    case METRIC_GAUGE:
        return "gauge";
    case METRIC_INFO:
        return "info";
    case METRIC_HISTOGRAM:
        return "histogram";
    }
    return "unknown";
}

const char *exposition_content_type(enum exposition_format format)
{
    switch (format) {
    case EXPOSITION_TEXT:
        return "text/plain; version=0.0.4; charset=utf-8";
    case EXPOSITION_OPENMETRICS:
        return "application/openmetrics-text; version=1.0.0; charset=utf-8";
    }
    return "";
}

void exposition_begin(struct exposition *x, enum exposition_format format, struct strbuf *out)
{
    *x = (struct exposition){.format = format, .out = out, .family = -1};
}

static void head(struct exposition *x, const struct metric_family_row *row)
{
    enum metric_type type = row->type;
    size_t len = strlen(row->name);
    if (x->format == EXPOSITION_OPENMETRICS) {
        /* There the ending belongs to the sample and not to the family. */
        if (type == METRIC_COUNTER)
            len -= strlen("_total");
        if (type == METRIC_INFO)
            len -= strlen("_info");
    } else if (type == METRIC_INFO) {
        type = METRIC_GAUGE;
    }
    strbuf_addf(x->out, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)len, row->name, row->help,
        (int)len, row->name, type_name(type));
}

void exposition_family(struct exposition *x, enum metric_family family)
{
    assert((int)family > x->family && family < METRIC_FAMILY_COUNT);
    while (x->family < (int)family)
        head(x, &rows[++x->family]);
}

void exposition_end(struct exposition *x)
{
    if (x->family < METRIC_FAMILY_COUNT - 1)
        exposition_family(x, METRIC_FAMILY_COUNT - 1);
    if (x->format == EXPOSITION_OPENMETRICS)
        strbuf_adds(x->out, "# EOF\n");
}

/* The three escapes that the format knows. One byte that is no UTF-8 would cost the whole scrape.
 */
static void add_value(struct strbuf *out, const char *value)
{
    size_t left = strlen(value);
    while (left > 0) {
        size_t n = text_utf8_len(value, left);
        if (n == 0)
            strbuf_adds(out, "\xef\xbf\xbd");
        else if (*value == '\n')
            strbuf_adds(out, "\\n");
        else if (*value == '\\' || *value == '"')
            strbuf_addf(out, "\\%c", *value);
        else
            strbuf_add(out, value, n);
        value += n ? n : 1;
        left -= n ? n : 1;
    }
}

/* "{a="1",b="2",le="0.5"}", or nothing; `le` may be NULL. */
static void add_labels(struct exposition *x, const struct metric_labels *labels, const char *le)
{
    const char *name = rows[x->family].labels;
    const char *separator = "{";
    for (unsigned i = 0; *name; i++) {
        size_t len = strcspn(name, ",");
        assert(labels && i < METRIC_LABELS_MAX && labels->values[i]);
        strbuf_addf(x->out, "%s%.*s=\"", separator, (int)len, name);
        add_value(x->out, labels->values[i]);
        strbuf_addc(x->out, '"');
        name += len + (name[len] == ',');
        separator = ",";
    }
    if (le)
        strbuf_addf(x->out, "%sle=\"%s\"", separator, le);
    if (le || separator[0] == ',')
        strbuf_addc(x->out, '}');
}

static void begin_sample(
    struct exposition *x, const struct metric_labels *labels, const char *suffix, const char *le)
{
    assert(x->family >= 0);
    strbuf_addf(x->out, "%s%s", rows[x->family].name, suffix);
    add_labels(x, labels, le);
    strbuf_addc(x->out, ' ');
}

/* Exact, with one digit behind the point at least: "1.0", "0.0025". */
static void add_seconds(struct strbuf *out, usec_t span)
{
    usec_t fraction = span % USEC_PER_SEC;
    int digits = 6;
    while (digits > 1 && fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    strbuf_addf(out, "%" PRIu64 ".%0*" PRIu64, span / USEC_PER_SEC, digits, fraction);
}

void exposition_count(struct exposition *x, const struct metric_labels *labels, uint64_t n)
{
    begin_sample(x, labels, "", NULL);
    strbuf_addf(x->out, "%" PRIu64 "\n", n);
}

void exposition_seconds(struct exposition *x, const struct metric_labels *labels, usec_t span)
{
    begin_sample(x, labels, "", NULL);
    add_seconds(x->out, span);
    strbuf_addc(x->out, '\n');
}

void exposition_unknown(struct exposition *x, const struct metric_labels *labels)
{
    begin_sample(x, labels, "", NULL);
    strbuf_adds(x->out, "NaN\n");
}

static void add_bucket(
    struct exposition *x, const struct metric_labels *labels, const char *le, uint64_t n)
{
    begin_sample(x, labels, "_bucket", le);
    strbuf_addf(x->out, "%" PRIu64 "\n", n);
}

void exposition_histogram(
    struct exposition *x, const struct metric_labels *labels, const struct histogram *h)
{
    unsigned n_bounds;
    uint64_t so_far = 0;
    const usec_t *bounds = histogram_bounds(h->scale, &n_bounds);
    struct strbuf le = STRBUF_INIT;
    for (unsigned i = 0; i < n_bounds; i++) {
        strbuf_reset(&le);
        add_seconds(&le, bounds[i]);
        so_far += h->buckets[i];
        add_bucket(x, labels, strbuf_text(&le), so_far);
    }
    strbuf_fini(&le);
    add_bucket(x, labels, "+Inf", h->n);
    begin_sample(x, labels, "_sum", NULL);
    add_seconds(x->out, h->sum);
    strbuf_addc(x->out, '\n');
    begin_sample(x, labels, "_count", NULL);
    strbuf_addf(x->out, "%" PRIu64 "\n", h->n);
}

void exposition_one_count(struct exposition *x, enum metric_family family, uint64_t n)
{
    exposition_family(x, family);
    exposition_count(x, NULL, n);
}

void exposition_one_seconds(struct exposition *x, enum metric_family family, usec_t span)
{
    exposition_family(x, family);
    exposition_seconds(x, NULL, span);
}

void exposition_one_histogram(
    struct exposition *x, enum metric_family family, const struct histogram *h)
{
    exposition_family(x, family);
    exposition_histogram(x, NULL, h);
}
