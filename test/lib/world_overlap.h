/* What must hold of lives that overlap. */
#pragma once

#include "lib/world.h"

/* While a new daemon hears of everything: so many lives there may be afterwards. */
void world_overlap_allow(struct world *w);

/* After each step. */
void world_overlap_check(struct world *w);

/* A life is begun. */
void world_overlap_exec(struct world *w, unsigned slot);

/* A worker was just paused; and if that was not done a second time, also the other. */
void world_overlap_pause(struct world *w, unsigned slot);
void world_overlap_hold(struct world *w, unsigned slot);

/* Fewer are wanted: who goes on serving has no fewer callers than who was paused, if both are well.
 * `before`: a bit for each slot that served. */
void world_overlap_chosen(struct world *w, uint64_t before);
uint64_t world_overlap_serving(const struct world *w);

/* A worker is told to stop. */
void world_overlap_stop(struct world *w, unsigned slot);
