/* What no machine could have come to: a document that says it was not written by us. */
#include "core/saved/saved_field.h"

#include <string.h>

static const char *worker_fault(const struct worker *w)
{
    bool runs = w->alive && !w->exited;
    switch (w->state) {
    case WORKER_GONE:
        return w->alive || w->deadline != USEC_INFINITY ? "a worker that is gone is alive" : NULL;
    case WORKER_SPAWNING:
        return w->alive || w->exited ? "a worker that is being spawned is alive" : NULL;
    case WORKER_STARTING:
        return !runs || w->verified_at ? "a starting worker is verified, or does not run" : NULL;
    case WORKER_STANDBY:
    case WORKER_SERVING:
        if (w->deadline != USEC_INFINITY)
            return "a serving worker has a deadline";
        return !runs || !w->verified_at ? "a serving worker is not verified, or does not run"
                                        : NULL;
    case WORKER_DRAINING:
        return !runs || !w->verified_at ? "a paused worker is not verified, or does not run" : NULL;
    case WORKER_STOPPING:
        return !runs ? "a stopping worker does not run" : NULL;
    case WORKER_KILLED:
        return w->alive && w->exited ? "a killed worker has exited and is alive" : NULL;
    }
    return NULL;
}

static bool is_probed(enum worker_state state)
{
    return state == WORKER_STARTING || state == WORKER_STANDBY || state == WORKER_SERVING ||
           state == WORKER_DRAINING;
}

static const char *prober_fault(const struct prober *p, enum worker_state state)
{
    bool idle = p->state == PROBER_IDLE;
    if (idle == is_probed(state))
        return "a worker's probes do not go with its state";
    if ((p->state == PROBER_PROVING) != (state == WORKER_STARTING))
        return "a worker is verified but its probes are not, or the other way round";
    if (p->in_flight && (idle || p->next_at != USEC_INFINITY))
        return "a probe is due while one is in flight";
    if (!p->in_flight && idle != (p->next_at == USEC_INFINITY))
        return "a worker is never probed again, or one that is not there is";
    return NULL;
}

static const char *slot_fault(const struct fleet *f, unsigned i)
{
    const struct fleet_slot *s = &f->slots[i];
    enum worker_state state = s->worker.state;
    bool gone = state == WORKER_GONE;
    if (i >= f->n_slots && (s->wanted || !gone))
        return "a slot beyond n_slots is in use";
    if (s->life > f->next_life || (s->life == 0 && !gone))
        return "a life has a number that was never given";
    if (s->generation > f->rollout.latest)
        return "a life is of a generation that was never begun";
    if ((s->wanted && gone) == (s->restart.next_at == USEC_INFINITY))
        return "a wanted slot waits for nothing, or another waits";
    if ((state == WORKER_SERVING && !s->wanted) || (state == WORKER_DRAINING && s->wanted))
        return "a worker serves that is not wanted, or is paused although it is";
    if (f->stopping && s->wanted)
        return "a worker is wanted while all are to stop";
    if (s->watchdog.deadline != USEC_INFINITY && !is_probed(state))
        return "a worker that says nothing yet, or ends, is expected to report";
    const char *fault = worker_fault(&s->worker);
    return fault ? fault : prober_fault(&s->prober, state);
}

/* Slots are few, and most lives are 0. */
static bool lives_are_unique(const struct fleet *f)
{
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (f->slots[i].life != 0 && f->slots[i].life == f->slots[j].life)
                return false;
        }
    }
    return true;
}

static bool lives_overlap(const struct fleet *f)
{
    for (unsigned i = 0; i < f->n_slots; i++) {
        enum worker_state state = f->slots[i].worker.state;
        if (state == WORKER_STANDBY || state == WORKER_DRAINING)
            return true;
    }
    return f->rollout.state != ROLLOUT_IDLE;
}

static const char *rollout_fault(const struct rollout *r)
{
    bool endless = r->state == ROLLOUT_IDLE || r->state == ROLLOUT_WARM;
    if (r->generation < 1 || r->generation > r->latest || r->from < 1 || r->from > r->latest)
        return "the rollout is of a generation that was never begun";
    if (endless && r->deadline != USEC_INFINITY)
        return "a rollout that is over has a deadline";
    if (r->state == ROLLOUT_IDLE && (r->owed || r->steered || r->until != USEC_INFINITY))
        return "a rollout that is over waits";
    return NULL;
}

static const char *fleet_fault(const struct fleet *f)
{
    bool restarts = f->restart.state != FLEET_RESTART_IDLE;
    if (!restarts && f->restart.deadline != USEC_INFINITY)
        return "a restart that is over has a deadline";
    if (f->stopping && (restarts || f->rollout.state != ROLLOUT_IDLE))
        return "workers are replaced while all are to stop";
    if (f->scale.operation && f->stopping)
        return "there are to be more or fewer workers while all are to stop";
    if (restarts && lives_overlap(f))
        return "a restart in place meets lives that overlap";
    if (!lives_are_unique(f))
        return "two lives have one number";
    return rollout_fault(&f->rollout);
}

static const char *process_fault(const struct saved_process *p)
{
    if (p->pid < 0 || p->pid == 1 || p->pid > INT32_MAX)
        return "a process has a number that no worker can have";
    if (strchr(p->name, '/') || strcmp(p->name, ".") == 0 || strcmp(p->name, "..") == 0)
        return "a process has a name that is a path";
    return NULL;
}

static bool processes_are_unique(const struct saved *s)
{
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        for (unsigned j = 0; j < i; j++) {
            const struct saved_process *a = &s->processes[i];
            const struct saved_process *b = &s->processes[j];
            if (a->pid != 0 && a->pid == b->pid && a->start_time == b->start_time)
                return false;
        }
    }
    return true;
}

const char *saved_contradiction(const struct saved *s)
{
    const char *fault = fleet_fault(&s->fleet);
    for (unsigned i = 0; i < LIMIT_WORKERS && !fault; i++)
        fault = slot_fault(&s->fleet, i);
    for (unsigned i = 0; i < LIMIT_WORKERS && !fault; i++)
        fault = process_fault(&s->processes[i]);
    if (!fault && !processes_are_unique(s))
        fault = "two slots have one process";
    return fault;
}
