/* What the service manager says of the unit that this process is part of. */
#pragma once

#include "base/err.h"
#include "base/strlist.h"
#include "core/own_unit.h"

#include <stdbool.h>

/* Returns 0, or a negative errno with *e set: -ENOENT when we are in none. */
int manager_own_unit(struct own_unit *out, struct err *e);

/*
 * The type of the unit's job under way: "stop", "restart", ..; "" when there is none. Owned. Blocks
 * for at most some seconds. Returns 0, or a negative errno with *e set.
 */
int manager_job_type(const char *unit, char **out, struct err *e);

/*
 * The files that `unit` was loaded from, the unit's own first, then its drop-ins: owned list. Blocks
 * as well. Returns 0, or a negative errno with *e set.
 */
int manager_unit_files(const char *unit, struct strlist *out, struct err *e);

/* Whether `unit` changed on disk since the service manager read it. Blocks as well. Returns 0, or a
 * negative errno with *e set. */
int manager_needs_reload(const char *unit, bool *out, struct err *e);

/* Whether the machine's clock is kept, as systemd-timedated tells. Blocks as well. Returns 0, or a
 * negative errno with *e set. */
int manager_clock_synced(bool *out, struct err *e);
