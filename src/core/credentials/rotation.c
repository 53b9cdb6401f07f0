/* From a changed file to a value in use. */
#include "core/credentials/rotation.h"

#define RETRY_FIRST (5 * USEC_PER_SEC)
#define RETRY_MAX (5 * USEC_PER_MIN)

const char *rotation_state_name(enum rotation_state state)
{
#define X(symbol, name) name,
    static const char *const names[] = {ROTATION_STATES(X)};
#undef X
    return names[state];
}

static struct rotation_update go(enum rotation_state state, enum rotation_action action)
{
    return (struct rotation_update){{.state = state}, action};
}

static struct rotation_update stay(struct rotation r)
{
    return (struct rotation_update){r, ROTATION_DO_NOTHING};
}

static usec_t patience(unsigned failures)
{
    usec_t wait = RETRY_FIRST;
    for (unsigned i = 0; i < failures && wait < RETRY_MAX; i++)
        wait *= 2;
    return wait < RETRY_MAX ? wait : RETRY_MAX;
}

static struct rotation_update looked(struct rotation r, const struct rotation_event *ev)
{
    if (r.state == ROTATION_ROLLING) {
        r.again = r.again || ev->changed;
        return stay(r);
    }
    if (ev->changed)
        return go(ROTATION_SETTLING, r.state == ROTATION_CALM || r.state == ROTATION_SETTLING
                                         ? ROTATION_DO_NOTHING
                                         : ROTATION_DO_FORGET);
    if (r.state == ROTATION_SETTLING)
        return (struct rotation_update){r, ROTATION_DO_READ};
    if (r.state == ROTATION_READY)
        return (struct rotation_update){r, ROTATION_DO_ROLL_OUT};
    if (r.state != ROTATION_RETRYING || ev->now < r.until)
        return stay(r);
    r.state = ROTATION_CHECKING;
    return (struct rotation_update){r, ROTATION_DO_CHECK};
}

static struct rotation_update unknown(struct rotation r, usec_t now)
{
    r.until = usec_add(now, patience(r.failures));
    r.failures++;
    r.state = ROTATION_RETRYING;
    return (struct rotation_update){
        r, r.failures == 1 ? ROTATION_DO_TELL_UNVERIFIED : ROTATION_DO_NOTHING};
}

struct rotation_update rotation_step(struct rotation r, struct rotation_event ev)
{
    enum rotation_state after = r.again ? ROTATION_SETTLING : ROTATION_CALM;
    switch (ev.type) {
    case ROTATION_EV_LOOKED:
        return looked(r, &ev);
    case ROTATION_EV_SAME:
    case ROTATION_EV_REFUSED:
    case ROTATION_EV_UNREADABLE:
        return r.state == ROTATION_SETTLING ? go(ROTATION_CALM, ROTATION_DO_NOTHING) : stay(r);
    case ROTATION_EV_NEW:
        if (r.state != ROTATION_SETTLING)
            return stay(r);
        return ev.asked ? go(ROTATION_CHECKING, ROTATION_DO_CHECK)
                        : go(ROTATION_READY, ROTATION_DO_ROLL_OUT);
    case ROTATION_EV_GOOD:
        return r.state == ROTATION_CHECKING ? go(ROTATION_READY, ROTATION_DO_ROLL_OUT) : stay(r);
    case ROTATION_EV_BAD:
        return r.state == ROTATION_CHECKING ? go(ROTATION_CALM, ROTATION_DO_REFUSE) : stay(r);
    case ROTATION_EV_UNKNOWN:
        return r.state == ROTATION_CHECKING ? unknown(r, ev.now) : stay(r);
    case ROTATION_EV_BEGAN:
        return r.state == ROTATION_READY ? go(ROTATION_ROLLING, ROTATION_DO_NOTHING) : stay(r);
    case ROTATION_EV_TAKEN:
        return r.state == ROTATION_ROLLING ? go(after, ROTATION_DO_NOTHING) : stay(r);
    case ROTATION_EV_BACK:
        return r.state == ROTATION_ROLLING ? go(after, ROTATION_DO_REFUSE) : stay(r);
    }
    return stay(r);
}

enum rotation_resume rotation_resume(const struct rollout *former, uint64_t from)
{
    if (!former)
        return ROTATION_RESUME_TAKEN;
    if (former->latest < from) /* it waited for its turn, or for the checklist */
        return ROTATION_RESUME_DROPPED;
    switch (former->state) {
    case ROLLOUT_IDLE:
        return ROTATION_RESUME_TAKEN;
    case ROLLOUT_WARM:
        return ROTATION_RESUME_WARM;
    case ROLLOUT_BACK:
        return ROTATION_RESUME_DROPPED;
    case ROLLOUT_CANARY:
    case ROLLOUT_BAKING:
    case ROLLOUT_ROLLING:
    case ROLLOUT_HOLD:
        break;
    }
    return ROTATION_RESUME_GOES;
}
