/* From one instance of the daemon to the next: the fleet and its processes. */
#include "daemon/workers/supervisor_parts.h"

#include "base/log.h"
#include "io/child/child.h"

void supervisor_save(const struct supervisor *s, struct saved *out)
{
    out->fleet = s->fleet;
    out->wish = s->wish;
    out->wish_before = s->wish_before;
    for (unsigned i = 0; i < s->fleet.n_slots; i++) {
        if (s->slots[i] && s->fleet.slots[i].worker.state != WORKER_GONE)
            slot_save(s->slots[i], &out->processes[i]);
    }
}

/* Whether the life of this slot goes on; how it went is told to the fleet once it has resumed. */
static bool adopt(struct supervisor *s, unsigned i, const struct saved_process *p)
{
    struct err e = {0};
    struct slot *slot = supervisor_slot_at(s, i);
    const struct fleet_slot *state = &s->fleet.slots[i];
    if (slot && p->pid &&
        slot_adopt(slot, supervisor_config_of(s, state->generation), state, p, &e) == 0)
        return true;
    char name[SAVED_NAME_MAX];
    slot_instance_name(i, state->life, s->spec.lineage, name);
    unsigned n = child_kill_instance(s->spec.cgroup, p->name[0] ? p->name : name);
    log_printf(LOG_LEVEL_WARNING,
        "worker %u is not there any more (%s); %u of its processes killed", i + 1,
        p->pid ? e.msg : "it was just being started", n);
    return false;
}

static void tell_lost(struct supervisor *s, unsigned i)
{
    const struct fleet_slot *slot = &s->fleet.slots[i];
    bool begun = slot->worker.state != WORKER_SPAWNING;
    supervisor_feed(
        s, &(struct fleet_event){.type = begun ? FLEET_EV_EXITED : FLEET_EV_SPAWN_FAILED,
               .slot = i,
               .life = slot->life});
}

void supervisor_resume(struct supervisor *s, const struct saved *former)
{
    bool lost[LIMIT_WORKERS] = {false};
    bool spawned[LIMIT_WORKERS] = {false};
    s->fleet = former->fleet;
    s->wish = former->wish;
    s->wish_before = former->wish_before;
    for (unsigned i = 0; i < s->fleet.n_slots; i++) {
        enum worker_state state = s->fleet.slots[i].worker.state;
        if (state == WORKER_GONE)
            continue;
        lost[i] = !adopt(s, i, &former->processes[i]);
        spawned[i] = !lost[i] && state == WORKER_SPAWNING;
    }
    supervisor_feed(s, &(struct fleet_event){.type = FLEET_EV_RESUMED});
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        if (lost[i])
            tell_lost(s, i);
        else if (spawned[i])
            supervisor_feed(
                s, &(struct fleet_event){
                       .type = FLEET_EV_SPAWNED, .slot = i, .life = s->fleet.slots[i].life});
    }
}
