/* What must hold of lives that overlap. */
#pragma once

#include "lib/world.h"

#define HOLDS(w, condition)                                                                        \
    do {                                                                                           \
        if (!(condition))                                                                          \
            (w)->broken((w)->log_arg, #condition);                                                 \
    } while (0)

/* After each step. */
void world_overlap_check(struct world *w);

/* A worker is told to stop. */
void world_overlap_stop(struct world *w, unsigned slot);
