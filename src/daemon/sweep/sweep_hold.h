/*
 * What is to go is held until it is known how much that is:
 *
 *   COUNT ─end of the walk, MaxDelete= allows it─→ HELD (looked at anew, judged anew, removed)
 *     │                                        └─→ AGAIN (more than is held: another walk)
 *     └─ beyond it: nothing is removed          AS_FOUND: no limit, or a number that was agreed to
 */
#pragma once

#include "core/sweep/sweep.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redis_key;
struct sweep_pass;
struct sweep_request;

enum sweep_phase {
    SWEEP_PHASE_AS_FOUND,
    SWEEP_PHASE_COUNT,
    SWEEP_PHASE_HELD,
    SWEEP_PHASE_AGAIN,
};

struct sweep_held {
    char *name;
    size_t name_len;
    unsigned keyspace;
    struct sweep_judgement judgement;
};

struct sweep_hold {
    enum sweep_phase phase;
    struct sweep_held *keys;
    size_t n, max, bytes;
    bool overflow;    /* there are more than are held */
    size_t next, end; /* HELD: of the step under way */
    uint64_t allowed; /* AS_FOUND, AGAIN: so many more may go */
};

void sweep_hold_begin(struct sweep_pass *p, const struct sweep_request *request);
void sweep_hold_free(struct sweep_hold *h);

/* The keys were counted already. */
bool sweep_hold_counted(const struct sweep_pass *p);

/* True when the key does not go now: it is held, or too many went. Then all is said about it. */
bool sweep_hold_takes(
    struct sweep_pass *p, const struct redis_key *key, const struct sweep_judgement *j);

/* Begins the next step. */
void sweep_hold_step(struct sweep_pass *p);

/* After a walk or a step of what is held: true when there is another step. */
bool sweep_hold_goes_on(struct sweep_pass *p);

/* Another server answers: a walk begins anew. */
void sweep_hold_restart(struct sweep_pass *p);
