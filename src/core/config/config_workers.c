/* Whether a configuration bears another number of workers. */
#include "core/config/config_workers.h"

#include "core/fleet/rollout.h"

#include <errno.h>

static bool overlaps(const struct config_agent *a)
{
    return a->handover == HANDOVER_PRELOAD ||
           (a->handover == HANDOVER_LISTEN_FDS && a->listen_private);
}

/* With the spares, and with what a rollout begins beside them. */
static unsigned processes(const struct config *c, unsigned n)
{
    return overlaps(&c->agent) ? n + c->agent.standby + rollout_surge(&c->rollout, n) : n;
}

static unsigned most(const struct config *c)
{
    unsigned n = LIMIT_WORKERS;
    while (n > 1 && processes(c, n) > LIMIT_WORKERS)
        n--;
    return n;
}

int config_check_workers(const struct config *c, unsigned n, struct err *e)
{
    const struct config_agent *a = &c->agent;
    if (n == 0)
        return err_set(e, -EINVAL, "refuse 0 workers: nobody would answer; see: voxkeeper drain");
    if (n > 1 && a->handover == HANDOVER_NONE && a->n_listen > 0)
        return err_set(e, -EINVAL,
            "refuse %u workers: with Handover=none every worker binds Listen= itself, and only one "
            "can",
            n);
    if (n > 1 && a->handover == HANDOVER_LISTEN_FDS && !a->listen_private)
        return err_set(e, -EINVAL,
            "refuse %u workers: with Handover=listen-fds a probe of Listen= does not tell one "
            "worker from another, want ListenPrivate=yes",
            n);
    if (n > LIMIT_WORKERS || processes(c, n) > LIMIT_WORKERS)
        return err_set(e, -EINVAL,
            "refuse %u workers: with Standby=%u and MaxSurge=%u%s there is room for %u, since "
            "%d processes are the most",
            n, a->standby, c->rollout.max_surge.n, c->rollout.max_surge.percent ? "%" : "", most(c),
            LIMIT_WORKERS);
    return 0;
}
