/*
 * When lines that match are too many: at least `n` within `per`, of all workers together.
 *
 *   below ─MATCH, the n-th within `per`→ over ─TICK, fewer than n within `per`→ below
 *
 * RAISE and CLEAR come with these edges. FIRE comes with RAISE, and again with a MATCH while it is
 * over, but not within `cooldown` of the last: it is what is done about it. And what looking may
 * cost: a share of the time, so that no pattern can keep the daemon from its work.
 */
#pragma once

#include "base/span.h"
#include "core/limits.h"

#include <stdbool.h>
#include <stdint.h>

struct log_watch_conf {
    unsigned n; /* 1 .. LIMIT_LOG_WATCH_HITS */
    usec_t per;
    usec_t cooldown;
};

struct log_watch {
    uint64_t total; /* lines that matched */
    bool over;
    bool fired;
    usec_t fired_at;
    unsigned n_hits; /* remembered: the last at hits[(first + n_hits - 1) % LIMIT] */
    unsigned first;
    usec_t hits[LIMIT_LOG_WATCH_HITS];
    struct {
        int64_t left; /* that may be spent; less than nothing: it is owed */
        usec_t at;    /* when it was so much */
    } cost;
};

enum log_watch_event { LOG_WATCH_EV_MATCH, LOG_WATCH_EV_TICK };

struct log_watch_update {
    bool raise, clear, fire;
};

void log_watch_init(struct log_watch *w, usec_t now);

/* Changes *w in place: it is large. Time does not go back. */
struct log_watch_update log_watch_step(
    const struct log_watch_conf *conf, struct log_watch *w, enum log_watch_event ev, usec_t now);

/* When a TICK is due; USEC_INFINITY if never. */
usec_t log_watch_deadline(const struct log_watch_conf *conf, const struct log_watch *w);

/* Hits within `per`, as far as they are remembered. */
unsigned log_watch_count(const struct log_watch_conf *conf, const struct log_watch *w, usec_t now);

/* Whether a line may be looked at: what that took is said afterwards. */
bool log_watch_may_look(struct log_watch *w, usec_t now);
void log_watch_looked(struct log_watch *w, usec_t took);
