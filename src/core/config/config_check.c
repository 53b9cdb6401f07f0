/* Checks across fields: the agent, the pace of things, and where to listen. */
#include "core/config/config_check.h"

#include "core/preflight/preflight.h"

#include <string.h>

/* The kernel is asked for connections in milliseconds; Redis may be slow, or away. */
#define FIRST_COUNT (2 * USEC_PER_SEC)

const struct config_place *config_place_of(
    const struct config_build *b, const char *section, const char *key, unsigned index)
{
    return config_build_place(b, config_key_find(section, key), index);
}

bool config_was_refused(
    const struct config_build *b, const char *section, const char *key, unsigned index)
{
    const struct config_place *place = config_place_of(b, section, key, index);
    return place && place->refused;
}

/* Who names no address has nothing to hand over; who asks for it all the same is mistaken. */
static void check_handover(struct config_build *b)
{
    struct config_agent *a = &b->config->agent;
    const struct config_place *asked = config_place_of(b, "Agent", "Handover", 0);
    if (a->listen_private && a->handover != HANDOVER_LISTEN_FDS)
        config_report_at(b, config_place_of(b, "Agent", "ListenPrivate", 0),
            "refuse ListenPrivate=yes: only Handover=listen-fds passes a private listener");
    if (a->n_listen > 0 || a->handover == HANDOVER_NONE)
        return;
    if (asked && !config_was_refused(b, "Agent", "Listen", 0))
        config_report_at(b, asked,
            "refuse Handover=%s: without Listen= there is nothing to hand over",
            a->handover == HANDOVER_PRELOAD ? "preload" : "listen-fds");
    else
        a->handover = HANDOVER_NONE;
}

/* Where there is no room for the default surge it follows, as a span's default does. */
static void check_room(struct config_build *b)
{
    const struct config_agent *a = &b->config->agent;
    struct rollout_conf *r = &b->config->rollout;
    const struct config_place *surge = config_place_of(b, "Rollout", "MaxSurge", 0);
    const struct config_place *standby = config_place_of(b, "Agent", "Standby", 0);
    unsigned n = a->workers + a->standby;
    if (n + rollout_surge(r, a->workers) <= LIMIT_WORKERS)
        return;
    if (surge)
        config_report_at(b, surge,
            "refuse MaxSurge=%u%s: with Workers=%u and Standby=%u more than %d workers",
            r->max_surge.n, r->max_surge.percent ? "%" : "", a->workers, a->standby, LIMIT_WORKERS);
    else if (n < LIMIT_WORKERS)
        r->max_surge = (struct rollout_share){.n = LIMIT_WORKERS - n};
    else
        config_report_at(b, standby ? standby : config_place_of(b, "Agent", "Workers", 0),
            "refuse Workers=%u and Standby=%u: more than %d workers, one place is for a "
            "replacement",
            a->workers, a->standby, LIMIT_WORKERS - 1);
}

static void check_rollout(struct config_build *b)
{
    const struct config_agent *a = &b->config->agent;
    const struct rollout_conf *r = &b->config->rollout;
    unsigned surge = rollout_surge(r, a->workers);
    const struct config_place *canary = config_place_of(b, "Rollout", "Canary", 0);
    if (a->handover != HANDOVER_PRELOAD && !a->listen_private) {
        if (r->hold)
            config_report_at(b, config_place_of(b, "Rollout", "OnFailure", 0),
                "refuse OnFailure=hold: only workers that get their listeners from us have others "
                "beside them that can stand in, want Listen= and Handover=preload");
        return; /* they are replaced in place */
    }
    check_room(b);
    if (r->canary > a->workers)
        config_report_at(
            b, canary, "refuse Canary=%u: more than Workers=%u", r->canary, a->workers);
    else if (r->canary > surge)
        config_report_at(b, canary,
            "refuse Canary=%u: the workers that they replace are kept beside them, and MaxSurge= "
            "allows for %u; want MaxSurge=%u",
            r->canary, surge, r->canary);
}

static void check_agent(struct config_build *b)
{
    const struct config_agent *a = &b->config->agent;
    const struct config_place *workers = config_place_of(b, "Agent", "Workers", 0);
    if (a->exec_start.n == 0 && !config_was_refused(b, "Agent", "ExecStart", 0))
        config_report_at(b, NULL, "no ExecStart= in [Agent]: there is nothing to run");
    else if (a->exec_start.n > 0 && a->exec_start.items[0][0] != '/' &&
             strchr(a->exec_start.items[0], '/'))
        config_report_at(b, config_place_of(b, "Agent", "ExecStart", 0),
            "refuse ExecStart=%.80s: want an absolute path, or a name to be found in PATH",
            a->exec_start.items[0]);
    if (a->watchdog > 0 && a->watchdog < LIMIT_WATCHDOG_MIN_USEC)
        config_report_at(b, config_place_of(b, "Agent", "WatchdogSec", 0),
            "refuse WatchdogSec=%uus: shorter than 10ms, which no worker keeps; 0 is off",
            (unsigned)a->watchdog);
    if (a->standby > 0 && a->handover != HANDOVER_PRELOAD)
        config_report_at(b, config_place_of(b, "Agent", "Standby", 0),
            "refuse Standby=%u: only a worker whose listener is handed over when it is wanted can "
            "stand by, want Listen= and Handover=preload",
            a->standby);
    else if (a->handover == HANDOVER_NONE && a->workers > 1 && a->n_listen > 0)
        config_report_at(b, workers,
            "refuse Workers=%u: with Handover=none every worker binds Listen= itself, and only one "
            "can",
            a->workers);
    else if (a->handover == HANDOVER_LISTEN_FDS && a->workers > 1 && !a->listen_private)
        config_report_at(b, workers,
            "refuse Workers=%u: with Handover=listen-fds a probe of Listen= does not tell one "
            "worker from another, want ListenPrivate=yes",
            a->workers);
}

