/* What the service manager says of the unit that this process is part of. */
#pragma once

#include "base/err.h"

/*
 * Our unit and the cgroup that this process is in. Both are owned (free()). Returns 0, or a
 * negative errno with *e set when we are in none.
 */
int manager_own_unit(char **out_unit, char **out_cgroup, struct err *e);

/*
 * The type of the unit's job under way: "stop", "restart", ..; "" when there is none. Owned. Blocks
 * for at most some seconds. Returns 0, or a negative errno with *e set.
 */
int manager_job_type(const char *unit, char **out, struct err *e);
