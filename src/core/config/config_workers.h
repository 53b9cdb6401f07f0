/* Whether a configuration bears another number of workers than it asks for. Pure. */
#pragma once

#include "base/err.h"
#include "core/config/config.h"

/* As for Workers= itself. Returns 0, or -EINVAL with *e saying why not, and how many it does bear.
 */
int config_check_workers(const struct config *c, unsigned n, struct err *e);
