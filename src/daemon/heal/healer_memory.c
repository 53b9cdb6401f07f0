/* Workers that use more than MemoryHigh=. */
#include "daemon/heal/healer_parts.h"

#include "daemon/workers/callers.h"
#include "daemon/workers/supervisor.h"
#include "io/child/procinfo.h"

#include <stdio.h>

/* The largest of those that serve. */
static uint64_t largest(const struct daemon *d, unsigned *out_slot)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    uint64_t most = 0;
    for (unsigned i = 0; i < fleet->n_slots; i++) {
        const struct slot *slot = supervisor_slot(d->supervisor, i);
        struct procinfo p;
        if (!slot || fleet->slots[i].worker.state != WORKER_SERVING ||
            procinfo_read(slot_pid(slot), &p) < 0 || p.resident_bytes <= most)
            continue;
        most = p.resident_bytes;
        *out_slot = i;
    }
    return most;
}

/* What is known of callers was asked for at the look before. */
static bool is_quiet(struct healer *h)
{
    struct callers callers = {0};
    callers_connections(h->daemon->connections, &callers);
    return quiet_is_now(
        &h->memory.quiet, callers.connections.n, callers.connections.known, loop_now());
}

static void suffer(struct healer *h, struct cure *c)
{
    bool was_wanted = h->memory.wanted;
    if (!healer_is_free(h->daemon))
        return;
    if (!was_wanted && healer_step(h, c, REMEDY_EV_SYMPTOM, h->memory.words)) {
        h->memory.wanted = true;
        h->memory.quiet = quiet_begin(loop_now());
    }
    bool quiet = h->memory.wanted && is_quiet(h);
    if (!was_wanted || !quiet)
        return;
    h->memory.wanted = false;
    healer_restart(h, c, "voxkeeper", h->memory.words);
}

void healer_look_at_memory(struct healer *h)
{
    uint64_t high = h->config->agent.memory_high;
    unsigned slot = 0;
    uint64_t most = high > 0 ? largest(h->daemon, &slot) : 0;
    bool seen = high > 0 && most > high;
    struct cure *c =
        high > 0 || h->memory.wanted ? healer_cure(h, healer_memory, CURE_RESTART) : NULL;
    if (!c)
        return;
    if (h->memory.wanted && (!seen || !h->config->heal.memory)) { /* somebody else has done it */
        h->memory.wanted = false;
        healer_step(h, c, REMEDY_EV_DONE, h->memory.words);
    }
    if (seen)
        snprintf(h->memory.words, sizeof h->memory.words,
            "worker %u uses %llu MiB, more than MemoryHigh= (%llu MiB)", slot + 1,
            (unsigned long long)(most >> 20), (unsigned long long)(high >> 20));
    healer_off(c, seen && !h->config->heal.memory, "Memory=no", h->memory.words);
    if (seen && h->config->heal.memory)
        suffer(h, c);
}
