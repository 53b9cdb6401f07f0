/* What must hold of overlapping lives, whatever happens. */
#pragma once

#include "explore.h"
#include "overlap_node.h"

/* The world does what is asked of it; f is as the step left it. */
void overlap_check_action(struct explore *x, const struct fleet *f, struct overlap_world *w,
    const struct fleet_action *a);
/* There may be `most` lives. */
void overlap_check_state(struct explore *x, const struct fleet *f, unsigned most,
    const struct overlap_world *w, usec_t now);
/* found_bad: the slot whose probe has just failed, or PLACES. */
void overlap_check_stops(struct explore *x, const struct fleet *f,
    const struct overlap_node *before, unsigned found_bad);
