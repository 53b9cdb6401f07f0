/* Stuck keys: who walks over Redis for another purpose, and sees many, leads to a sweep. */
#include "daemon/heal/healer_parts.h"

#include "daemon/sweep/sweeper.h"
#include "daemon/verbs/operation.h"
#include "daemon/verbs/verbs.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t removable(const struct sweep_summary *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < s->n_keyspaces; i++)
        n += s->keyspaces[i].removable;
    return n;
}

static void sweep(struct healer *h, struct cure *c, const char *words)
{
    static const struct sweep_wish all = {0};
    const struct verb_asker asker = {.author = "voxkeeper", .reason = words};
    struct err e = {0};
    struct operation *op = verb_sweep(h->daemon, &asker, &all, &e);
    if (op) {
        c->op = operation_id(op);
        healer_tell(c, "they are swept", words);
        return;
    }
    log_printf(LOG_LEVEL_WARNING, "%s: %s", c->subject, e.msg);
    healer_step(h, c, REMEDY_EV_DONE, words);
}

void healer_swept(struct healer *h, const struct sweep_summary *summary)
{
    struct cure *c = h ? healer_cure(h, healer_keys, CURE_SWEEP) : NULL;
    uint64_t n = c ? removable(summary) : 0;
    if (!c)
        return;
    const struct config_heal *heal = &h->config->heal;
    bool many = n >= heal->stuck_keys;
    snprintf(h->sweep_words, sizeof h->sweep_words,
        "%" PRIu64 " keys are stuck, StuckKeys= are %" PRIu64, n, heal->stuck_keys);
    healer_off(c, many && !heal->stuck, "Stuck=no", h->sweep_words);
    if (many && heal->stuck && healer_step(h, c, REMEDY_EV_SYMPTOM, h->sweep_words))
        h->sweep_wanted = true;
    healer_rearm(h);
}

void healer_sweep_wanted(struct healer *h)
{
    struct cure *c = healer_cure(h, healer_keys, CURE_SWEEP);
    if (!h->sweep_wanted || !c)
        return;
    h->sweep_wanted = false;
    sweep(h, c, h->sweep_words);
}
