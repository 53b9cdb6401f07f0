/* The shell of the fleet. */
#include "daemon/workers/supervisor_parts.h"

#include "daemon/workers/cut.h"
#include "daemon/workers/front.h"
#include "daemon/workers/said.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

static void on_slot_report(const struct fleet_event *ev, void *arg)
{
    struct supervisor *s = arg;
    /* If we ourselves did not run, that has to be known before what a probe found. */
    if (ev->type == FLEET_EV_PROBED)
        loop_check_stall(s->spec.loop);
    if (ev->type == FLEET_EV_PROBED && s->spec.on_probed)
        s->spec.on_probed(ev->outcome, slot_probe_took(s->slots[ev->slot]), s->spec.arg);
    if (ev->type == FLEET_EV_PROBED && supervisor_silence_waits(s, ev))
        return;
    supervisor_feed(s, ev);
}

/* What workers have said by now is heard before time is found to have passed. */
static void on_timer(void *arg)
{
    struct supervisor *s = arg;
    for (unsigned i = 0; i < s->fleet.n_slots; i++) {
        if (s->slots[i])
            slot_hear(s->slots[i]);
    }
    supervisor_feed(s, &(struct fleet_event){.type = FLEET_EV_TICK});
}

static struct fleet_conf conf_of(const struct config *c, const struct front *front)
{
    return (struct fleet_conf){
        .worker = {.start_timeout = c->agent.timeout_start,
            .drain_timeout = c->drain.timeout,
            .stop_timeout = c->agent.timeout_stop,
            .abort_timeout = c->agent.timeout_abort,
            .kill_timeout = 5 * USEC_PER_SEC},
        .restart = c->restart,
        .prober = c->prober,
        .rollout = c->rollout,
        .overlap = front_overlaps(front),
        .standby = c->agent.standby,
    };
}

struct supervisor *supervisor_new(const struct supervisor_spec *spec)
{
    struct supervisor *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->spec = *spec;
    s->conf = conf_of(spec->config, spec->front);
    fleet_init(&s->fleet);
    said_sweep(spec->config);
    s->timer = timer_new(spec->loop, on_timer, s);
    supervisor_drains_init(s);
    return s;
}

void supervisor_free(struct supervisor *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < LIMIT_WORKERS; i++)
        slot_free(s->slots[i]);
    timer_free(s->timer);
    supervisor_drains_fini(s);
    free(s);
}

struct slot *supervisor_slot_at(struct supervisor *s, unsigned index)
{
    if (!s->slots[index]) {
        s->slots[index] = slot_new(&(struct slot_spec){.loop = s->spec.loop,
            .http = s->spec.http,
            .cgroup = s->spec.cgroup,
            .front = s->spec.front,
            .credentials = s->spec.credentials,
            .keep = s->spec.keep,
            .lineage = s->spec.lineage,
            .index = index,
            .on_report = on_slot_report,
            .arg = s,
            .on_line = s->spec.on_line,
            .line_arg = s->spec.arg});
    }
    return s->slots[index];
}

const struct config *supervisor_config_of(const struct supervisor *s, uint64_t generation)
{
    return s->previous && generation < s->fleet.rollout.latest ? s->previous : s->spec.config;
}

static void decided(struct supervisor *s)
{
    if (s->spec.on_decided)
        s->spec.on_decided(s->spec.arg);
}

static void exec(struct supervisor *s, const struct fleet_action *a)
{
    struct err e = {0};
    struct slot *slot = supervisor_slot_at(s, a->slot);
    if (slot &&
        slot_exec(slot, supervisor_config_of(s, a->generation), a->generation, a->life, &e) == 0) {
        decided(s); /* the process is known now */
        return;
    }
    supervisor_feed(
        s, &(struct fleet_event){.type = FLEET_EV_SPAWN_FAILED, .slot = a->slot, .life = a->life});
}

/*
 * The kernel wakes one worker for one connection. If that worker is paused or gone before it came
 * to accept it, the connection waits until somebody looks again.
 */
