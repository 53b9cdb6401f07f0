/* How long others may take to answer, less what we ourselves did not run. */
#include "io/loop/patience.h"

#include <stdlib.h>

enum { LATE_OF = 8 }; /* of the span: less is how a busy machine is */

/* libuv counts in it, and calls nobody of a later one before it has polled. */
static const usec_t one_turn = USEC_PER_MSEC;

struct patience {
    struct timer *timer;
    usec_t at;
    usec_t span;
    usec_t look_at; /* what the timer is set to */
    bool looked;    /* what has come by `at` was read */
    void (*on_due)(void *arg);
    void *arg;
};

static void on_timer(void *arg)
{
    struct patience *p = arg;
    usec_t now = loop_now();
    usec_t late = usec_sub(now, p->look_at);
    if (p->span == 0 || (p->looked && late <= p->span / LATE_OF)) {
        p->at = USEC_INFINITY;
        p->on_due(p->arg);
        return;
    }
    p->looked = true;
    p->look_at = usec_add(now, (late < p->span ? late : p->span) + one_turn);
    timer_arm(p->timer, p->look_at);
}

struct patience *patience_new(struct loop *l, void (*on_due)(void *arg), void *arg)
{
    struct patience *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    p->timer = timer_new(l, on_timer, p);
    p->at = USEC_INFINITY;
    p->on_due = on_due;
    p->arg = arg;
    return p;
}

void patience_arm(struct patience *p, usec_t at, usec_t span)
{
    p->at = at;
    p->span = span;
    p->looked = false;
    p->look_at = at; /* past already: then we did not run before we could arm it */
    timer_arm(p->timer, at);
}

usec_t patience_at(const struct patience *p)
{
    return p->at;
}

void patience_free(struct patience *p)
{
    if (!p)
        return;
    timer_free(p->timer);
    free(p);
}
