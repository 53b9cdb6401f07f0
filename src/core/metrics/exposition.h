/*
 * Writes metrics as Prometheus reads them: text format 0.0.4, or OpenMetrics 1.0.0. The families
 * are those of exposition_table.h, in its order, each once; a caller that does otherwise is
 * aborted. Pure.
 */
#pragma once

#include "base/span.h"
#include "base/strbuf.h"
#include "core/metrics/exposition_table.h"
#include "core/metrics/histogram.h"

#include <stdint.h>

enum exposition_format { EXPOSITION_TEXT, EXPOSITION_OPENMETRICS };

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_INFO, METRIC_HISTOGRAM };

enum { METRIC_LABELS_MAX = 5 };

struct exposition {
    enum exposition_format format;
    struct strbuf *out;
    int family; /* that was begun last; -1: none */
};

/* Which one a request asks for by its Accept: header; NULL: there is none. */
enum exposition_format exposition_format_of(const char *accept);

/* A literal. */
const char *exposition_content_type(enum exposition_format format);

/* Appends to `out`, which is borrowed until exposition_end(). */
void exposition_begin(struct exposition *x, enum exposition_format format, struct strbuf *out);
void exposition_end(struct exposition *x);

/* What follows are samples of this family; those between it and the one before have none. */
void exposition_family(struct exposition *x, enum metric_family family);

/* As many values as the family has labels, in its order. NULL is fine for none. */
struct metric_labels {
    const char *values[METRIC_LABELS_MAX];
};
#define METRIC_LABELS(...) (&(const struct metric_labels){{__VA_ARGS__}})

/* One sample: a whole number; microseconds, which become seconds; an unknown number; a
 * distribution. */
void exposition_count(struct exposition *x, const struct metric_labels *labels, uint64_t n);
void exposition_seconds(struct exposition *x, const struct metric_labels *labels, usec_t span);
void exposition_unknown(struct exposition *x, const struct metric_labels *labels);
void exposition_histogram(
    struct exposition *x, const struct metric_labels *labels, const struct histogram *h);

/* The family and all of its samples, for one without labels. */
void exposition_one_count(struct exposition *x, enum metric_family family, uint64_t n);
void exposition_one_seconds(struct exposition *x, enum metric_family family, usec_t span);
void exposition_one_histogram(
    struct exposition *x, enum metric_family family, const struct histogram *h);

/* A row of the table. */
struct metric_family_row {
    enum metric_type type;
    const char *name;
    const char *labels; /* separated by commas */
    const char *help;
};
const struct metric_family_row *exposition_row(enum metric_family family);
