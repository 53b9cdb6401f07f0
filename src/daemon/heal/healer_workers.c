/*
 * Workers that hang or lost Redis. The fleet replaces them when it finds them, unless it was told
 * to leave them alone: then they are looked at here until somebody has done something.
 */
#include "daemon/heal/healer_parts.h"

#include "daemon/incidents/incidents.h"
#include "daemon/workers/supervisor.h"

#include <stdio.h>

static unsigned kept(const struct healer *h, enum worker_cause cause)
{
    return fleet_kept(supervisor_fleet(h->daemon->supervisor), cause);
}

bool healer_workers_are_well(const struct healer *h)
{
    return kept(h, WORKER_CAUSE_HANG) + kept(h, WORKER_CAUSE_ZOMBIE) == 0 && !h->raised_hung &&
           !h->raised_zombies;
}

static void suffer(
    struct healer *h, const char *subject, bool on, const char *key, const char *words)
{
    struct cure *c = healer_cure(h, subject, CURE_REPLACE);
    if (!c)
        return;
    if (!on) {
        healer_off(c, true, key, words);
        return;
    }
    if (healer_step(h, c, REMEDY_EV_SYMPTOM, words))
        healer_tell(c, "the worker is replaced", words);
    healer_gate(h);
}

void healer_worker_told(struct healer *h, const struct happening *happening)
{
    const struct config_heal *heal = &h->config->heal;
    const char *words = happening->message ? happening->message : "";
    if (happening->id == EVENT_WORKER_HUNG)
        suffer(h, healer_hung, heal->hung, "Hung=no", words);
    else if (happening->id == EVENT_WORKER_ZOMBIE)
        suffer(h, healer_zombies, heal->zombie, "Zombie=no", words);
    else
        return;
    if (kept(h, WORKER_CAUSE_HANG) + kept(h, WORKER_CAUSE_ZOMBIE) > 0)
        h->looked_at = 0; /* its incident lasts, from now on */
    healer_rearm(h);
}

/* An incident for as long as they are there; else it is one of a moment. */
static void raise(struct healer *h, enum condition c, unsigned n, bool *raised, const char *words)
{
    if (n > 0)
        incidents_raise(h->daemon->incidents, c, "", words);
    else if (*raised)
        incidents_clear(h->daemon->incidents, c, "", "no such worker is there any more");
    *raised = n > 0;
}

void healer_look_at_workers(struct healer *h)
{
    const struct config_heal *heal = &h->config->heal;
    unsigned hung = kept(h, WORKER_CAUSE_HANG);
    unsigned zombies = kept(h, WORKER_CAUSE_ZOMBIE);
    char words[96];
    snprintf(words, sizeof words, "%u worker%s hang%s, and %s left alone", hung,
        hung == 1 ? "" : "s", hung == 1 ? "s" : "", hung == 1 ? "is" : "are");
    raise(h, CONDITION_WORKER_HUNG, hung, &h->raised_hung, words);
    if (hung > 0)
        suffer(h, healer_hung, heal->hung, "Hung=no", words);
    else
        healer_off(healer_cure(h, healer_hung, CURE_REPLACE), false, "", "");
    snprintf(words, sizeof words, "%u worker%s lost Redis, and %s left alone", zombies,
        zombies == 1 ? "" : "s", zombies == 1 ? "is" : "are");
    raise(h, CONDITION_WORKER_ZOMBIE, zombies, &h->raised_zombies, words);
    if (zombies > 0)
        suffer(h, healer_zombies, heal->zombie, "Zombie=no", words);
    else
        healer_off(healer_cure(h, healer_zombies, CURE_REPLACE), false, "", "");
}
