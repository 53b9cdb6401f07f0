/* One worker as JSON. */
#pragma once

#include "core/fleet.h"
#include "daemon/slot.h"

struct cJSON;

/* `slot` is NULL when nothing was started there yet. Returns owned JSON. */
struct cJSON *worker_json(const struct fleet_slot *state, const struct slot *slot, unsigned index);
