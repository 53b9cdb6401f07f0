/*
 * Whether the new generation, under its first callers, writes so many more errors than the one
 * before that it has to go. One line never decides: there must be MinErrors= of them, and more than
 * chance would make of MaxErrorRate= times the rate before.
 */
#pragma once

#include "core/fleet/error_meter.h"

#include <stdbool.h>

struct bake_conf {
    double max_error_rate; /* times the rate of the generation before; 0: errors do not count */
    unsigned min_errors;
};

/*
 * `fresh` is what the canary wrote since it serves, `before` what the generation before it wrote
 * (added up over its lives, spans too). Where nothing is known of `before`, nothing is judged.
 */
bool bake_signal_is_bad(
    const struct bake_conf *conf, struct error_rate fresh, struct error_rate before);