static void wake_another(struct supervisor *s)
{
    if (s->held_off)
        return;
    for (unsigned i = 0; i < s->fleet.n_slots; i++) {
        if (s->fleet.slots[i].worker.state == WORKER_SERVING) {
            slot_activate(s->slots[i]);
            return;
        }
    }
}

static void perform(struct supervisor *s, const struct fleet_action *a)
{
    struct slot *slot = s->slots[a->slot];
    switch (a->type) {
    case FLEET_DO_EXEC:
        exec(s, a);
        return;
    case FLEET_DO_PROBE:
        slot_probe(slot, s->spec.config, a->seq, s->fleet.slots[a->slot].worker.verified_at != 0);
        return;
    case FLEET_DO_PROBE_STOP:
        slot_probe_stop(slot);
        return;
    case FLEET_DO_ACTIVATE:
        if (!s->held_off)
            slot_activate(slot);
        return;
    case FLEET_DO_PAUSE:
        slot_pause(slot);
        supervisor_drain_begins(s);
        wake_another(s);
        return;
    case FLEET_DO_EVIDENCE:
        slot_collect_evidence(slot);
        return;
    case FLEET_DO_SIGNAL_STOP:
        /* The drain of the whole agent has told it already. */
        if (s->conf.overlap && !s->fleet.stopping)
            cut_tell_worker(s->spec.config, s->spec.connections, slot, a->slot);
        slot_signal(slot, s->spec.config->agent.kill_signal);
        return;
    case FLEET_DO_SIGNAL_ABRT:
        slot_signal(slot, SIGABRT);
        return;
    case FLEET_DO_KILL_TREE:
        slot_kill_tree(slot);
        return;
    case FLEET_DO_TELL_ENDED:
        wake_another(s);
        s->spec.on_told(a, s->spec.arg);
        return;
    case FLEET_DO_TELL_STARTED:
    case FLEET_DO_TELL_VERIFIED:
    case FLEET_DO_TELL_VERDICT:
    case FLEET_DO_TELL_NOT_VERIFIED:
    case FLEET_DO_TELL_WATCHDOG:
    case FLEET_DO_TELL_LEAVING:
    case FLEET_DO_TELL_KILLED:
    case FLEET_DO_TELL_RETRY:
    case FLEET_DO_TELL_LOOP_BEGAN:
    case FLEET_DO_TELL_LOOP_ENDED:
    case FLEET_DO_TELL_RESTARTED:
    case FLEET_DO_TELL_RESTART_FAILED:
    case FLEET_DO_TELL_RESTART_REFUSED:
    case FLEET_DO_TELL_RESTART_ROLLED_BACK:
    case FLEET_DO_TELL_RESTART_SUPERSEDED:
    case FLEET_DO_TELL_ROLLOUT_REFUSED:
    case FLEET_DO_TELL_ROLLOUT:
    case FLEET_DO_TELL_RESTART_STEP:
    case FLEET_DO_TELL_SCALED:
    case FLEET_DO_TELL_SCALE_FAILED:
    case FLEET_DO_TELL_SCALE_SUPERSEDED:
    case FLEET_DO_TELL_SCALE_REFUSED:
    case FLEET_DO_TELL_ALL_GONE:
        s->spec.on_told(a, s->spec.arg);
        return;
    }
}

static unsigned jitter(void)
{
    unsigned value = 0;
    /* Never blocks after boot; without it there is no jitter, which is bearable. */
    if (getrandom(&value, sizeof value, GRND_NONBLOCK) != (ssize_t)sizeof value)
        return 0;
    return value % 1001;
}

static void step(struct supervisor *s)
{
    struct fleet_event ev = s->queue[0];
    s->n_queued--;
    for (unsigned i = 0; i < s->n_queued; i++)
        s->queue[i] = s->queue[i + 1];
    ev.now = loop_now();
    ev.jitter = jitter();
    fleet_step(&s->conf, &s->fleet, &ev, &s->update);
    supervisor_wish_decided(s);
    decided(s);
    for (unsigned i = 0; i < s->update.n_actions; i++)
        perform(s, &s->update.actions[i]);
}

