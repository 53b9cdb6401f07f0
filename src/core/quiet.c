/* See quiet.h. */
#include "core/quiet.h"

struct quiet quiet_begin(usec_t now)
{
    return (struct quiet){.since = now, .fewest = UINT64_MAX};
}

bool quiet_is_now(struct quiet *q, uint64_t callers, bool known, usec_t now)
{
    usec_t waited = usec_sub(now, q->since);
    if (known && callers < q->fewest)
        q->fewest = callers;
    if (known && callers == 0)
        return true;
    if (waited < QUIET_LOOK)
        return false;
    return waited >= QUIET_PATIENCE || !known || callers <= q->fewest;
}
