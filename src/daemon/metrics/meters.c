/* What is counted for /metrics. */
#include "daemon/metrics/meters.h"

#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t number_of(const struct happening *happening, const char *field)
{
    uint64_t n = 0;
    const char *text = happening_field(happening, field);
    return text && num_parse_u64(text, 0, UINT64_MAX, &n) == 0 ? n : 0;
}

static void on_event(const struct happening *happening, void *arg)
{
    struct meters *m = arg;
    m->events[happening->id]++;
    if (happening->id == EVENT_CALLERS_CUT)
        m->callers_cut += number_of(happening, "VOXKEEPER_CALLERS");
    if (happening->id == EVENT_WORKER_OUTPUT_DROPPED)
        m->lines_dropped += number_of(happening, "VOXKEEPER_LINES");
    if (happening->id == EVENT_CONFIG_RELOADED)
        m->config_taken = true;
    if (happening->id == EVENT_CONFIG_REFUSED)
        m->config_taken = false;
}

struct meters *meters_new(struct history *h)
{
    struct meters *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->gap = METERS_GAP_COUNT;
    m->config_taken = true;
    m->start_duration.scale = HISTOGRAM_WORK;
    m->handover_duration.scale = HISTOGRAM_WORK;
    m->sweep_duration.scale = HISTOGRAM_WORK;
    for (unsigned i = 0; i < ROLLOUT_STATE_COUNT; i++)
        m->phase_duration[i].scale = HISTOGRAM_WORK;
    m->session_age.scale = HISTOGRAM_AGES;
    m->task_age.scale = HISTOGRAM_AGES;
    m->listener = (struct history_listener){.on_event = on_event, .arg = m};
    history_listen(h, &m->listener);
    return m;
}

void meters_free(struct meters *m, struct history *h)
{
    if (!m)
        return;
    history_unlisten(h, &m->listener);
    free(m);
}

void meters_gap(struct meters *m, enum meters_gap gap, usec_t now)
{
    if (m->gap < METERS_GAP_COUNT)
        m->without[m->gap] += usec_sub(now, m->gap_counted);
    m->gap = gap;
    m->gap_counted = now;
}

static void count_end(struct meters *m, enum worker_cause cause, bool stopping)
{
    m->exits[cause]++;
    if (!stopping && cause != WORKER_CAUSE_STOP)
        m->restarts[cause]++;
}

/* How long the rollout was in the state that it leaves. */
static void count_phase(
    struct meters *m, enum rollout_state state, const struct rollout_record *rollout, usec_t now)
{
    if (state == ROLLOUT_IDLE || rollout->to == 0 || rollout->state != state)
        return;
    histogram_add(&m->phase_duration[state], usec_sub(now, rollout->since));
}

void meters_told(struct meters *m, const struct fleet_action *told,
    const struct rollout_record *rollout, bool stopping, usec_t now)
{
    if (told->type == FLEET_DO_TELL_STARTED)
        m->starts++;
    if (told->type == FLEET_DO_TELL_VERIFIED) {
        m->verdicts[PROBER_VERDICT_VERIFIED]++;
        histogram_add(&m->start_duration, told->took);
    }
    if (told->type == FLEET_DO_TELL_VERDICT)
        m->verdicts[told->verdict]++;
    if (told->type == FLEET_DO_TELL_WATCHDOG)
        m->verdicts[PROBER_VERDICT_HUNG]++;
    if (told->type == FLEET_DO_TELL_ENDED)
        count_end(m, told->cause, stopping);
    if (told->type == FLEET_DO_TELL_ROLLOUT)
        count_phase(m, told->rollout_before, rollout, now);
}

void meters_drain_told(struct meters *m, enum drain_action action, const struct drain *drain)
{
    if (action == DRAIN_DO_DONE)
        m->drains[drain->cut > 0 ? METERS_DRAIN_CUT : METERS_DRAIN_DONE]++;
    if (action == DRAIN_DO_CANCELLED)
        m->drains[METERS_DRAIN_CANCELLED]++;
}

void meters_probed(struct meters *m, enum probe_outcome outcome, usec_t took)
{
    m->probes[outcome]++;
    histogram_add(&m->probe_duration, took);
}

static struct meters_notifier *notifier_of(struct meters *m, const char *name)
{
    for (unsigned i = 0; i < LIMIT_NOTIFIERS; i++) {
        if (strcmp(m->notifiers[i].name, name) == 0)
            return &m->notifiers[i];
    }
    return NULL;
}

void meters_alert_sent(struct meters *m, const char *notifier)
{
    struct meters_notifier *of = notifier_of(m, notifier);
    if (of)
        of->sent++;
}

void meters_alert_failed(struct meters *m, const char *notifier)
{
    struct meters_notifier *of = notifier_of(m, notifier);
    if (of)
        of->failed++;
}

static bool notifies(const struct config *config, const char *name)
{
    for (unsigned i = 0; i < config->n_notifiers; i++) {
        if (strcmp(config->notifiers[i].name, name) == 0)
            return true;
    }
    return false;
}

static void configure_notifiers(struct meters *m, const struct config *config)
{
    for (unsigned i = 0; i < LIMIT_NOTIFIERS; i++) {
        if (!notifies(config, m->notifiers[i].name))
            m->notifiers[i] = (struct meters_notifier){0};
    }
    for (unsigned i = 0; i < config->n_notifiers; i++) {
        const char *name = config->notifiers[i].name;
        struct meters_notifier *free = notifier_of(m, "");
        if (!notifier_of(m, name) && free)
            snprintf(free->name, sizeof free->name, "%s", name);
    }
}

void meters_configure(struct meters *m, const struct config *config)
{
    meters_configure_keyspaces(m, config);
    configure_notifiers(m, config);
}
