/* What must hold of overlapping lives in every state, and of every step between two. */
#include "overlap_check.h"

#include "core/fleet/fleet_seat.h"

static void check_signal(struct explore *x, const struct overlap_world *w, unsigned i)
{
    EXPLORE_CHECK(x, w->process[i] == RUNNING && !w->active[i]);
}

/* Once each. */
static void answered(struct explore *x, struct overlap_world *w, const struct fleet_action *a)
{
    unsigned *waits = a->operation == OPERATION  ? &w->verb
                      : a->operation == STEERING ? &w->steered
                                                 : &w->scaled;
    EXPLORE_CHECK(x, *waits && (a->operation == OPERATION || a->operation == STEERING ||
                                   a->operation == SCALING));
    (*waits)--;
}

/* Whatever serves goes on, but for what failed, and for what no generation wants. */
static bool may_be_paused_in_hold(const struct fleet *f, unsigned i)
{
    const struct fleet_slot *s = &f->slots[i];
    return seat_is_sick(s) || rollout_is_wrong(f->rollout, s->generation) ||
           s->worker.cause == WORKER_CAUSE_HANG || s->worker.leaving;
}

void overlap_check_action(
    struct explore *x, const struct fleet *f, struct overlap_world *w, const struct fleet_action *a)
{
    unsigned i = a->slot;
    EXPLORE_CHECK(x, i < PLACES);
    switch (a->type) {
    case FLEET_DO_EXEC:
        EXPLORE_CHECK(x, w->process[i] == NONE && !f->stopping);
        /* A retry that is due in the moment when a phase ends is begun and told to go at once. */
        EXPLORE_CHECK(x, f->slots[i].wanted || f->slots[i].worker.stop_wanted);
        EXPLORE_CHECK(x, a->generation == f->slots[i].generation && a->generation > 0);
        EXPLORE_CHECK(x, !rollout_is_held(f->rollout, a->generation) || //
                             f->slots[i].worker.stop_wanted);
        /* Canaries come one after another. */
        EXPLORE_CHECK(
            x, f->rollout.state != ROLLOUT_CANARY ||
                   seat_count(f, seat_is_canary) <= seat_count(f, seat_is_serving_canary) + 1);
        w->process[i] = EXECUTING;
        w->killed[i] = false;
        break;
    case FLEET_DO_ACTIVATE:
        EXPLORE_CHECK(x, w->process[i] == RUNNING && (!w->active[i] || w->again[i]));
        w->active[i] = true;
        break;
    case FLEET_DO_PAUSE: { /* another serves already, unless this one is ended for cause */
        unsigned serving = 0;
        for (unsigned j = 0; j < PLACES; j++)
            serving += w->active[j];
        if (w->again[i] && !w->active[i])
            break;
        EXPLORE_CHECK(x, w->active[i]);
        EXPLORE_CHECK(x, serving > f->n_workers || f->stopping ||
                             f->slots[i].worker.cause == WORKER_CAUSE_HANG ||
                             f->slots[i].worker.leaving);
        EXPLORE_CHECK(x, f->rollout.state != ROLLOUT_HOLD || may_be_paused_in_hold(f, i));
        w->active[i] = false;
        break;
    }
    case FLEET_DO_EVIDENCE:
    case FLEET_DO_SIGNAL_STOP:
    case FLEET_DO_SIGNAL_ABRT:
        check_signal(x, w, i);
        break;
    case FLEET_DO_KILL_TREE:
        EXPLORE_CHECK(x, w->process[i] != NONE);
        w->killed[i] = true;
        w->active[i] = w->active[i] && w->process[i] == RUNNING;
        break;
    case FLEET_DO_TELL_ENDED:
        EXPLORE_CHECK(x, w->process[i] == NONE && !w->active[i]);
        break;
    case FLEET_DO_TELL_RESTART_FAILED:
        answered(x, w, a);
        break;
    case FLEET_DO_TELL_RESTARTED:
    case FLEET_DO_TELL_RESTART_ROLLED_BACK:
        EXPLORE_CHECK(x, fleet_serving(f) > 0 || f->n_workers == 0);
        answered(x, w, a);
        break;
    case FLEET_DO_TELL_RESTART_SUPERSEDED:
        answered(x, w, a);
        break;
    case FLEET_DO_TELL_ROLLOUT_REFUSED:
        EXPLORE_CHECK(x, a->operation == STEERING);
        answered(x, w, a);
        break;
    case FLEET_DO_TELL_RESTART_STEP:
        EXPLORE_CHECK(x, w->verb || w->steered);
        break;
    case FLEET_DO_TELL_RESTART_REFUSED:
        EXPLORE_CHECK(x, f->stopping);
        answered(x, w, a);
        break;
    case FLEET_DO_TELL_SCALED:
        EXPLORE_CHECK(x, fleet_serving(f) == f->n_workers && !f->scale.operation);
        answered(x, w, a);
        break;
    case FLEET_DO_TELL_SCALE_FAILED:
        EXPLORE_CHECK(x, !f->scale.operation && f->n_workers > 0);
        EXPLORE_CHECK(x, f->stopping == (a->cause == WORKER_CAUSE_STOP));
        answered(x, w, a);
        break;
    case FLEET_DO_TELL_SCALE_SUPERSEDED:
        answered(x, w, a);
        break;
    case FLEET_DO_TELL_SCALE_REFUSED:
        EXPLORE_CHECK(x, f->stopping || f->n_workers == 0 || f->rollout.state != ROLLOUT_IDLE);
        answered(x, w, a);
        break;
    case FLEET_DO_TELL_ALL_GONE:
        EXPLORE_CHECK(x, w->stop_owed);
        w->stop_owed = false;
        break;
    case FLEET_DO_PROBE:
        EXPLORE_CHECK(x, w->process[i] == RUNNING);
        break;
    case FLEET_DO_PROBE_STOP:
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
    case FLEET_DO_TELL_ROLLOUT:
        break;
    }
}

