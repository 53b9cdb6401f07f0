/* Callers for the status. */
#include "daemon/status_callers.h"

#include "base/timestamp.h"
#include "daemon/daemon.h"
#include "daemon/metrics/meters.h"
#include "daemon/workers/callers.h"
#include "daemon/workers/connections.h"
#include "daemon/workers/drainer.h"
#include "io/loop/loop.h"
#include "io/redis/redis_link.h"

#include <cjson/cJSON.h>
#include <stdio.h>

enum { WHY_MAX = 256 };

/* A kind that is in Redis: it is known since `at`, or why not. */
struct counted {
    bool known;
    uint64_t n;
    usec_t at;
    char why[WHY_MAX];
};

static void add_number(struct cJSON *o, const char *name, bool known, uint64_t n)
{
    if (known)
        cJSON_AddNumberToObject(o, name, (double)n);
    else
        cJSON_AddNullToObject(o, name);
}

/* Redis is there, and nobody drains. */
static const char *why_not_walked(const struct meters *m)
{
    switch (m->walked) {
    case METERS_NOT_WALKED:
        return "no sweep has counted them since voxkeeperd began";
    case METERS_WALK_CUT_SHORT:
        return "the latest sweep did not come to its end";
    case METERS_WALKED:
        break;
    }
    return "a sweep does not read healthy ones; voxkeeper keys lists them";
}

static void explain(const struct daemon *d, bool drains, struct counted *c)
{
    char since[TIMESTAMP_TEXT_MAX];
    const struct meters *m = d->meters;
    if (!d->redis)
        snprintf(c->why, sizeof c->why, "no [Redis] Url= is configured");
    else if (redis_link_state(d->redis) != REDIS_LINK_UP)
        snprintf(c->why, sizeof c->why, "Redis is %s since %s",
            redis_link_state_name(redis_link_state(d->redis)),
            timestamp_format(d->redis_since_wall, since));
    else if (drains)
        snprintf(c->why, sizeof c->why, "the drain has not counted them yet");
    else
        snprintf(c->why, sizeof c->why, "%s%s%s", why_not_walked(m), m->walk_trouble[0] ? ": " : "",
            m->walk_trouble);
}

/* A drain counts for itself; else it is as of the latest walk over Redis, while that is there. */
static struct counted count(const struct daemon *d, enum config_keyspace_kind kind)
{
    const struct drain *drain = drainer_state(d->drainer);
    bool drains = drain->state != DRAIN_OPEN;
    bool up = d->redis && redis_link_state(d->redis) == REDIS_LINK_UP;
    bool tasks = kind == CONFIG_KEYSPACE_TASK;
    const struct meters *m = d->meters;
    struct counted c = {0};
    if (d->redis && drains) {
        c.known = tasks ? drain->callers.tasks.known : drain->callers.sessions.known;
        c.n = tasks ? drain->callers.tasks.n : drain->callers.sessions.n;
        c.at = tasks ? drain->known_at.tasks : drain->known_at.sessions;
    } else if (up) {
        c.known = tasks ? m->tasks.known : m->sessions.known;
        c.n = tasks ? m->tasks.n : m->sessions.n;
        c.at = tasks ? m->tasks.at : m->sessions.at;
    }
    if (!c.known)
        explain(d, drains, &c);
    return c;
}

static void add_kind(struct cJSON *o, const char *name, const struct counted *c)
{
    char label[32];
    add_number(o, name, c->known, c->n);
    snprintf(label, sizeof label, "%s_age_usec", name);
    add_number(o, label, c->known, usec_sub(loop_now(), c->at));
    snprintf(label, sizeof label, "%s_why", name);
    cJSON_AddStringToObject(o, label, c->why);
}

struct cJSON *status_callers_json(const struct daemon *d)
{
    struct cJSON *o = cJSON_CreateObject();
    struct callers callers = {0};
    struct counted tasks = count(d, CONFIG_KEYSPACE_TASK);
    struct counted sessions = count(d, CONFIG_KEYSPACE_SESSION);
    usec_t age = 0;
    (void)connections_newest(d->connections, &age);
    callers_connections(d->connections, &callers);
    add_number(o, "connections", callers.connections.known, callers.connections.n);
    add_number(o, "age_usec", callers.connections.known, age);
    add_kind(o, "tasks", &tasks);
    add_kind(o, "sessions", &sessions);
    return o;
}
