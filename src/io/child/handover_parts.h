/* The insides of `struct handover`, shared by handover.c and handover_give.c. */
#pragma once

#include "io/child/handover.h"

#include <uv.h>

struct handover {
    uv_poll_t poll;
    struct handover_spec spec;
    struct endpoint privates[LIMIT_LISTEN];
    int private_fds[LIMIT_LISTEN];
    int control;        /* ours; -1 without a shim */
    int worker_control; /* the worker's; -1 once it has it */
    struct handover_state state;
    void (*on_change)(void *arg);
    void *arg;
};

/* Private listeners that the worker gets. */
unsigned handover_n_private(const struct handover *h);

/* The number of the i-th of them in the worker. */
int handover_private_target(const struct handover *h, unsigned i);
