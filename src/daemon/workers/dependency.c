/* Redis as the daemon sees it. */
#include "daemon/workers/dependency.h"

#include "core/event.h"
#include "daemon/daemon_parts.h"
#include "daemon/metrics/meters.h"
#include "daemon/sweep/key_list.h"
#include "daemon/sweep/restore.h"
#include "daemon/sweep/rights.h"
#include "daemon/sweep/sweeper.h"
#include "daemon/sweep/sweeps.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"
#include "io/redis/redis_link.h"

#include <errno.h>
#include <string.h>

/* How often Redis is asked whether it is there, when nothing else goes on. */
#define PING_INTERVAL (2 * USEC_PER_SEC)

static enum dependency dependency_of(enum redis_link_state state)
{
    switch (state) {
    case REDIS_LINK_UP:
        return DEPENDENCY_UP;
    case REDIS_LINK_DOWN:
    case REDIS_LINK_LOADING:
        return DEPENDENCY_DOWN;
    case REDIS_LINK_CONNECTING:
    case REDIS_LINK_REFUSED:
        /* It refuses us, which says nothing about the workers' own credentials. */
        return DEPENDENCY_UNKNOWN;
    }
    return DEPENDENCY_UNKNOWN;
}

static void tell(const struct daemon *d, enum event_id id, const char *what, const char *why)
{
    struct event ev;
    event_init(&ev, id);
    event_message(
        &ev, "Redis at %s %s%s%s", redis_link_address(d->redis), what, why[0] ? ": " : "", why);
    event_field(&ev, "VOXKEEPER_REDIS", "%s", redis_link_address(d->redis));
    event_field_text(&ev, "VOXKEEPER_REASON", why);
    event_emit(&ev);
    event_fini(&ev);
}

static void on_state(enum redis_link_state state, const char *why, void *arg)
{
    struct daemon *d = arg;
    d->redis_since_wall = loop_wall_now();
    switch (state) {
    case REDIS_LINK_UP:
        d->meters->redis_reconnects += redis_link_connects(d->redis) > 1;
        tell(d, EVENT_REDIS_UP, "is up", "");
        break;
    case REDIS_LINK_DOWN:
    case REDIS_LINK_LOADING:
        tell(d, EVENT_REDIS_DOWN, "is down; no worker is restarted for that", why);
        break;
    case REDIS_LINK_REFUSED:
        tell(d, EVENT_REDIS_REFUSED, "refuses us; it is neither swept nor watched", why);
        break;
    case REDIS_LINK_CONNECTING:
        break;
    }
    supervisor_dependency(d->supervisor, dependency_of(state));
    if (state == REDIS_LINK_UP && d->sweeps)
        sweeps_redis_up(d->sweeps);
    if (state == REDIS_LINK_UP && d->rights)
        rights_look(d->rights);
    daemon_show_status(d);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_link(const struct config_redis *a, const struct config_redis *b)
{
    return same_text(a->url, b->url) && same_text(a->username, b->username) &&
           same_text(a->password_credential, b->password_credential) &&
           a->connect_timeout == b->connect_timeout && a->command_timeout == b->command_timeout;
}

static int open_link(struct daemon *d, const struct config *config, struct err *e)
{
    const struct redis_link_conf conf = {.url = config->redis.url,
        .username = config->redis.username,
        .password_file = config->redis.password_credential,
        .connect_timeout = config->redis.connect_timeout,
        .command_timeout = config->redis.command_timeout,
        .ping_interval = PING_INTERVAL};
    d->redis = redis_link_new(d->loop, &conf, on_state, d, e);
    if (!d->redis)
        return e->code;
    d->redis_conf = &config->redis;
    d->redis_since_wall = loop_wall_now();
    d->sweeper = sweeper_new(d->loop, d->redis);
    sweeper_watch(d->sweeper, daemon_on_swept, d);
    sweeper_beside(d->sweeper, &conf);
    d->rights = rights_new(d->redis);
    d->sweeps = sweeps_new(d->loop, d->sweeper, config);
    if (!d->sweeps)
        return err_sys(e, -ENOMEM, "building the sweeps");
    d->key_list = key_list_new(d->sweeper);
    drainer_use_sweeper(d->drainer, d->sweeper);
    return 0;
}

void dependency_close(struct daemon *d)
{
    if (d->drainer)
        drainer_use_sweeper(d->drainer, NULL);
    key_list_free(d->key_list);
    restore_free(d->restore);
    rights_free(d->rights);
    d->rights = NULL;
    sweeps_free(d->sweeps);
    sweeper_free(d->sweeper);
    redis_link_free(d->redis);
    d->key_list = NULL;
    d->restore = NULL;
    d->sweeps = NULL;
    d->sweeper = NULL;
    d->redis = NULL;
    d->redis_conf = NULL;
}

int dependency_configure(struct daemon *d, const struct config *config, struct err *e)
{
    if (d->redis && !same_link(d->redis_conf, &config->redis)) {
        dependency_close(d);
        supervisor_dependency(d->supervisor, DEPENDENCY_UNKNOWN);
    }
    if (!config->redis.url)
        return 0;
    if (!d->redis) {
        int r = open_link(d, config, e);
        if (r < 0)
            return r;
    }
    d->redis_conf = &config->redis;
    redis_link_retry(d->redis);
    return sweeps_configure(d->sweeps, config, e);
}

void dependency_retry(struct daemon *d)
{
    if (d->redis)
        redis_link_retry(d->redis);
}

const char *dependency_words(const struct daemon *d)
{
    if (!d->redis)
        return "";
    switch (redis_link_state(d->redis)) {
    case REDIS_LINK_UP:
        return "redis up";
    case REDIS_LINK_DOWN:
        return "redis down";
    case REDIS_LINK_LOADING:
        return "redis loading";
    case REDIS_LINK_REFUSED:
        return "redis refuses us";
    case REDIS_LINK_CONNECTING:
        return "";
    }
    return "";
}
