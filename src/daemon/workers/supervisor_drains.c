/* When paused workers may go: those who still have callers are asked of the kernel. */
#include "daemon/workers/supervisor_parts.h"

/* Most callers are gone in no time; those who are not may stay for minutes. */
#define DRAIN_LOOK_FIRST (USEC_PER_SEC / 50)
#define DRAIN_LOOK_MAX (USEC_PER_SEC / 2)

static bool is_draining(const struct supervisor *s, unsigned index)
{
    return s->fleet.slots[index].worker.state == WORKER_DRAINING;
}

static void drained(struct supervisor *s, unsigned index)
{
    const struct fleet_slot *slot = &s->fleet.slots[index];
    if (!slot->drained && slot_can_pause(s->slots[index]) && s->spec.on_handed_over)
        s->spec.on_handed_over(usec_sub(loop_now(), slot->worker.since), s->spec.arg);
    supervisor_feed(
        s, &(struct fleet_event){.type = FLEET_EV_DRAINED, .slot = index, .life = slot->life});
}

/* Who was not paused yet when the kernel was asked may have taken a caller since. */
static void on_connections(const struct sock_connections *list, void *arg)
{
    struct supervisor *s = arg;
    s->watching_drains = false;
    for (unsigned i = 0; list && i < s->fleet.n_slots; i++) {
        if (is_draining(s, i) && s->drain_asked[i] == s->fleet.slots[i].life &&
            slot_is_paused(s->slots[i]) && slot_connections(s->slots[i], list) == 0)
            drained(s, i);
    }
    supervisor_watch_drains(s);
}

/*
 * A worker that has said it is paused and has no connection left may go. Who cannot be paused goes
 * on taking callers until KillSignal= tells it to finish with them. The kernel is asked only while
 * somebody is paused.
 */
static void on_drain_timer(void *arg)
{
    struct supervisor *s = arg;
    bool somebody = false;
    for (unsigned i = 0; i < s->fleet.n_slots; i++) {
        s->drain_asked[i] = 0;
        if (!is_draining(s, i))
            continue;
        if (!slot_can_pause(s->slots[i])) {
            drained(s, i);
        } else if (slot_is_paused(s->slots[i])) {
            s->drain_asked[i] = s->fleet.slots[i].life;
            somebody = true;
        }
    }
    if (somebody) {
        connections_ask(s->spec.connections, &s->drain_question, on_connections, s);
        return;
    }
    s->watching_drains = false;
    supervisor_watch_drains(s);
}

void supervisor_count_callers(const struct supervisor *s, unsigned out[LIMIT_WORKERS])
{
    usec_t age;
    const struct sock_connections *list = connections_newest(s->spec.connections, &age);
    for (unsigned i = 0; list && i < s->fleet.n_slots; i++)
        out[i] = s->slots[i] ? (unsigned)slot_connections(s->slots[i], list) : 0;
}

static size_t owners(pid_t out[LIMIT_WORKERS], void *arg)
{
    const struct supervisor *s = arg;
    size_t n = 0;
    for (unsigned i = 0; i < s->fleet.n_slots; i++) {
        if (s->slots[i] && s->fleet.slots[i].worker.alive)
            out[n++] = slot_pid(s->slots[i]);
    }
    return n;
}

void supervisor_drains_init(struct supervisor *s)
{
    s->drain_timer = timer_new(s->spec.loop, on_drain_timer, s);
    s->drain_look = DRAIN_LOOK_FIRST;
    connections_of_owners(s->spec.connections, owners, s);
}

void supervisor_drains_fini(struct supervisor *s)
{
    connections_of_owners(s->spec.connections, NULL, NULL);
    connections_drop(s->spec.connections, &s->drain_question);
    timer_free(s->drain_timer);
}

void supervisor_drain_begins(struct supervisor *s)
{
    s->drain_look = DRAIN_LOOK_FIRST;
}

void supervisor_watch_drains(struct supervisor *s)
{
    if (s->watching_drains)
        return; /* events come more often than it is worth looking */
    for (unsigned i = 0; i < s->fleet.n_slots; i++) {
        if (is_draining(s, i) && !s->fleet.slots[i].drained) {
            timer_arm(s->drain_timer, usec_add(loop_now(), s->drain_look));
            s->drain_look = s->drain_look * 2 < DRAIN_LOOK_MAX ? s->drain_look * 2 : DRAIN_LOOK_MAX;
            s->watching_drains = true;
            return;
        }
    }
}
