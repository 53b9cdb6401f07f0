/* The shell of core/logs/log_watch. */
#include "daemon/logs/log_watches.h"

#include "core/event.h"
#include "core/logs/log_pattern.h"
#include "core/logs/log_watch.h"
#include "daemon/daemon.h"
#include "daemon/heal/healer.h"
#include "daemon/incidents/incident_doctor.h"
#include "daemon/incidents/incidents.h"
#include "io/loop/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct watch {
    char name[LIMIT_NAME + 1];
    const struct config_log_watch *config;
    struct log_watch_conf conf;
    struct log_watch state;
    struct log_pattern *patterns[LIMIT_LOG_PATTERNS];
    unsigned n_patterns;
    bool costly, costly_told; /* since it was configured */
    /* To be done in the next turn. */
    bool fire, raise, clear;
    /* The latest that matched. */
    char line[LIMIT_LOG_WATCH_LINE + 1];
    unsigned worker;
};

struct log_watches {
    struct daemon *daemon;
    struct timer *timer;
    struct watch *watches[LIMIT_LOG_WATCHES];
    unsigned n;
};

static void watch_free(struct watch *w)
{
    if (!w)
        return;
    for (unsigned i = 0; i < w->n_patterns; i++)
        log_pattern_free(w->patterns[i]);
    free(w);
}

static void follow(struct watch *w, const struct config_log_watch *config)
{
    w->config = config;
    w->conf = (struct log_watch_conf){
        .n = config->threshold.n, .per = config->threshold.per, .cooldown = config->cooldown};
}

static struct watch *watch_new(const struct config_log_watch *config)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    snprintf(w->name, sizeof w->name, "%s", config->name);
    log_watch_init(&w->state, loop_now());
    follow(w, config);
    for (size_t i = 0; i < config->patterns.n; i++) {
        struct err e = {0};
        struct log_pattern *p = log_pattern_new(config->patterns.items[i], &e);
        if (p)
            w->patterns[w->n_patterns++] = p;
        else /* it was checked: memory is out */
            log_printf(
                LOG_LEVEL_WARNING, "log watch %s goes without a pattern: %s", w->name, e.msg);
    }
    return w;
}

static void rearm(struct log_watches *all)
{
    usec_t next = USEC_INFINITY;
    for (unsigned i = 0; i < all->n; i++) {
        const struct watch *w = all->watches[i];
        bool now = w->fire || w->raise || w->clear || w->costly != w->costly_told;
        usec_t at = now ? 0 : log_watch_deadline(&w->conf, &w->state);
        next = at < next ? at : next;
    }
    timer_arm(all->timer, next);
}

static void note(struct watch *w, struct log_watch_update u)
{
    w->fire = w->fire || u.fire;
    if (u.raise || u.clear) {
        w->raise = u.raise;
        w->clear = u.clear;
    }
}

static enum log_pattern_result look(struct watch *w, const char *text, size_t len)
{
    enum log_pattern_result all = LOG_PATTERN_NO;
    for (unsigned i = 0; i < w->n_patterns; i++) {
        enum log_pattern_result r = log_pattern_match(w->patterns[i], text, len);
        if (r == LOG_PATTERN_YES)
            return r;
        all = r == LOG_PATTERN_COSTLY ? r : all;
    }
    return all;
}

/* True if something is to be done. `now` is brought up to date. */
static bool see(struct watch *w, unsigned slot, const char *text, size_t len, usec_t *now)
{
    usec_t began = *now;
    if (!log_watch_may_look(&w->state, began)) {
        w->costly = true;
        return !w->costly_told;
    }
    enum log_pattern_result found = look(w, text, len);
    *now = loop_now();
    log_watch_looked(&w->state, usec_sub(*now, began));
    if (found == LOG_PATTERN_NO)
        return false;
    if (found == LOG_PATTERN_COSTLY) {
        w->costly = true;
        return !w->costly_told;
    }
    len = len < LIMIT_LOG_WATCH_LINE ? len : LIMIT_LOG_WATCH_LINE;
    memcpy(w->line, text, len);
    w->line[len] = '\0';
    w->worker = slot + 1;
    note(w, log_watch_step(&w->conf, &w->state, LOG_WATCH_EV_MATCH, *now));
    return true;
}

void log_watches_see(struct log_watches *all, unsigned slot, const char *text, size_t len)
{
    bool wake = false;
    usec_t now = loop_now();
    for (unsigned i = 0; all && i < all->n; i++) {
        if (all->watches[i]->n_patterns > 0)
            wake = see(all->watches[i], slot, text, len, &now) || wake;
    }
    if (wake)
        rearm(all);
}

static void tell_costly(struct watch *w)
{
    struct event ev;
    event_init(&ev, EVENT_LOG_WATCH_COSTLY);
    event_message(&ev,
        "the patterns of log watch %s take too long: lines that they would take are missed",
        w->name);
    event_field(&ev, "VOXKEEPER_LOG_WATCH", "%s", w->name);
    event_emit(&ev);
    event_fini(&ev);
    w->costly_told = true;
}

/* "6 lines in 1min, the latest of worker 2": everybody reads it, and callers may be quoted in the
 * line itself. */
