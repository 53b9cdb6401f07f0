/* What the remedies have spent, from one instance of the daemon to the next. */
#include "daemon/heal/healer_parts.h"

#include <stdio.h>
#include <string.h>

void healer_save(const struct healer *h, struct saved *out)
{
    for (unsigned i = 0; h && i < h->n; i++) {
        const struct cure *c = h->cures[i];
        struct saved_remedy *s = &out->remedies[i];
        snprintf(s->subject, sizeof s->subject, "%s", c->subject);
        s->kind = (unsigned)c->kind;
        s->state = c->state.state;
        s->unhelped = c->state.unhelped;
        s->until = c->state.until;
        s->op = c->op;
        for (unsigned n = 0; n < c->state.n_done; n++)
            s->done[n] = c->state.done[(c->state.first + n) % REMEDY_BUDGET_MAX];
    }
}

/* A restart for memory that still waited for its moment waits again. */
static bool waits(struct healer *h, const struct cure *c)
{
    if (c->op || strcmp(c->subject, healer_memory) != 0)
        return false;
    h->memory.wanted = true;
    h->memory.quiet = quiet_begin(loop_now());
    return true;
}

void healer_restore(struct healer *h, const struct saved *saved)
{
    const struct config_heal *heal = &h->config->heal;
    const struct remedy_conf conf = {heal->budget.n, heal->budget.per, heal->proof};
    for (unsigned i = 0; i < SAVED_REMEDIES_MAX; i++) {
        const struct saved_remedy *s = &saved->remedies[i];
        struct cure *c = s->subject[0] ? healer_cure(h, s->subject, (enum cure_kind)s->kind) : NULL;
        if (!c)
            continue;
        c->op = s->op;
        c->state.state = s->state;
        c->state.unhelped = s->unhelped;
        c->state.until = s->until;
        for (unsigned n = 0; n < REMEDY_BUDGET_MAX && s->done[n] > 0; n++)
            c->state.done[c->state.n_done++] = s->done[n];
        /* Its operation ended with the instance that began it. Nothing is saved yet: the workers
         * are not taken over. */
        if (c->state.state == REMEDY_TREATING && c->kind != CURE_REPLACE && !waits(h, c))
            (void)remedy_step(&conf, &c->state, REMEDY_EV_DONE, loop_now());
    }
}
