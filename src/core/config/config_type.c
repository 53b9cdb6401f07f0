/* Reading and writing scalar values. */
#include "core/config/config_type.h"

#include "base/num.h"
#include "base/text.h"
#include "core/config/config_size.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 80 }; /* bytes of a value that a message quotes */

static void *field(const struct config_key *key, void *object)
{
    return (char *)object + key->offset;
}

static const void *cfield(const struct config_key *key, const void *object)
{
    return (const char *)object + key->offset;
}

static int refuse(const char *text, struct err *e, const char *cause)
{
    struct strbuf shown = STRBUF_INIT;
    text_escape(&shown, text, strlen(text), SHOWN);
    err_set(e, -EINVAL, "\"%s\" %s", strbuf_text(&shown), cause);
    strbuf_fini(&shown);
    return -EINVAL;
}

static size_t one(const struct config_key *key, const void *object)
{
    (void)key;
    (void)object;
    return 1;
}

static void zero(const struct config_key *key, void *object)
{
    memset(field(key, object), 0, key->size);
}

static int string_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    char **at = field(key, object);
    int r = key->check ? key->check(text, e) : 0;
    if (r < 0)
        return r;
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    free(*at);
    *at = copy;
    return 0;
}

static void string_clear(const struct config_key *key, void *object)
{
    char **at = field(key, object);
    free(*at);
    *at = NULL;
}

static size_t string_count(const struct config_key *key, const void *object)
{
    return *(char *const *)cfield(key, object) != NULL;
}

static void string_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    (void)item;
    strbuf_adds(out, *(char *const *)cfield(key, object));
}

/* Spans are written whole, so that they read back to the same. */
static void write_span(usec_t span, struct strbuf *out)
{
    char buf[SPAN_TEXT_MAX];
    usec_t again = 0;
    span_format(span, buf);
    if (span_parse(buf, &again) == 0 && again == span)
        strbuf_adds(out, buf);
    else
        strbuf_addf(out, "%" PRIu64 "us", span);
}

static int span_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    usec_t span = 0;
    int r = span_parse(text, &span);
    if (r == -EINVAL)
        return refuse(text, e, "is no time span such as 30s, 5min or 250ms");
    if (r < 0 || span < key->min || span > key->max) {
        struct strbuf range = STRBUF_INIT;
        strbuf_adds(&range, "is out of range, ");
        write_span(key->min, &range);
        strbuf_adds(&range, " to ");
        write_span(key->max, &range);
        strbuf_adds(&range, text[strspn(text, "0123456789")] ? "" : " (a bare number is seconds)");
        refuse(text, e, strbuf_text(&range));
        strbuf_fini(&range);
        return -EINVAL;
    }
    *(usec_t *)field(key, object) = span;
    return 0;
}

static void span_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    (void)item;
    write_span(*(const usec_t *)cfield(key, object), out);
}

static int read_number(
    const struct config_key *key, const char *text, uint64_t *out_value, struct err *e)
{
    int r = num_parse_u64(text, key->min, key->max, out_value);
    if (r == 0)
        return 0;
    char cause[96];
    snprintf(cause, sizeof cause, "is not a whole number from %" PRIu64 " to %" PRIu64, key->min,
        key->max);
    return refuse(text, e, cause);
}

static int unsigned_read(
    const struct config_key *key, const char *text, void *object, struct err *e)
{
    uint64_t value = 0;
    int r = read_number(key, text, &value, e);
    if (r == 0)
        *(unsigned *)field(key, object) = (unsigned)value;
    return r;
}

static void unsigned_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    (void)item;
    strbuf_addf(out, "%u", *(const unsigned *)cfield(key, object));
}

static int u64_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    uint64_t value = 0;
    int r = read_number(key, text, &value, e);
    if (r == 0)
        *(uint64_t *)field(key, object) = value;
    return r;
}

static void u64_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    (void)item;
    strbuf_addf(out, "%" PRIu64, *(const uint64_t *)cfield(key, object));
}

static int bool_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    bool value = false;
    if (num_parse_bool(text, &value) < 0)
        return refuse(text, e, "is neither yes nor no");
    *(bool *)field(key, object) = value;
    return 0;
}

static void bool_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    (void)item;
    strbuf_adds(out, *(const bool *)cfield(key, object) ? "yes" : "no");
}

static int size_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    uint64_t bytes = 0;
    if (config_size_parse(text, &bytes) < 0)
        return refuse(text, e, "is no size such as 4096, 256K, 64M or 1G");
    if (bytes < key->min || bytes > key->max) {
        struct strbuf cause = STRBUF_INIT;
        strbuf_adds(&cause, "is out of range, ");
        config_size_format(key->min, &cause);
        strbuf_adds(&cause, " to ");
        config_size_format(key->max, &cause);
        refuse(text, e, strbuf_text(&cause));
        strbuf_fini(&cause);
        return -EINVAL;
    }
    *(uint64_t *)field(key, object) = bytes;
    return 0;
}

static void size_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    (void)item;
    config_size_format(*(const uint64_t *)cfield(key, object), out);
}

