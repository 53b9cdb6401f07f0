/* How patient the link to Redis is. */
#include "io/redis/redis_policy.h"

#include <sys/random.h>

static const usec_t retry_first = 200 * USEC_PER_MSEC;
static const usec_t retry_max = 2 * USEC_PER_SEC;
static const usec_t retry_refused = USEC_PER_MIN;

enum redis_link_state redis_policy_state(enum redis_error error)
{
    switch (error) {
    case REDIS_E_NONE:
    case REDIS_E_MISCONF:
    case REDIS_E_OOM:
        return REDIS_LINK_UP;
    case REDIS_E_LOADING:
    case REDIS_E_BUSY:
    case REDIS_E_READONLY:
    case REDIS_E_CLUSTERDOWN:
        return REDIS_LINK_LOADING;
    case REDIS_E_LOST:
    case REDIS_E_CLIENTS:
    case REDIS_E_PROTOCOL:
        return REDIS_LINK_DOWN;
    case REDIS_E_NOAUTH:
    case REDIS_E_NOPERM:
    case REDIS_E_MOVED:
    case REDIS_E_NOSCRIPT:
    case REDIS_E_WRONGTYPE:
    case REDIS_E_OTHER:
        return REDIS_LINK_REFUSED;
    }
    return REDIS_LINK_REFUSED;
}

/* Jittered, so that many of us do not come back in step. */
static usec_t backoff(unsigned failures)
{
    uint32_t noise = 0;
    if (getrandom(&noise, sizeof noise, GRND_NONBLOCK) != sizeof noise)
        noise = (uint32_t)loop_now();
    usec_t delay = failures < 8 ? retry_first << failures : retry_max;
    if (delay > retry_max)
        delay = retry_max;
    return delay / 2 + noise % (delay / 2);
}

usec_t redis_policy_retry(enum redis_link_state ended, unsigned failures)
{
    switch (ended) {
    case REDIS_LINK_REFUSED:
        return retry_refused;
    case REDIS_LINK_LOADING:
        return REDIS_POLICY_PING_LOADING;
    case REDIS_LINK_DOWN:
    case REDIS_LINK_CONNECTING:
    case REDIS_LINK_UP:
        return backoff(failures);
    }
    return retry_max;
}
