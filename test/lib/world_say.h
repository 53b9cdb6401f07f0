/* One line of the log for each decision; what goes on all the time (probes, counts) stays out. */
#pragma once

#include "lib/world.h"

void world_say_action(struct world *w, const struct fleet_action *a);
void world_say_drain(struct world *w, enum drain_action action);
void world_say(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
