/* What parts report to be counted. */
#include "daemon/daemon_parts.h"

#include "daemon/heal/healer.h"
#include "daemon/metrics/meters.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"

void daemon_on_probed(enum probe_outcome outcome, usec_t took, void *arg)
{
    const struct daemon *d = arg;
    meters_probed(d->meters, outcome, took);
}

void daemon_on_handed_over(usec_t took, void *arg)
{
    const struct daemon *d = arg;
    histogram_add(&d->meters->handover_duration, took);
}

void daemon_on_lag(usec_t lag, void *arg)
{
    const struct daemon *d = arg;
    histogram_add(&d->meters->loop_lag, lag);
}

void daemon_on_swept(const struct sweep_summary *summary, void *arg)
{
    const struct daemon *d = arg;
    meters_swept(d->meters, summary, loop_now());
    if (summary->census_only)
        healer_swept(d->healer, summary);
}

static enum meters_gap gap_of(const struct daemon *d)
{
    if (fleet_answering(supervisor_fleet(d->supervisor)) > 0)
        return METERS_GAP_COUNT;
    if (drainer_state(d->drainer)->state != DRAIN_OPEN)
        return METERS_GAP_DRAINED;
    /* Who begins anew after a drain is no more down than who begins for the first time. */
    bool begins = !d->ready_told || d->meters->gap == METERS_GAP_STARTING ||
                  d->meters->gap == METERS_GAP_DRAINED;
    return begins ? METERS_GAP_STARTING : METERS_GAP_DOWN;
}

void daemon_meter_gap(struct daemon *d)
{
    meters_gap(d->meters, gap_of(d), loop_now());
}
