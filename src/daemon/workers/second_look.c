/* One PING for all who are silent. */
#include "daemon/workers/second_look.h"

#include "daemon/daemon.h"
#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"
#include "io/redis/redis_link.h"

#include <stdlib.h>

struct second_look {
    struct daemon *daemon;
    struct timer *soon; /* the link tells of its own loss after it has told the answers' */
    bool asked;
};

static void on_soon(void *arg)
{
    struct second_look *look = arg;
    supervisor_silence_judged(look->daemon->supervisor);
}

static void on_answer(const struct redis_value *reply, void *arg)
{
    (void)reply;
    struct second_look *look = arg;
    look->asked = false;
    timer_arm(look->soon, 0);
}

struct second_look *second_look_new(struct daemon *d)
{
    struct second_look *look = calloc(1, sizeof *look);
    if (!look)
        return NULL;
    look->daemon = d;
    look->soon = timer_new(d->loop, on_soon, look);
    return look;
}

void second_look_free(struct second_look *look)
{
    if (!look)
        return;
    timer_free(look->soon);
    free(look);
}

bool second_look_begin(struct second_look *look)
{
    const struct daemon *d = look->daemon;
    if (look->asked)
        return true;
    if (!d->redis || redis_link_state(d->redis) != REDIS_LINK_UP)
        return false;
    const char *const ping[] = {"PING"};
    look->asked = redis_link_command(d->redis, 1, ping, NULL, on_answer, look) == 0;
    return look->asked;
}
