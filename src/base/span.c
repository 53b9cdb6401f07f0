/* Time spans and sizes: reading and writing systemd's notation. */
#include "base/span.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    usec_t usec;
};

/* Longest names first where one begins another ("min" before "m", "ms" before "m"). */
static const struct unit span_units[] = {
    {"usec", 1},
    {"us", 1},
    {"msec", USEC_PER_MSEC},
    {"ms", USEC_PER_MSEC},
    {"seconds", USEC_PER_SEC},
    {"second", USEC_PER_SEC},
    {"sec", USEC_PER_SEC},
    {"s", USEC_PER_SEC},
    {"minutes", USEC_PER_MIN},
    {"minute", USEC_PER_MIN},
    {"min", USEC_PER_MIN},
    {"m", USEC_PER_MIN},
    {"hours", USEC_PER_HOUR},
    {"hour", USEC_PER_HOUR},
    {"hr", USEC_PER_HOUR},
    {"h", USEC_PER_HOUR},
    {"days", USEC_PER_DAY},
    {"day", USEC_PER_DAY},
    {"d", USEC_PER_DAY},
    {"weeks", 7 * USEC_PER_DAY},
    {"week", 7 * USEC_PER_DAY},
    {"w", 7 * USEC_PER_DAY},
};

usec_t usec_add(usec_t a, usec_t b)
{
    return b > USEC_INFINITY - a ? USEC_INFINITY : a + b;
}

usec_t usec_sub(usec_t a, usec_t b)
{
    return a > b ? a - b : 0;
}

static const char *skip_space(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

static const struct unit *unit_at(const char *p, size_t *out_len)
{
    size_t len = 0;
    while (isalpha((unsigned char)p[len]))
        len++;
    for (size_t i = 0; i < sizeof span_units / sizeof *span_units; i++) {
        if (strlen(span_units[i].name) == len && memcmp(span_units[i].name, p, len) == 0) {
            *out_len = len;
            return &span_units[i];
        }
    }
    return NULL;
}

/* Reads digits and an optional fraction, the latter in millionths. */
static int number_at(const char **p, uint64_t *out_whole, uint64_t *out_millionths)
{
    const char *s = *p;
    uint64_t whole = 0;
    uint64_t frac = 0;
    if (!isdigit((unsigned char)*s))
        return -EINVAL;
    for (; isdigit((unsigned char)*s); s++) {
        if (whole > (UINT64_MAX - 9) / 10)
            return -ERANGE;
        whole = whole * 10 + (uint64_t)(*s - '0');
    }
    if (*s == '.') {
        uint64_t scale = 100000;
        s++;
        if (!isdigit((unsigned char)*s))
            return -EINVAL;
        for (; isdigit((unsigned char)*s); s++, scale /= 10)
            frac += (uint64_t)(*s - '0') * scale;
    }
    *p = s;
    *out_whole = whole;
    *out_millionths = frac;
    return 0;
}

int span_parse(const char *text, usec_t *out_span)
{
    const char *p = skip_space(text);
    usec_t total = 0;
    if (*p == '\0')
        return -EINVAL;
    if (strcmp(p, "infinity") == 0) {
        *out_span = USEC_INFINITY;
        return 0;
    }
    while (*p) {
        uint64_t whole = 0;
        uint64_t millionths = 0;
        int r = number_at(&p, &whole, &millionths);
        if (r < 0)
            return r;
        p = skip_space(p);
        struct unit unit = {"s", USEC_PER_SEC};
        size_t unit_len = 0;
        if (*p && !isdigit((unsigned char)*p)) {
            const struct unit *found = unit_at(p, &unit_len);
            if (!found)
                return -EINVAL;
            unit = *found;
        }
        if (whole > USEC_INFINITY / unit.usec)
            return -ERANGE;
        total = usec_add(total, whole * unit.usec);
        total = usec_add(
            total, unit.usec / 1000000 * millionths + unit.usec % 1000000 * millionths / 1000000);
        if (total == USEC_INFINITY)
            return -ERANGE;
        p = skip_space(p + unit_len);
    }
    *out_span = total;
    return 0;
}

const char *span_format(usec_t span, char buf[SPAN_TEXT_MAX])
{
    static const struct unit shown[] = {
        {"d", USEC_PER_DAY},
        {"h", USEC_PER_HOUR},
        {"min", USEC_PER_MIN},
        {"s", USEC_PER_SEC},
        {"ms", USEC_PER_MSEC},
        {"us", 1},
    };
    if (span == USEC_INFINITY)
        return strcpy(buf, "infinity");
    if (span == 0)
        return strcpy(buf, "0");
    size_t used = 0;
    unsigned parts = 0;
    for (size_t i = 0; i < sizeof shown / sizeof *shown && parts < 2 && span > 0; i++) {
        if (span < shown[i].usec) {
            parts += parts > 0;
            continue;
        }
        used += (size_t)snprintf(buf + used, SPAN_TEXT_MAX - used, "%s%" PRIu64 "%s",
            used ? " " : "", span / shown[i].usec, shown[i].name);
        span %= shown[i].usec;
        parts++;
    }
    return buf;
}

const char *span_show(usec_t span, char buf[SPAN_TEXT_MAX])
{
    if (span < USEC_PER_MSEC)
        snprintf(buf, SPAN_TEXT_MAX, "%" PRIu64 "us", span);
    else if (span < USEC_PER_SEC)
        snprintf(buf, SPAN_TEXT_MAX, "%" PRIu64 "ms", span / USEC_PER_MSEC);
    else if (span < USEC_PER_MIN)
        snprintf(buf, SPAN_TEXT_MAX, "%" PRIu64 ".%02" PRIu64 "s", span / USEC_PER_SEC,
            span % USEC_PER_SEC / (10 * USEC_PER_MSEC));
    else if (span != USEC_INFINITY)
        span_format(span / USEC_PER_SEC * USEC_PER_SEC, buf);
    else
        span_format(span, buf);
    return buf;
}

int size_parse(const char *text, uint64_t *out_size)
{
    static const char suffixes[] = "KMGT";
    const char *p = skip_space(text);
    uint64_t whole = 0;
    uint64_t millionths = 0;
    int r = number_at(&p, &whole, &millionths);
    if (r < 0)
        return r;
    unsigned shift = 0;
    const char *suffix = *p ? strchr(suffixes, toupper((unsigned char)*p)) : NULL;
    if (suffix) {
        shift = 10U * (unsigned)(suffix - suffixes + 1);
        p++;
    }
    if (*p == 'B')
        p++;
    if (*skip_space(p) || (millionths && !shift))
        return -EINVAL;
    if (whole > UINT64_MAX >> shift)
        return -ERANGE;
    *out_size = (whole << shift) + ((UINT64_C(1) << shift) * millionths) / 1000000;
    return 0;
}

const char *size_format(uint64_t size, char buf[SPAN_TEXT_MAX])
{
    static const char suffixes[] = "TGMK";
    for (unsigned i = 0; i < 4; i++) {
        unsigned shift = 10 * (4 - i);
        uint64_t unit = UINT64_C(1) << shift;
        if (size >= unit && size % unit == 0) {
            snprintf(buf, SPAN_TEXT_MAX, "%" PRIu64 "%c", size / unit, suffixes[i]);
            return buf;
        }
    }
    snprintf(buf, SPAN_TEXT_MAX, "%" PRIu64, size);
    return buf;
}
