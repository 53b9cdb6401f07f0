/* One pass over Redis at a time; in this state of the tree every pass is refused. */
#include "daemon/sweeper.h"

#include <errno.h>
#include <stdlib.h>

struct sweeper {
    struct redis_link *link;
};

struct sweeper *sweeper_new(struct loop *l, struct redis_link *link)
{
    struct sweeper *s = calloc(1, sizeof *s);
    (void)l;
    if (!s)
        abort();
    s->link = link;
    return s;
}

int sweeper_configure(struct sweeper *s, const struct config_keyspace *keyspaces,
    unsigned n_keyspaces, const struct strlist *protect, usec_t active_window, struct err *e)
{
    (void)s;
    (void)keyspaces;
    (void)n_keyspaces;
    (void)protect;
    (void)active_window;
    (void)e;
    return 0;
}

int sweeper_run(struct sweeper *s, const struct sweep_request *request,
    sweeper_finding_fn *on_finding, sweeper_done_fn *on_done, void *arg, struct err *e)
{
    (void)s;
    (void)request;
    (void)on_finding;
    (void)on_done;
    (void)arg;
    return err_set(e, -ENOTCONN, "sweeping: not available yet");
}

bool sweeper_busy(const struct sweeper *s)
{
    (void)s;
    return false;
}

void sweeper_cancel(struct sweeper *s)
{
    (void)s;
}

void sweeper_free(struct sweeper *s)
{
    free(s);
}
