/* One worker as JSON. */
#pragma once

#include "core/fleet/fleet.h"
#include "daemon/workers/slot.h"

struct cJSON;

struct sock_connections;

/*
 * `slot` is NULL when nothing was started there yet; `connections` (NULL: unknown) are those of all
 * workers, of which the ones this process holds are counted. Returns owned JSON.
 */
struct cJSON *worker_json(const struct fleet_slot *state, const struct slot *slot, unsigned index,
    const struct sock_connections *connections);
