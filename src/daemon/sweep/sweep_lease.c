/* One sweep of one Redis at a time. */
#include "daemon/sweep/sweep_lease.h"

#include "base/log.h"
#include "daemon/sweep/sweep_pass.h"
#include "io/redis/redis_lease.h"

#include <stdio.h>

static const char key[] = "voxkeeper:lease:sweep";

/* Another one has it: now, or after ours ran out in a pause. Then it goes on with the rest. */
static void on_held(const char *other, const char *trouble, void *arg)
{
    struct sweep_pass *p = arg;
    bool first = !p->lease_known;
    p->lease_known = true;
    if (other) {
        p->summary.elsewhere = true;
        snprintf(p->summary.error_text, sizeof p->summary.error_text,
            "another one sweeps this Redis: %s", other);
        p->end = true;
    }
    if (trouble[0])
        log_printf(LOG_LEVEL_INFO, "sweep without its lease %s: %s", key, trouble);
    if (first)
        sweep_pass_known(p);
}

static void on_released(void *arg)
{
    struct sweep_pass *p = arg;
    redis_lease_free(p->lease);
    p->lease = NULL;
    sweep_pass_finish(p);
}

bool sweep_lease_asks(struct sweep_pass *p)
{
    static const struct redis_lease_events events = {on_held, on_released};
    struct redis_link *link = sweep_pace_link(p->pace);
    bool removes = !p->summary.dry_run && !p->summary.census_only;
    usec_t time = p->limits.lease_time > 0 ? p->limits.lease_time : REDIS_LEASE_TIME;
    if (!p->limits.lease || !removes || !link || p->lease)
        return false;
    p->lease = redis_lease_new(p->loop, link, key, time, &events, p);
    return true;
}

bool sweep_lease_returns(struct sweep_pass *p)
{
    if (!p->lease)
        return false;
    redis_lease_release(p->lease);
    return true;
}
