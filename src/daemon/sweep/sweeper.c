/* What passes go by, and one of them at a time. */
#include "daemon/sweep/sweeper.h"

#include "daemon/sweep/sweep_backup.h"
#include "daemon/sweep/sweep_pass.h"
#include "io/redis/redis_conf.h"

#include <errno.h>
#include <stdlib.h>

struct sweeper {
    struct loop *loop;
    struct redis_link *link;
    struct sweep_plan plan;
    struct idle_ledger *ledger;
    struct sweep_limits limits;
    struct redis_link_conf *beside; /* of the second connection; NULL: there is none */
    struct sweep_backup_conf backup;
    struct sweep_pass *pass; /* NULL: none is under way */
    sweeper_done_fn *on_done;
    void *arg;
    sweeper_done_fn *on_pass; /* NULL: nobody watches */
    void *watcher;
};

struct sweeper *sweeper_new(struct loop *l, struct redis_link *link)
{
    struct sweeper *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->loop = l;
    s->link = link;
    s->limits = (struct sweep_limits){
        .max_latency = USEC_PER_MSEC, .max_delete = {UINT64_MAX, SWEEP_FUSE_NO_SHARE}};
    s->ledger = idle_ledger_new();
    return s;
}

void sweeper_share_idle(struct sweeper *s, const struct sweeper *other)
{
    idle_ledger_free(s->ledger);
    s->ledger = idle_ledger_share(other->ledger);
}

int sweeper_configure(struct sweeper *s, const struct config_keyspace *keyspaces,
    unsigned n_keyspaces, const struct strlist *protect, usec_t active_window, struct err *e)
{
    struct sweep_plan plan;
    int r = sweep_plan_init(&plan, keyspaces, n_keyspaces, protect, active_window, e);
    if (r < 0)
        return r;
    sweep_plan_fini(&s->plan);
    s->plan = plan;
    return 0;
}

void sweeper_limit(struct sweeper *s, const struct sweep_limits *limits)
{
    s->limits = *limits;
}

void sweeper_beside(struct sweeper *s, const struct redis_link_conf *conf)
{
    redis_conf_free(s->beside);
    s->beside = redis_conf_copy(conf);
}

void sweeper_set_backup(
    struct sweeper *s, bool enabled, const char *directory, const struct backup_keeping *keep)
{
    sweep_backup_conf_fini(&s->backup);
    sweep_backup_conf_init(&s->backup, enabled, directory, keep);
}

void sweeper_watch(struct sweeper *s, sweeper_done_fn *on_pass, void *arg)
{
    s->on_pass = on_pass;
    s->watcher = arg;
}

/* The pass is over and frees itself. What is told may begin another one, or free the sweeper. */
static void on_pass_done(const struct sweep_summary *summary, void *arg)
{
    struct sweeper *s = arg;
    s->pass = NULL;
    if (s->on_pass)
        s->on_pass(summary, s->watcher);
    s->on_done(summary, s->arg);
}

int sweeper_run(struct sweeper *s, const struct sweep_request *request,
    sweeper_finding_fn *on_finding, sweeper_done_fn *on_done, void *arg, struct err *e)
{
    if (s->pass)
        return err_set(e, -EBUSY, "sweeping: another pass is under way");
    if (redis_link_state(s->link) != REDIS_LINK_UP)
        return err_set(e, -ENOTCONN, "sweeping: Redis at %s is not up: %s",
            redis_link_address(s->link), redis_link_why(s->link));
    const struct sweep_pass_conf conf = {.loop = s->loop,
        .link = s->link,
        .plan = &s->plan,
        .ledger = s->ledger,
        .limits = s->limits,
        .beside = s->beside,
        .backup = &s->backup,
        .on_finding = on_finding,
        .arg = arg,
        .on_done = on_pass_done,
        .owner = s};
    int r = sweep_pass_new(&conf, request, &s->pass, e);
    if (r < 0)
        return r;
    s->on_done = on_done;
    s->arg = arg;
    return 0;
}

bool sweeper_busy(const struct sweeper *s)
{
    return s->pass;
}

bool sweeper_progress(const struct sweeper *s, struct sweep_progress *out)
{
    if (s->pass)
        *out = sweep_pass_progress(s->pass);
    return s->pass;
}

void sweeper_cancel(struct sweeper *s)
{
    if (s->pass)
        sweep_pass_cancel(s->pass);
}

void sweeper_free(struct sweeper *s)
{
    if (!s)
        return;
    sweep_pass_free(s->pass);
    redis_conf_free(s->beside);
    sweep_backup_conf_fini(&s->backup);
    idle_ledger_free(s->ledger);
    sweep_plan_fini(&s->plan);
    free(s);
}
