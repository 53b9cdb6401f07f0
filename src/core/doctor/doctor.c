/* Checks and findings. */
#include "core/doctor/doctor.h"

#include "base/names.h"
#include "base/strbuf.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *anchor;
    enum doctor_area area;
    enum doctor_severity severity;
} checks[] = {
#define X(symbol, name, area, severity, anchor)                                                    \
    [DOCTOR_##symbol] = {name, anchor, DOCTOR_##area, DOCTOR_##severity},
    DOCTOR_CHECKS(X)
#undef X
};

static const char *const area_names[] = {
#define X(symbol, name) [DOCTOR_##symbol] = name,
    DOCTOR_AREAS(X)
#undef X
};

static const char *const severity_names[] = {
#define X(symbol, name) [DOCTOR_##symbol] = name,
    DOCTOR_SEVERITIES(X)
#undef X
};

const char *doctor_name(enum doctor_check check)
{
    return checks[check].name;
}

enum doctor_area doctor_area(enum doctor_check check)
{
    return checks[check].area;
}

enum doctor_severity doctor_severity(enum doctor_check check)
{
    return checks[check].severity;
}

const char *doctor_anchor(enum doctor_check check)
{
    return checks[check].anchor;
}

const char *doctor_area_name(enum doctor_area area)
{
    return area_names[area];
}

const char *doctor_severity_name(enum doctor_severity severity)
{
    return severity_names[severity];
}

bool doctor_find_name(const char *name, enum doctor_check *out)
{
    int i = ROWS_FIND(checks, name, name);
    if (i < 0)
        return false;
    *out = (enum doctor_check)i;
    return true;
}

/* Words from outside are among them: on one line, and harmless to a terminal. */
static void words(char *out, size_t size, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
static void words(char *out, size_t size, const char *fmt, va_list ap)
{
    struct strbuf raw = STRBUF_INIT;
    struct strbuf safe = STRBUF_INIT;
    strbuf_vaddf(&raw, fmt, ap);
    text_escape(&safe, strbuf_text(&raw), raw.len, size - sizeof "…");
    snprintf(out, size, "%s", strbuf_text(&safe));
    strbuf_fini(&raw);
    strbuf_fini(&safe);
}

void doctor_add(
    struct doctor_report *r, enum doctor_check check, const char *subject, const char *fmt, ...)
{
    if (r->n == DOCTOR_FINDINGS_MAX) {
        r->dropped++;
        return;
    }
    struct doctor_finding *f = &r->items[r->n++];
    va_list ap;
    *f = (struct doctor_finding){.check = check};
    snprintf(f->subject, sizeof f->subject, "%s", subject);
    va_start(ap, fmt);
    words(f->evidence, sizeof f->evidence, fmt, ap);
    va_end(ap);
}

void doctor_fix(struct doctor_report *r, const char *fmt, ...)
{
    va_list ap;
    if (r->n == 0 || r->dropped > 0)
        return;
    va_start(ap, fmt);
    words(r->items[r->n - 1].command, sizeof r->items->command, fmt, ap);
    va_end(ap);
}

void doctor_address(struct doctor_report *r, const char *word, const char *by)
{
    for (unsigned i = 0; i < r->n; i++) {
        struct doctor_finding *f = &r->items[i];
        struct strbuf out = STRBUF_INIT;
        const char *rest = f->command[0] ? f->command : doctor_command(f->check);
        for (const char *at; (at = strstr(rest, word)) != NULL; rest = at + strlen(word)) {
            strbuf_add(&out, rest, (size_t)(at - rest));
            strbuf_adds(&out, by);
        }
        strbuf_adds(&out, rest);
        if (!out.failed && out.len < sizeof f->command)
            snprintf(f->command, sizeof f->command, "%s", strbuf_text(&out));
        strbuf_fini(&out);
    }
}

void doctor_gap(struct doctor_report *r, enum doctor_area area, const char *fmt, ...)
{
    va_list ap;
    if (r->n_gaps == DOCTOR_GAPS_MAX)
        return;
    r->gaps[r->n_gaps].area = area;
    va_start(ap, fmt);
    words(r->gaps[r->n_gaps].why, sizeof r->gaps->why, fmt, ap);
    va_end(ap);
    r->n_gaps++;
}

bool doctor_has(const struct doctor_report *r, enum doctor_check check)
{
    for (unsigned i = 0; i < r->n; i++) {
        if (r->items[i].check == check)
            return true;
    }
    return false;
}

/* ---- what follows from what ---- */

/* What begins with `effect` follows from `cause`. */
static const struct {
    enum doctor_check cause;
    const char *effect;
} follows[] = {
    {DOCTOR_DAEMON_GONE, "agent-not-running"},
    {DOCTOR_DAEMON_GONE, "webhook-refused"},
    {DOCTOR_AGENT_LOOP, "agent-not-running"},
    {DOCTOR_AGENT_LOOP, "agent-not-listening"},
    {DOCTOR_AGENT_LOOP, "agent-exits"},
    {DOCTOR_AGENT_LOOP, "webhook-"},
    {DOCTOR_AGENT_GONE, "webhook-"},
    {DOCTOR_AGENT_WRONG_PORT, "agent-not-listening"},
    {DOCTOR_AGENT_WRONG_PORT, "webhook-"},
    {DOCTOR_AGENT_NOT_LISTENING, "webhook-"},
    {DOCTOR_AGENT_HANGS, "webhook-"},
    {DOCTOR_AGENT_HANGS, "agent-slow"},
    {DOCTOR_AGENT_DISABLED, "webhook-disabled"},
    {DOCTOR_HOST_OOM, "agent-exits"},
    /* Its /health waits for Redis. */
    {DOCTOR_REDIS_SILENT, "agent-slow"},
    {DOCTOR_REDIS_SLOW, "agent-slow"},
    {DOCTOR_REDIS_LOADING, "agent-slow"},
    /* Redis then refuses even PING, by which the agent judges it. */
    {DOCTOR_REDIS_PERSISTENCE, "agent-lost-redis"},
    {DOCTOR_REDIS_PERSISTENCE, "agent-redis-unreachable"},
    /* It connects anew to tell. */
    {DOCTOR_REDIS_CLIENTS, "agent-redis-unreachable"},
    {DOCTOR_REDIS_SLOW, "agent-redis-unreachable"},
    {DOCTOR_SESSIONS_EVICTED, "sessions-policy"},
    {DOCTOR_SESSIONS_EVICTED, "redis-memory"},
    {DOCTOR_CLOCK_SKEW, "host-time-sync"},
    /* By such a clock nobody can say when a certificate ends. */
    {DOCTOR_CLOCK_SKEW, "network-tls"},
    {DOCTOR_CLOCK_SKEW, "public-certificate"},
    {DOCTOR_HOST_MEMORY, "host-memory-pressure"},
};

/* Without an agent that answers, what leads to it from outside is not to blame. */
static const enum doctor_check agent_down[] = {DOCTOR_DAEMON_GONE, DOCTOR_AGENT_GONE,
    DOCTOR_AGENT_LOOP, DOCTOR_AGENT_WRONG_PORT, DOCTOR_AGENT_NOT_LISTENING, DOCTOR_AGENT_HANGS,
    DOCTOR_WEBHOOK_REFUSED, DOCTOR_WEBHOOK_TIMEOUT};
static const enum doctor_check through_agent[] = {
    DOCTOR_CALLBACK_URL, DOCTOR_PUBLIC_UNREACHABLE, DOCTOR_PUBLIC_ELSEWHERE};

static void explain_one(struct doctor_report *r, enum doctor_check effect, enum doctor_check cause)
{
    for (unsigned i = 0; i < r->n; i++) {
        struct doctor_finding *f = &r->items[i];
        if (f->check != effect || f->explained || effect == cause)
            continue;
        f->explained = true;
        f->by = cause;
    }
}

void doctor_explain(struct doctor_report *r)
{
    for (size_t i = 0; i < sizeof follows / sizeof *follows; i++) {
        size_t len = strlen(follows[i].effect);
        for (unsigned c = 0; c < DOCTOR_CHECK_COUNT && doctor_has(r, follows[i].cause); c++) {
            if (strncmp(checks[c].name, follows[i].effect, len) == 0)
                explain_one(r, (enum doctor_check)c, follows[i].cause);
        }
    }
    for (size_t i = 0; i < sizeof agent_down / sizeof *agent_down; i++) {
        for (size_t j = 0; j < sizeof through_agent / sizeof *through_agent; j++) {
            if (doctor_has(r, agent_down[i]))
                explain_one(r, through_agent[j], agent_down[i]);
        }
    }
}

void doctor_ignore(struct doctor_report *r, const char *const *names, unsigned n)
{
    for (unsigned i = 0; i < r->n; i++) {
        if (names_find(names, sizeof *names, n, doctor_name(r->items[i].check)) >= 0)
            r->items[i].ignored = true;
    }
}

bool doctor_stands(const struct doctor_finding *f)
{
    return !f->explained && !f->ignored;
}

unsigned doctor_count(const struct doctor_report *r, enum doctor_severity severity)
{
    unsigned n = 0;
    for (unsigned i = 0; i < r->n; i++)
        n += doctor_stands(&r->items[i]) && checks[r->items[i].check].severity == severity;
    return n;
}
