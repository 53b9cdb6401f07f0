/* What the fleet tells of a rollout: kept in the record, told as events, passed on to who waits. */
#pragma once

#include "core/fleet/fleet.h"

struct daemon;

/* FLEET_DO_TELL_ROLLOUT. */
void rollout_told(struct daemon *d, const struct fleet_action *told);

/* Takes down why, for a restart in place, which has no phases. */
void rollout_failed_in_place(struct daemon *d, const struct fleet_action *told);