/*
 * A span must not be longer than another. If only its default is, it follows the other one, so
 * that who shortens that need not know of it.
 */
static void at_most(struct config_build *b, const char *section, const char *key, usec_t *span,
    const char *limit_key, usec_t limit)
{
    char buf[SPAN_TEXT_MAX];
    char limit_buf[SPAN_TEXT_MAX];
    const struct config_place *place = config_place_of(b, section, key, 0);
    if (*span <= limit)
        return;
    if (place)
        config_report_at(b, place, "refuse %s=%s in [%s]: longer than %s=%s", key,
            span_format(*span, buf), section, limit_key, span_format(limit, limit_buf));
    else
        *span = limit;
}

static void check_pace(struct config_build *b)
{
    struct config *c = b->config;
    char start[SPAN_TEXT_MAX];
    char interval[SPAN_TEXT_MAX];
    at_most(
        b, "Health", "StartInterval", &c->prober.start_interval, "Interval", c->prober.interval);
    at_most(b, "Health", "FastInterval", &c->prober.fast_interval, "Interval", c->prober.interval);
    at_most(b, "Restart", "Delay", &c->restart.delay, "MaxDelay", c->restart.max_delay);
    at_most(b, "Drain", "Linger", &c->drain.linger, "Timeout", c->drain.timeout);
    /* Who has not been seen for as long as an active caller would take counts no more. */
    c->drain.stale_after = c->active_window;
    c->drain.first_count = FIRST_COUNT;
    if (c->agent.timeout_start < c->prober.rise * c->prober.start_interval) {
        const struct config_place *place = config_place_of(b, "Agent", "TimeoutStartSec", 0);
        if (!place)
            place = config_place_of(b, "Health", "StartInterval", 0);
        if (!place)
            place = config_place_of(b, "Health", "Rise", 0);
        config_report_at(b, place,
            "refuse TimeoutStartSec=%s: Rise=%u rounds at StartInterval=%s take longer, no worker "
            "could be verified",
            span_format(c->agent.timeout_start, start), c->prober.rise,
            span_format(c->prober.start_interval, interval));
    }
}

/* Whether some keyspace is of that kind and there is a Redis to look into. */
static bool can_count(const struct config *c, enum config_keyspace_kind kind)
{
    for (unsigned i = 0; c->redis.url && i < c->n_keyspaces; i++) {
        if (c->keyspaces[i].kind == kind)
            return true;
    }
    return false;
}

/* What the default waits for is what can be counted; what is asked for must be possible. */
static void check_waitfor(struct config_build *b, const char *word, bool *wait,
    enum config_keyspace_kind kind, const char *kind_word)
{
    const struct config_place *place = config_place_of(b, "Drain", "WaitFor", 0);
    if (!*wait || can_count(b->config, kind) || config_was_refused(b, "Redis", "Url", 0))
        return;
    if (!place)
        *wait = false;
    else if (!b->config->redis.url)
        config_report_at(b, place,
            "refuse WaitFor=%s: they are counted in Redis, and [Redis] has no Url=", word);
    else
        config_report_at(
            b, place, "refuse WaitFor=%s: no [Keyspace NAME] has Kind=%s", word, kind_word);
}

static void check_listen(struct config_build *b)
{
    const struct config *c = b->config;
    char buf[ENDPOINT_TEXT_MAX];
    for (unsigned i = 0; i < c->admin.n_listen; i++) {
        const struct endpoint *ep = &c->admin.listen[i];
        const struct config_place *place = config_place_of(b, "Admin", "Listen", 0);
        if (ep->family == ENDPOINT_UNIX)
            config_report_at(b, place,
                "refuse Listen=%s in [Admin]: want a port, the unix socket is ControlSocket=",
                endpoint_text(ep, buf));
        for (unsigned k = 0; k < c->agent.n_listen; k++) {
            if (endpoint_collide(ep, &c->agent.listen[k]))
                config_report_at(b, place ? place : config_place_of(b, "Agent", "Listen", 0),
                    "refuse Listen=%s in [Admin]: it takes the address of Listen= in [Agent]",
                    endpoint_text(ep, buf));
        }
    }
}

/* What is skipped of a section that does not exist is meant for another one. */
static void check_skip(struct config_build *b)
{
    const struct strlist *entries = &b->config->preflight.skip;
    struct preflight rows = {0};
    preflight_add_all(&rows, b->config);
    for (size_t i = 0; i < entries->n; i++) {
        struct err e = {0};
        if (preflight_skip(entries->items[i], &rows, &e) < 0)
            config_report_at(b, config_place_of(b, "Preflight", "Skip", 0),
                "refuse Skip= in [Preflight]: %s", e.msg);
    }
    preflight_fini(&rows);
}

void config_check(struct config_build *b)
{
    struct drain_conf *drain = &b->config->drain;
    check_handover(b);
    check_agent(b);
    check_rollout(b);
    check_listen(b);
    config_check_probes(b);
    check_pace(b);
    config_check_redis(b);
    check_waitfor(b, "tasks", &drain->wait_tasks, CONFIG_KEYSPACE_TASK, "task");
    check_waitfor(b, "sessions", &drain->wait_sessions, CONFIG_KEYSPACE_SESSION, "session");
    config_check_keyspaces(b);
    config_check_notifiers(b);
    config_check_log_watches(b);
    config_check_credentials(b);
    check_skip(b);
}