void supervisor_feed(struct supervisor *s, const struct fleet_event *ev)
{
    assert(s->n_queued < QUEUE_MAX);
    s->queue[s->n_queued++] = *ev;
    if (s->stepping)
        return;
    s->stepping = true;
    while (s->n_queued > 0)
        step(s);
    s->stepping = false;
    supervisor_watch_drains(s);
    usec_t next = fleet_deadline(&s->fleet);
    if (next == USEC_INFINITY)
        timer_disarm(s->timer);
    else
        timer_arm(s->timer, next);
}

void supervisor_configure(struct supervisor *s, const struct config *config)
{
    s->spec.config = config;
    s->conf = conf_of(config, s->spec.front);
}

void supervisor_keep_previous(struct supervisor *s, const struct config *previous)
{
    s->previous = previous;
}

void supervisor_start(struct supervisor *s)
{
    struct fleet_event ev = {.type = FLEET_EV_RESIZE, .n_workers = supervisor_workers(s)};
    supervisor_count_callers(s, ev.callers);
    supervisor_feed(s, &ev);
}

bool supervisor_hold_off(struct supervisor *s, bool held_off)
{
    held_off = held_off && front_is_inherited(s->spec.front);
    for (unsigned i = 0; held_off != s->held_off && i < s->fleet.n_slots; i++) {
        if (s->fleet.slots[i].worker.state != WORKER_SERVING)
            continue;
        if (held_off)
            slot_pause(s->slots[i]);
        else
            slot_activate(s->slots[i]);
    }
    s->held_off = held_off;
    return held_off;
}

bool supervisor_is_held_off(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->fleet.n_slots; i++) {
        if (s->fleet.slots[i].worker.state == WORKER_SERVING && !slot_is_paused(s->slots[i]))
            return false;
    }
    return s->held_off;
}

void supervisor_stop(struct supervisor *s)
{
    supervisor_feed(s, &(struct fleet_event){.type = FLEET_EV_STOP});
}

void supervisor_kill(struct supervisor *s)
{
    supervisor_feed(s, &(struct fleet_event){.type = FLEET_EV_KILL});
}

void supervisor_restart(struct supervisor *s, uint64_t operation)
{
    supervisor_feed(s, &(struct fleet_event){.type = FLEET_EV_RESTART, .operation = operation});
}

void supervisor_cancel(struct supervisor *s, uint64_t operation)
{
    supervisor_feed(s, &(struct fleet_event){.type = FLEET_EV_CANCEL, .operation = operation});
}

void supervisor_promote(struct supervisor *s, uint64_t operation)
{
    supervisor_feed(s, &(struct fleet_event){.type = FLEET_EV_PROMOTE, .operation = operation});
}

void supervisor_errors(struct supervisor *s, unsigned slot)
{
    supervisor_feed(
        s, &(struct fleet_event){
               .type = FLEET_EV_ERRORS, .slot = slot, .life = s->fleet.slots[slot].life});
}

bool supervisor_overlaps(const struct supervisor *s)
{
    return s->conf.overlap;
}

void supervisor_dependency(struct supervisor *s, enum dependency dependency)
{
    supervisor_feed(
        s, &(struct fleet_event){.type = FLEET_EV_DEPENDENCY, .dependency = dependency});
}

void supervisor_keep(struct supervisor *s, bool hung, bool zombies)
{
    if (s->fleet.keeps_hung != hung || s->fleet.keeps_zombies != zombies)
        supervisor_feed(
            s, &(struct fleet_event){
                   .type = FLEET_EV_KEEP, .keeps_hung = hung, .keeps_zombies = zombies});
}

void supervisor_stalled(struct supervisor *s)
{
    supervisor_feed(s, &(struct fleet_event){.type = FLEET_EV_STALLED});
}

const struct fleet *supervisor_fleet(const struct supervisor *s)
{
    return &s->fleet;
}

const struct slot *supervisor_slot(const struct supervisor *s, unsigned index)
{
    return s->slots[index];
}
