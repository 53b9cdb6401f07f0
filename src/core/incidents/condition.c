/* See condition.h. */
#include "core/incidents/condition.h"

#include <errno.h>
#include <string.h>

static const struct condition_row {
    const char *name;
    enum severity severity;
    const char *anchor;
    usec_t hold;
    usec_t clear;
    const char *title;
} rows[CONDITION_COUNT] = {
#define X(symbol, name, severity, anchor, hold, clear, title)                                      \
    [CONDITION_##symbol] = {name, SEVERITY_##severity, anchor, hold, clear, title},
    CONDITIONS(X)
#undef X
};

static const char *const severity_names[SEVERITY_COUNT] = {
#define X(symbol, name) [SEVERITY_##symbol] = name,
    SEVERITIES(X)
#undef X
};

const char *condition_name(enum condition c)
{
    return rows[c].name;
}

const char *condition_title(enum condition c)
{
    return rows[c].title;
}

const char *condition_anchor(enum condition c)
{
    return rows[c].anchor;
}

enum severity condition_severity(enum condition c)
{
    return rows[c].severity;
}

usec_t condition_hold(enum condition c)
{
    return rows[c].hold;
}

usec_t condition_clear(enum condition c)
{
    return rows[c].clear;
}

const char *severity_name(enum severity s)
{
    return severity_names[s];
}

int condition_find(const char *name, enum condition *out)
{
    for (unsigned c = 0; c < CONDITION_COUNT; c++) {
        if (strcmp(rows[c].name, name) == 0) {
            *out = (enum condition)c;
            return 0;
        }
    }
    return -ENOENT;
}

int severity_find(const char *name, enum severity *out)
{
    for (unsigned s = 0; s < SEVERITY_COUNT; s++) {
        if (strcmp(severity_names[s], name) == 0) {
            *out = (enum severity)s;
            return 0;
        }
    }
    return -ENOENT;
}
