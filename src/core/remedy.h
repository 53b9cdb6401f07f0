/*
 * Whether what a person would do about a symptom is done once more by itself: within a budget, and
 * only while it helps.
 *
 *   well ─SYMPTOM→ treating ─DONE→ proving ─TICK, `proof` without a symptom→ well
 *                     ↑               │
 *                     └──SYMPTOM (1)──┤
 *                                     └─SYMPTOM (2)→ given up ─TICK, `proof` without one→ well
 *
 * (1) It did not help: once more. (2) It did not help twice: it stops, and a person is told. The
 * same where the budget is used up. Symptoms while it is being treated belong to what is treated.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>

enum { REMEDY_BUDGET_MAX = 100, REMEDY_TRIES = 2 };

struct remedy_conf {
    unsigned n; /* at most so many, 1 .. REMEDY_BUDGET_MAX, */
    usec_t per; /* in any such time */
    usec_t proof;
};

#define REMEDY_STATES(X)                                                                           \
    X(WELL, "well")                                                                                \
    X(TREATING, "treating")                                                                        \
    X(PROVING, "proving")                                                                          \
    X(GIVEN_UP, "given-up")

#define X(symbol, name) REMEDY_##symbol,
enum remedy_state { REMEDY_STATES(X) };
#undef X

struct remedy {
    enum remedy_state state;
    unsigned unhelped; /* times in a row that it did not help */
    usec_t until;      /* of proving and given up; else USEC_INFINITY */
    unsigned n_done;   /* remembered, the last at done[(first + n_done - 1) % REMEDY_BUDGET_MAX] */
    unsigned first;
    usec_t done[REMEDY_BUDGET_MAX];
};

enum remedy_event { REMEDY_EV_SYMPTOM, REMEDY_EV_DONE, REMEDY_EV_TICK };

enum remedy_action {
    REMEDY_DO_NOTHING,
    REMEDY_DO_APPLY,
    REMEDY_DO_STOP_UNHELPED, /* it did not help: a person is to be told */
    REMEDY_DO_STOP_BUDGET,   /* it is needed too often: the same */
    REMEDY_DO_RECOVERED,     /* given up, and well all the same */
};

void remedy_init(struct remedy *r);

/* Whether a symptom now would be treated, or belongs to what is. It stays so until then. */
bool remedy_may(const struct remedy_conf *conf, const struct remedy *r, usec_t now);

/* Changes *r in place. */
enum remedy_action remedy_step(
    const struct remedy_conf *conf, struct remedy *r, enum remedy_event ev, usec_t now);