static void write_words(const struct watch *w, struct strbuf *out)
{
    char per[SPAN_TEXT_MAX];
    unsigned n = log_watch_count(&w->conf, &w->state, loop_now());
    strbuf_addf(out, "%s: %u line%s in %s, the latest of worker %u", w->name, n, n == 1 ? "" : "s",
        span_format(w->conf.per, per), w->worker);
}

static void tell_matched(const struct watch *w, const char *words)
{
    char per[SPAN_TEXT_MAX];
    struct event ev;
    event_init(&ev, EVENT_LOG_WATCH_MATCHED);
    event_message(&ev, "log watch %s", words);
    event_field(&ev, "VOXKEEPER_LOG_WATCH", "%s", w->name);
    event_field(&ev, "VOXKEEPER_LINES", "%u", log_watch_count(&w->conf, &w->state, loop_now()));
    event_field(&ev, "VOXKEEPER_WINDOW", "%s", span_format(w->conf.per, per));
    event_field(&ev, "VOXKEEPER_LINE", "%s", w->line);
    event_field(&ev, "VOXKEEPER_WORKER", "%u", w->worker);
    event_emit(&ev);
    event_fini(&ev);
}

static void clear_incident(struct log_watches *all, const struct watch *w, const char *words)
{
    enum condition c;
    bool own = config_log_watch_condition(w->config, &c);
    incidents_clear(all->daemon->incidents, c, own ? "" : w->name, words);
}

/* When it opens, the doctor is called anyhow. */
static void call_doctor(struct log_watches *all, const struct watch *w)
{
    enum condition c;
    bool own = config_log_watch_condition(w->config, &c);
    const struct incident_record *r =
        incidents_current(all->daemon->incidents, c, own ? "" : w->name);
    if (r)
        incident_doctor_call(all->daemon->incident_doctor, r);
}

static void act(struct log_watches *all, struct watch *w)
{
    struct strbuf words = STRBUF_INIT;
    enum condition c;
    bool own = config_log_watch_condition(w->config, &c);
    bool fire = w->fire;
    bool raise = w->raise;
    bool clear = w->clear;
    w->fire = w->raise = w->clear = false;
    if (w->costly && !w->costly_told)
        tell_costly(w);
    if (fire || raise)
        write_words(w, &words);
    if (fire)
        tell_matched(w, strbuf_text(&words));
    if (raise && w->config->action >= CONFIG_LOG_INCIDENT)
        incidents_raise(all->daemon->incidents, c, own ? "" : w->name, strbuf_text(&words));
    if (fire && w->config->action == CONFIG_LOG_DOCTOR)
        call_doctor(all, w);
    if (fire && w->config->action == CONFIG_LOG_RESTART)
        healer_log_watch(all->daemon->healer, w->name, strbuf_text(&words));
    if (clear)
        clear_incident(all, w, "workers write less of it");
    strbuf_fini(&words);
}

static void on_timer(void *arg)
{
    struct log_watches *all = arg;
    usec_t now = loop_now();
    for (unsigned i = 0; i < all->n; i++) {
        struct watch *w = all->watches[i];
        if (log_watch_deadline(&w->conf, &w->state) <= now)
            note(w, log_watch_step(&w->conf, &w->state, LOG_WATCH_EV_TICK, now));
        act(all, w);
    }
    rearm(all);
}

struct log_watches *log_watches_new(struct daemon *d)
{
    struct log_watches *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    all->daemon = d;
    all->timer = timer_new(d->loop, on_timer, all);
    log_watches_configure(all, d->config);
    return all;
}

void log_watches_free(struct log_watches *all)
{
    if (!all)
        return;
    timer_free(all->timer);
    for (unsigned i = 0; i < all->n; i++)
        watch_free(all->watches[i]);
    free(all);
}

/* The watch that is the same but for its pace; it is taken out of `all`. */
static struct watch *take_same(struct log_watches *all, const struct config_log_watch *config)
{
    for (unsigned i = 0; i < all->n; i++) {
        struct watch *w = all->watches[i];
        if (!w || strcmp(w->name, config->name) != 0)
            continue;
        bool same = strlist_equal(&w->config->patterns, &config->patterns) &&
                    w->config->severity == config->severity && w->config->action == config->action;
        if (!same)
            return NULL;
        all->watches[i] = NULL;
        return w;
    }
    return NULL;
}

void log_watches_configure(struct log_watches *all, const struct config *config)
{
    struct watch *watches[LIMIT_LOG_WATCHES];
    unsigned n = 0;
    for (unsigned i = 0; i < config->n_log_watches; i++) {
        struct watch *w = take_same(all, &config->log_watches[i]);
        if (w)
            follow(w, &config->log_watches[i]);
        else
            w = watch_new(&config->log_watches[i]);
        if (w)
            watches[n++] = w;
    }
    for (unsigned i = 0; i < all->n; i++) {
        if (all->watches[i])
            clear_incident(all, all->watches[i], "the log watch was changed");
        watch_free(all->watches[i]);
    }
    memcpy(all->watches, watches, n * sizeof *watches);
    all->n = n;
    rearm(all);
}

unsigned log_watches_n(const struct log_watches *all)
{
    return all->n;
}

const char *log_watches_name(const struct log_watches *all, unsigned n)
{
    return all->watches[n]->name;
}

uint64_t log_watches_total(const struct log_watches *all, unsigned n)
{
    return all->watches[n]->state.total;
}
