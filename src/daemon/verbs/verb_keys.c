/* What an operator asks of Redis' keys beside a sweep. */
#include "daemon/verbs/verb_keys.h"

#include "daemon/daemon.h"
#include "daemon/sweep/sweeper.h"
#include "daemon/verbs/operation.h"

#include <errno.h>

struct operation *verb_keys(
    struct daemon *d, const struct verb_asker *asker, const struct key_wish *wish, struct err *e)
{
    if (!d->key_list) {
        err_set(e, -ENOTCONN, "listing keys: no Redis is configured ([Redis] Url=)");
        return NULL;
    }
    struct operation *op = verb_begin(d, "keys", asker, e);
    if (!op)
        return NULL;
    if (key_list_run(d->key_list, wish, op, e) < 0) {
        operation_end(op, OPERATION_FAILED, "%s", e->msg);
        return NULL;
    }
    return op;
}

static bool is(const struct operation *op, uint64_t id)
{
    return op && operation_id(op) == id;
}

/* One by the timer has no operation that could end. */
static struct operation *cancel_unasked(
    struct daemon *d, const struct verb_asker *asker, struct err *e)
{
    struct operation *op = verb_begin(d, "sweep cancel", asker, e);
    if (!op)
        return NULL;
    sweeper_cancel(d->sweeper);
    operation_end(op, OPERATION_DONE, "the sweep ends");
    return op;
}

struct operation *verb_sweep_cancel(
    struct daemon *d, const struct verb_asker *asker, uint64_t id, struct err *e)
{
    struct operation *sweep = d->sweeps ? sweeps_operation(d->sweeps) : NULL;
    struct operation *list = d->key_list ? key_list_operation(d->key_list) : NULL;
    if (id == 0 && !sweep && d->sweeps && sweeps_running(d->sweeps))
        return cancel_unasked(d, asker, e);
    struct operation *op = id == 0 || is(sweep, id) ? sweep : is(list, id) ? list : NULL;
    if (!op) {
        err_set(e, -EALREADY, "cancelling: %s",
            id == 0 ? "no sweep is under way" : "that sweep is over");
        return NULL;
    }
    sweeper_cancel(d->sweeper);
    return op;
}