static int factor_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    double value = 0;
    if (num_parse_double(text, (double)key->min, (double)key->max, &value) < 0) {
        char cause[96];
        snprintf(cause, sizeof cause, "is not a number from %" PRIu64 " to %" PRIu64, key->min,
            key->max);
        return refuse(text, e, cause);
    }
    *(double *)field(key, object) = value;
    return 0;
}

static void factor_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    (void)item;
    double value = *(const double *)cfield(key, object);
    char buf[40];
    snprintf(buf, sizeof buf, "%.6g", value);
    if (strtod(buf, NULL) != value)
        snprintf(buf, sizeof buf, "%.17g", value);
    strbuf_adds(out, buf);
}

static int percent_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    char digits[8] = "";
    size_t len = strlen(text);
    if (len > 0 && text[len - 1] == '%')
        len--;
    uint64_t value = 0;
    if (len < sizeof digits)
        memcpy(digits, text, len);
    if (len >= sizeof digits || num_parse_u64(digits, key->min, key->max, &value) < 0)
        return refuse(text, e, "is no percentage from 0% to 100%");
    *(unsigned *)field(key, object) = (unsigned)value;
    return 0;
}

static void percent_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    (void)item;
    strbuf_addf(out, "%u%%", *(const unsigned *)cfield(key, object));
}

/* "3" or "25%" */
static int share_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    struct rollout_share *share = field(key, object);
    unsigned n = 0;
    struct config_key number = *key;
    number.offset = 0;
    if (strchr(text, '%')) {
        number.max = 100;
        if (percent_read(&number, text, &n, e) < 0)
            return refuse(text, e, "is neither a number nor a percentage from 1% to 100%");
    } else if (unsigned_read(&number, text, &n, e) < 0) {
        return -EINVAL;
    }
    *share = (struct rollout_share){.n = n, .percent = strchr(text, '%') != NULL};
    return 0;
}

static void share_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    (void)item;
    const struct rollout_share *share = cfield(key, object);
    strbuf_addf(out, "%u%s", share->n, share->percent ? "%" : "");
}

static int choice_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    const struct config_choice *c = config_choice_find(key->choices, text);
    if (c) {
        if (key->size == sizeof(bool))
            *(bool *)field(key, object) = c->value != 0;
        else
            memcpy(field(key, object), &c->value, sizeof c->value);
        return 0;
    }
    struct strbuf cause = STRBUF_INIT;
    const char *nearest = config_choice_nearest(key->choices, text);
    if (nearest)
        strbuf_addf(&cause, "is unknown, did you mean \"%s\"?", nearest);
    else
        strbuf_adds(&cause, "is unknown, it is one of");
    for (c = key->choices; !nearest && c->word; c++)
        strbuf_addf(&cause, " %s", c->word);
    refuse(text, e, strbuf_text(&cause));
    strbuf_fini(&cause);
    return -EINVAL;
}

static void choice_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    (void)item;
    int value = 0;
    if (key->size == sizeof(bool))
        value = *(const bool *)cfield(key, object);
    else
        memcpy(&value, cfield(key, object), sizeof value);
    for (const struct config_choice *c = key->choices; c->word; c++) {
        if (c->value == value) {
            strbuf_adds(out, c->word);
            return;
        }
    }
}

static int signal_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    const char *name = strncmp(text, "SIG", 3) == 0 ? text + 3 : text;
    uint64_t number = 0;
    int found = 0;
    if (num_parse_u64(text, 1, (uint64_t)NSIG - 1, &number) == 0)
        found = (int)number;
    for (int i = 1; i < NSIG && !found; i++) {
        const char *known = sigabbrev_np(i);
        if (known && strcmp(known, name) == 0)
            found = i;
    }
    if (!found)
        return refuse(text, e, "is no signal such as SIGTERM");
    if (found == SIGKILL || found == SIGSTOP || found == SIGCONT)
        return refuse(text, e, "cannot ask a process to end in order");
    *(int *)field(key, object) = found;
    return 0;
}

static void signal_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    (void)item;
    int number = *(const int *)cfield(key, object);
    const char *name = sigabbrev_np(number);
    if (name)
        strbuf_addf(out, "SIG%s", name);
    else
        strbuf_addf(out, "%d", number);
}

const struct config_type config_type_string = {
    .name = "text",
    .read = string_read,
    .clear = string_clear,
    .count = string_count,
    .write = string_write,
};
#define SCALAR(symbol, text)                                                                       \
    const struct config_type config_type_##symbol = {                                              \
        .name = (text),                                                                            \
        .read = symbol##_read,                                                                     \
        .clear = zero,                                                                             \
        .count = one,                                                                              \
        .write = symbol##_write,                                                                   \
    }
SCALAR(span, "time span");
SCALAR(unsigned, "number");
SCALAR(u64, "number");
SCALAR(bool, "`yes`, `no`");
SCALAR(size, "size");
SCALAR(factor, "factor");
SCALAR(percent, "percentage");
SCALAR(share, "number or percentage");
SCALAR(choice, "word");
SCALAR(signal, "signal");
#undef SCALAR