void overlap_check_state(struct explore *x, const struct fleet *f, unsigned most,
    const struct overlap_world *w, usec_t now)
{
    unsigned lives = 0;
    unsigned idle = 0;
    bool unheard = false; /* of one who may be gone: nobody is sent away meanwhile */
    for (unsigned i = 0; i < PLACES; i++) {
        const struct fleet_slot *s = &f->slots[i];
        enum worker_state state = s->worker.state;
        bool well = s->prober.state == PROBER_HEALTHY || s->prober.state == PROBER_SUSPECT;
        unheard = unheard || (state == WORKER_SERVING && s->unwatched);
        lives += w->process[i] != NONE;
        idle += well && (state == WORKER_STANDBY || state == WORKER_DRAINING);
        EXPLORE_CHECK(x, (state == WORKER_GONE) == (w->process[i] == NONE));
        EXPLORE_CHECK(x, (state == WORKER_SERVING) == w->active[i]);
        EXPLORE_CHECK(x, state != WORKER_SERVING || s->wanted);
        EXPLORE_CHECK(x, state != WORKER_DRAINING || !s->wanted);
        EXPLORE_CHECK(
            x, !(s->wanted && state == WORKER_GONE) || s->restart.next_at != USEC_INFINITY);
        EXPLORE_CHECK(x, s->wanted || s->restart.next_at == USEC_INFINITY);
        EXPLORE_CHECK(x, i < f->n_slots || state == WORKER_GONE);
    }
    EXPLORE_CHECK(x, lives <= most);
    /* Never fewer than asked for while a healthy one is idle. */
    EXPLORE_CHECK(x, f->stopping || fleet_serving(f) == f->n_workers || idle == 0);
    EXPLORE_CHECK(x, f->stopping || unheard || fleet_serving(f) <= f->n_workers);
    EXPLORE_CHECK(x, w->verb == f->rollout.owed && w->steered == f->rollout.steered);
    EXPLORE_CHECK(x, w->scaled == (f->scale.operation != 0));
    EXPLORE_CHECK(x, fleet_deadline(f) > now);
}

/* Each life that serves in the stead of one that could take over again leaves that one to us. */
static bool could_go_back(const struct fleet *f)
{
    unsigned stand_ins = 0;
    unsigned warm = 0;
    for (unsigned i = 0; i < PLACES; i++) {
        const struct fleet_slot *s = &f->slots[i];
        bool from = s->generation == f->rollout.from;
        stand_ins += s->worker.state == WORKER_SERVING && !from;
        warm += seat_is_paused(s) && !seat_is_sick(s) && from;
    }
    return warm >= stand_ins;
}

static bool keeps_warm(enum rollout_state state)
{
    return state == ROLLOUT_BAKING || state == ROLLOUT_HOLD;
}

/* What is paused or spare is ended for nobody's sake but a replacement that serves. */
void overlap_check_stops(
    struct explore *x, const struct fleet *f, const struct overlap_node *before, unsigned found_bad)
{
    for (unsigned i = 0; i < PLACES; i++) {
        const struct worker *was = &before->slots[i].slot.worker;
        const struct worker *is = &f->slots[i].worker;
        bool verified = was->state == WORKER_STANDBY || was->state == WORKER_DRAINING;
        bool kept = keeps_warm(before->state) && keeps_warm(f->rollout.state) &&
                    f->slots[i].generation == f->rollout.from && i != found_bad;
        bool well = before->slots[i].slot.prober.state == PROBER_HEALTHY;
        if (verified && is->state == WORKER_STOPPING && well && is->cause != WORKER_CAUSE_HANG &&
            !is->leaving)
            EXPLORE_CHECK(x,
                f->stopping || (fleet_serving(f) >= f->n_workers && (!kept || could_go_back(f))));
    }
}
