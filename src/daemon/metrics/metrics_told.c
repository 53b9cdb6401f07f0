/* Metrics of what is told: log lines, events, incidents, alerts. */
#include "daemon/metrics/metrics_parts.h"

#include "base/log.h"
#include "daemon/incidents/incidents.h"
#include "daemon/logs/log_watches.h"
#include "daemon/preflight/preflight_monitor.h"
#include "daemon/verbs/verb_preflight.h"
#include "io/journal/journal.h"

static void write_lines(struct exposition *x, const char *name, enum log_source source)
{
    for (int level = LOG_LEVEL_ERR; level <= LOG_LEVEL_DEBUG; level++) {
        enum log_level of = (enum log_level)level;
        exposition_count(x, METRIC_LABELS(name, log_level_name(of)), log_count(source, of));
    }
}

static void write_log(
    const struct meters *m, const struct log_watches *watches, struct exposition *x)
{
    exposition_family(x, METRIC_LOG_LINES);
    write_lines(x, "voxkeeper", LOG_OWN);
    write_lines(x, "worker", LOG_FORWARDED);
    exposition_one_count(x, METRIC_LOG_LINES_DROPPED, m->lines_dropped);
    exposition_family(x, METRIC_LOG_WATCH_MATCHES);
    for (unsigned i = 0; i < log_watches_n(watches); i++)
        exposition_count(
            x, METRIC_LABELS(log_watches_name(watches, i)), log_watches_total(watches, i));
    exposition_one_count(x, METRIC_JOURNAL_DROPPED, journal_dropped());
}

static void write_events(const struct meters *m, struct exposition *x)
{
    exposition_family(x, METRIC_EVENTS);
    for (int id = 0; id < EVENT_COUNT; id++)
        exposition_count(x, METRIC_LABELS(event_name((enum event_id)id)), m->events[id]);
}

static void write_incidents(const struct incidents *incidents, struct exposition *x)
{
    exposition_family(x, METRIC_INCIDENTS_OPENED);
    for (int i = 0; i < CONDITION_COUNT; i++) {
        enum condition c = (enum condition)i;
        exposition_count(x, METRIC_LABELS(condition_name(c)), incidents_total(incidents, c));
    }
    exposition_family(x, METRIC_INCIDENTS_OPEN);
    for (int i = 0; i < CONDITION_COUNT; i++) {
        enum condition c = (enum condition)i;
        exposition_count(x, METRIC_LABELS(condition_name(c), severity_name(condition_severity(c))),
            incidents_open(incidents, c));
    }
}

static void write_alerts(const struct meters *m, struct exposition *x)
{
    exposition_family(x, METRIC_ALERTS_SENT);
    for (unsigned i = 0; i < LIMIT_NOTIFIERS; i++) {
        if (m->notifiers[i].name[0])
            exposition_count(x, METRIC_LABELS(m->notifiers[i].name), m->notifiers[i].sent);
    }
    exposition_family(x, METRIC_ALERTS_FAILED);
    for (unsigned i = 0; i < LIMIT_NOTIFIERS; i++) {
        if (m->notifiers[i].name[0])
            exposition_count(x, METRIC_LABELS(m->notifiers[i].name), m->notifiers[i].failed);
    }
    exposition_one_count(x, METRIC_ALERTS_QUEUED, m->alerts_queued);
}

void metrics_write_told(const struct daemon *d, struct exposition *x)
{
    write_log(d->meters, d->log_watches, x);
    write_events(d->meters, x);
    write_incidents(d->incidents, x);
    write_alerts(d->meters, x);
    const struct preflight_monitor *monitor = preflight_gate_monitor(d->preflight);
    exposition_one_count(x, METRIC_PREFLIGHT_RUN, preflight_monitor_token(monitor));
    exposition_one_count(x, METRIC_PREFLIGHT_ALERT, preflight_monitor_alert(monitor));
}
