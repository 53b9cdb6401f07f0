/* What is asked of a rollout: which generation counts, how many lives it may have, until when. */
#include "core/fleet/rollout.h"

usec_t rollout_deadline(struct rollout r)
{
    if (r.outage)
        return USEC_INFINITY;
    return r.until < r.deadline ? r.until : r.deadline;
}

bool rollout_time_is_up(struct rollout r)
{
    return !r.outage && r.until == USEC_INFINITY;
}

uint64_t rollout_proven(struct rollout r)
{
    switch (r.state) {
    case ROLLOUT_CANARY:
    case ROLLOUT_BAKING:
    case ROLLOUT_HOLD:
    case ROLLOUT_BACK:
        return r.from;
    case ROLLOUT_IDLE:
    case ROLLOUT_ROLLING:
    case ROLLOUT_WARM:
        break;
    }
    return r.generation;
}

bool rollout_is_wrong(struct rollout r, uint64_t generation)
{
    switch (r.state) {
    case ROLLOUT_IDLE:
        break;
    case ROLLOUT_CANARY:
    case ROLLOUT_BAKING:
    case ROLLOUT_HOLD: /* of a rollout that was superseded */
        return generation != r.from && generation != r.generation;
    case ROLLOUT_ROLLING:
    case ROLLOUT_WARM:
        return generation != r.generation;
    case ROLLOUT_BACK:
        return generation != r.from;
    }
    return false;
}

bool rollout_is_held(struct rollout r, uint64_t generation)
{
    return r.state == ROLLOUT_HOLD && generation == r.generation;
}

unsigned rollout_surge(const struct rollout_conf *conf, unsigned n_workers)
{
    unsigned n = conf->max_surge.n;
    if (conf->max_surge.percent)
        n = (n_workers * n + 99) / 100;
    return n > 0 ? n : 1;
}

unsigned rollout_canaries(const struct rollout_conf *conf, unsigned n_workers)
{
    unsigned most = rollout_surge(conf, n_workers);
    unsigned n = conf->canary < n_workers ? conf->canary : n_workers;
    if (n > most)
        n = most;
    return n > 0 ? n : 1;
}

const char *rollout_state_name(enum rollout_state state)
{
    static const char *const names[] = {
#define X(symbol, name) [ROLLOUT_##symbol] = name,
        ROLLOUT_STATES(X)
#undef X
    };
    return names[state];
}
