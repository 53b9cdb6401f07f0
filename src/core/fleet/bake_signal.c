/* Errors of the new generation against those of the old. */
#include "core/fleet/bake_signal.h"

/* Deviations of a Poisson count: by chance alone it is exceeded once in about 700 bakes. */
static const double DEVIATIONS = 3;

bool bake_signal_is_bad(
    const struct bake_conf *conf, struct error_rate fresh, struct error_rate before)
{
    if (!(conf->max_error_rate > 0) || before.span == 0 || fresh.span == 0 ||
        fresh.errors < conf->min_errors)
        return false;
    /* One more than were seen: who was watched for a moment only may be worse than he looked. */
    double expected = conf->max_error_rate * (double)(before.errors + 1) * (double)fresh.span /
                      (double)before.span;
    double beyond = (double)fresh.errors - expected;
    return beyond > 0 && beyond * beyond > DEVIATIONS * DEVIATIONS * expected;
}
