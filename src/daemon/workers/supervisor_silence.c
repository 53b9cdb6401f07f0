/* Workers that did not answer in time, while it is found out whether their dependency does. */
#include "daemon/workers/supervisor_parts.h"

bool supervisor_silence_waits(struct supervisor *s, const struct fleet_event *ev)
{
    if (!prober_may_be_dependency(ev->outcome) || !s->spec.on_silent ||
        !s->spec.on_silent(s->spec.arg))
        return false;
    s->silent[ev->slot] = *ev;
    s->is_silent[ev->slot] = true;
    return true;
}

void supervisor_silence_judged(struct supervisor *s)
{
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        if (!s->is_silent[i])
            continue;
        s->is_silent[i] = false;
        supervisor_feed(s, &s->silent[i]); /* of a life that is over it means nothing */
    }
}
