/* See condition.h. */
#include "core/incidents/condition.h"

#include "base/names.h"

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

bool condition_is_examined(enum condition c)
{
    switch (c) {
    case CONDITION_NO_WORKER:
    case CONDITION_CRASH_LOOP:
    case CONDITION_ROLLOUT_WENT_BACK:
    case CONDITION_RESTART_FAILED:
    case CONDITION_REDIS_DOWN:
    case CONDITION_REDIS_REFUSED:
    case CONDITION_PROVIDER_DOWN:
    case CONDITION_WORKER_ZOMBIE:
    case CONDITION_WORKER_HUNG:
    case CONDITION_WORKER_UNHEALTHY:
    case CONDITION_WEBHOOK_FAILURES:
    case CONDITION_CALLBACK_FAILURES:
    case CONDITION_LOG_WATCH_P1:
    case CONDITION_LOG_WATCH_P2:
    case CONDITION_LOG_WATCH_P3:
    case CONDITION_REMEDY_FAILED:
        return true;
    case CONDITION_ROLLOUT_HELD:
    case CONDITION_CALLERS_CUT:
    case CONDITION_HANDOVER_LOST:
    case CONDITION_SWEEP_HELD:
    case CONDITION_SWEEP_FAILED:
    case CONDITION_BACKUP_FAILED:
    case CONDITION_CREDENTIAL_OLD:
    case CONDITION_CREDENTIAL_REFUSED:
    case CONDITION_CREDENTIAL_INVALID:
    case CONDITION_CREDENTIAL_LOW:
    case CONDITION_DISK_LOW:
    case CONDITION_ALERTS_FAIL:
    case CONDITION_CONFIG_REFUSED:
    case CONDITION_DAEMON_RESTARTED:
    case CONDITION_COUNT:
        break;
    }
    return false;
}

const char *severity_name(enum severity s)
{
    return severity_names[s];
}

int condition_find(const char *name, enum condition *out)
{
    int c = ROWS_FIND(rows, name, name);
    if (c < 0)
        return c;
    *out = (enum condition)c;
    return 0;
}

int severity_find(const char *name, enum severity *out)
{
    int s = NAMES_FIND(severity_names, name);
    if (s < 0)
        return s;
    *out = (enum severity)s;
    return 0;
}
