/* Turns what the fleet tells into journal events. */
#pragma once

#include "core/fleet/fleet.h"
#include "daemon/verbs/operation.h"
#include "daemon/workers/supervisor.h"

/*
 * Emits the event of `told`, and gives its words to the operation that waits for it (NULL: none).
 * Rollouts are told by daemon/workers/rollout_told, verdicts by daemon/verbs/verb_rollout.
 */
void tell_worker(
    const struct supervisor *s, const struct fleet_action *told, struct operation *waiting);
