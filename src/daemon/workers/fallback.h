/*
 * What becomes of a worker that the listener shim has no hold of. As long as nobody was ever served
 * through our listener and there is but one worker, it is given the address to bind itself, as with
 * Handover=none; otherwise it fails its verification, and the operator is told why.
 */
#pragma once

#include "core/fleet/fleet.h"

#include <stdbool.h>

struct daemon;

/* Hears of everything that the fleet tells. */
void fallback_consider(struct daemon *d, const struct fleet_action *told);

/* Every worker is gone. Whether that was for the sake of this: then they are started anew. */
bool fallback_all_gone(struct daemon *d);
