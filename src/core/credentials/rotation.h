/*
 * How a new value of a credential comes into use, and why it does not.
 *
 *   calm ─LOOKED changed→ settling ─LOOKED same: READ→ (the shell reads and says what it found)
 *     ↑                                       │NEW
 *     ├── SAME, REFUSED, UNREADABLE ──────────┤
 *     │                                       ↓
 *     │←─ BAD: REFUSE ── checking ←─ time: CHECK ── retrying
 *     │                    │GOOD │UNKNOWN: TELL_UNVERIFIED ↑
 *     │                    ↓     └─────────────────────────┘
 *     │←─ TAKEN ── rolling ←─ BEGAN ── ready (LOOKED same: ROLL_OUT, until it begins)
 *     └── BACK: REFUSE ┘
 *
 * A file that changes begins anew from wherever it is; while a rollout is under way its end is
 * waited for. Nobody but a provider, or workers that fail with it, refuses a value: when the
 * network fails it waits, and the value before is in use meanwhile.
 */
#pragma once

#include "base/span.h"
#include "core/fleet/rollout.h"

#include <stdbool.h>

#define ROTATION_STATES(X)                                                                         \
    X(CALM, "calm")                                                                                \
    X(SETTLING, "settling")                                                                        \
    X(CHECKING, "checking")                                                                        \
    X(RETRYING, "retrying")                                                                        \
    X(READY, "ready")                                                                              \
    X(ROLLING, "rolling")

#define X(symbol, name) ROTATION_##symbol,
enum rotation_state { ROTATION_STATES(X) };
#undef X

#define ROTATION_EVENTS(X)                                                                         \
    X(LOOKED)     /* `changed` since the last look */                                              \
    X(SAME)       /* it holds what is in use */                                                    \
    X(REFUSED)    /* what was refused before */                                                    \
    X(UNREADABLE) /* nothing that could be one */                                                  \
    X(NEW)        /* another one; `asked`: somebody can say whether it is good */                  \
    X(GOOD)                                                                                        \
    X(BAD)                                                                                         \
    X(UNKNOWN) /* the provider could not say */                                                    \
    X(BEGAN)   /* the rollout that brings it */                                                    \
    X(TAKEN)   /* every worker has it */                                                           \
    X(BACK)    /* the rollout went back */

#define X(symbol) ROTATION_EV_##symbol,
enum rotation_event_type { ROTATION_EVENTS(X) };
#undef X

struct rotation_event {
    enum rotation_event_type type;
    usec_t now;
    bool changed;
    bool asked;
};

enum rotation_action {
    ROTATION_DO_NOTHING,
    ROTATION_DO_READ,
    ROTATION_DO_CHECK,
    ROTATION_DO_FORGET, /* the question under way, and the value */
    ROTATION_DO_TELL_UNVERIFIED,
    ROTATION_DO_REFUSE,
    ROTATION_DO_ROLL_OUT, /* if nothing else is under way */
};

struct rotation {
    enum rotation_state state;
    bool again;        /* rolling: the file changed meanwhile */
    unsigned failures; /* checks in a row that said nothing */
    usec_t until;      /* retrying */
};

struct rotation_update {
    struct rotation next;
    enum rotation_action action;
};

struct rotation_update rotation_step(struct rotation r, struct rotation_event ev);

/* What becomes of a value that an instance before had begun to bring. */
enum rotation_resume {
    ROTATION_RESUME_TAKEN,  /* it is the one in use */
    ROTATION_RESUME_GOES,   /* the rollout that brings it goes on */
    ROTATION_RESUME_WARM,   /* it is in use, and what it replaced may still come back */
    ROTATION_RESUME_DROPPED /* it is not: the file is verified as if nobody had seen it */
};

/*
 * `former`: the rollout of the instance before, whose workers live; NULL: nobody lives. `from`: the
 * first generation that has the value. Without workers there is nothing to go back to.
 */
enum rotation_resume rotation_resume(const struct rollout *former, uint64_t from);

const char *rotation_state_name(enum rotation_state state);
