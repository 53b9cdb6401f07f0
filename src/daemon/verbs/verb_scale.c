/* Another number of workers, while they run. */
#include "daemon/verbs/verb_scale.h"

#include "base/timestamp.h"
#include "core/config/config_workers.h"
#include "daemon/daemon.h"
#include "daemon/verbs/operation.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/front.h"
#include "daemon/workers/scaling.h"
#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>

static int refuse(struct err *e, int code, unsigned n, const char *why)
{
    return err_set(e, code, "scaling to %u worker%s: %s", n, scaling_plural(n), why);
}

/* Whether this daemon, as it runs now, bears so many. */
static int check(const struct daemon *d, unsigned n, struct err *e)
{
    struct err why = {0};
    if (config_check_workers(d->config, n, &why) < 0)
        return err_set(e, why.code, "scaling: %s", why.msg);
    if (n > 1 && front_why(d->front)[0]) {
        char text[sizeof e->msg];
        snprintf(text, sizeof text,
            "the listener could not be handed over (%.120s), and only one can bind Listen= itself",
            front_why(d->front));
        return refuse(e, -EINVAL, n, text);
    }
    if (drainer_state(d->drainer)->state != DRAIN_OPEN)
        return refuse(e, -EBUSY, n, "the agent is drained or draining; `voxkeeper resume` first");
    switch (supervisor_obstacle(d->supervisor, n)) {
    case FLEET_OBSTACLE_NONE:
        break;
    case FLEET_OBSTACLE_STOPPED:
        return refuse(e, -EBUSY, n, "the workers are stopped");
    case FLEET_OBSTACLE_REPLACED:
        return refuse(e, -EBUSY, n,
            "the workers are being replaced; wait for the end of the rollout, or `voxkeeper "
            "rollout cancel`");
    case FLEET_OBSTACLE_IN_PLACE:
        return refuse(e, -EBUSY, n,
            "one of those that would stay does not serve; without Handover=preload only the "
            "workers with the highest numbers can go");
    }
    return 0;
}

/* What `from` workers are told of, before the fleet decides. */
static void tell_began(
    const struct daemon *d, const struct operation *op, unsigned from, unsigned n)
{
    char words[96];
    const struct fleet_action told = {
        .operation = operation_id(op), .workers = n, .workers_from = from};
    snprintf(words, sizeof words, "scaling from %u to %u worker%s", from, n, scaling_plural(n));
    scaling_tell(d, EVENT_SCALE_BEGAN, op, &told, words);
}

/* `workers` 0: as many as Workers= says. */
static void begin(struct daemon *d, const struct operation *op, unsigned workers)
{
    struct saved_wish wish = {
        .workers = workers, .configured = d->config->agent.workers, .at_wall = loop_wall_now()};
    snprintf(wish.author, sizeof wish.author, "%s", operation_author(op));
    snprintf(wish.reason, sizeof wish.reason, "%s", operation_reason(op));
    tell_began(d, op, fleet_wanted(supervisor_fleet(d->supervisor)),
        workers ? workers : d->config->agent.workers);
    scaling_begin(d->scaling);
    supervisor_scale(d->supervisor, &wish, operation_id(op));
}

/* Meanwhile everything may be otherwise. */
static void on_counted(struct daemon *d, uint64_t id, unsigned workers)
{
    struct err e = {0};
    struct operation *op = operation_find(d->operations, id);
    if (!op || !operation_running(op))
        return;
    if (check(d, workers ? workers : d->config->agent.workers, &e) < 0)
        operation_end(op, OPERATION_FAILED, "%s", e.msg);
    else
        begin(d, op, workers);
}

struct operation *verb_scale(
    struct daemon *d, const struct verb_asker *asker, const struct scale_wish *wish, struct err *e)
{
    uint64_t n = wish->as_configured ? d->config->agent.workers : wish->workers;
    if (wish->as_configured == (wish->workers > 0)) {
        err_set(e, -EINVAL, "reading the request: want either \"workers\" or \"default\"");
        return NULL;
    }
    if (check(d, n > LIMIT_WORKERS ? UINT32_MAX : (unsigned)n, e) < 0)
        return NULL;
    struct operation *op = verb_begin(d, "scale", asker, e);
    unsigned workers = wish->as_configured ? 0 : (unsigned)n;
    if (op && n < fleet_wanted(supervisor_fleet(d->supervisor)))
        scaling_count(d->scaling, operation_id(op), workers, on_counted);
    else if (op)
        begin(d, op, workers);
    return op;
}

void verb_scale_go_on(struct daemon *d, const struct saved *saved)
{
    const struct fleet_scale *scale = &saved->fleet.scale;
    if (!scale->operation)
        return;
    (void)operation_restore(
        d->operations, scale->operation, "scale", saved->wish.author, saved->wish.reason);
    scaling_begin(d->scaling);
}

/* ---- reloads ---- */

void verb_scale_reloading(const struct daemon *d, const struct config *config, struct operation *op)
{
    const struct saved_wish *wish = supervisor_wish(d->supervisor);
    if (supervisor_is_scaled(d->supervisor) && config->agent.workers != wish->configured)
        operation_progress(op,
            "Workers=%u counts again, in place of the %u worker%s that %s asked for",
            config->agent.workers, wish->workers, scaling_plural(wish->workers), wish->author);
}

void verb_scale_settle(struct daemon *d)
{
    const struct saved_wish *wish = supervisor_wish(d->supervisor);
    const struct config *back = d->reload.previous;
    if (wish->workers > 0 && d->config->agent.workers != wish->configured &&
        !(back && back->agent.workers == wish->configured))
        supervisor_forget_wish(d->supervisor);
}

int verb_scale_check(const struct daemon *d, const struct config *config, struct err *e)
{
    const struct saved_wish *wish = supervisor_wish(d->supervisor);
    struct err why = {0};
    if (wish->workers == 0 || wish->configured != config->agent.workers ||
        config_check_workers(config, wish->workers, &why) == 0)
        return 0;
    return err_set(e, -EINVAL,
        "%s wants %u workers (voxkeeper scale), which this does not bear: %.120s", wish->author,
        wish->workers, why.msg);
}

struct cJSON *verb_scale_json(const struct daemon *d)
{
    const struct saved_wish *wish = supervisor_wish(d->supervisor);
    char since[TIMESTAMP_TEXT_MAX];
    if (!supervisor_is_scaled(d->supervisor))
        return cJSON_CreateNull();
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "workers", wish->workers);
    cJSON_AddStringToObject(o, "author", wish->author);
    cJSON_AddStringToObject(o, "reason", wish->reason);
    cJSON_AddStringToObject(o, "since", timestamp_format(wish->at_wall, since));
    return o;
}
