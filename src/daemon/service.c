/* What the service manager sees. */
#include "daemon/service.h"

#include "io/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_MAX = 256 };

struct service {
    struct timer *watchdog; /* fires only while the loop turns: that is its proof */
    struct timer *status_timer;
    struct timer *patience;
    usec_t watchdog_interval;
    usec_t status_next_at;
    bool ready; /* was told; before that the manager must not take a reload's end for it */
    bool stopping;
    char status[STATUS_MAX];
    char sent[STATUS_MAX];
};

static void on_watchdog(void *arg)
{
    struct service *s = arg;
    notify_watchdog();
    timer_arm(s->watchdog, usec_add(loop_now(), s->watchdog_interval));
}

static void send_status(void *arg)
{
    struct service *s = arg;
    if (strcmp(s->status, s->sent) == 0)
        return;
    memcpy(s->sent, s->status, sizeof s->sent);
    notify_status(s->status);
    s->status_next_at = usec_add(loop_now(), USEC_PER_SEC);
}

static void on_patience(void *arg)
{
    struct service *s = arg;
    notify_extend_timeout(5 * USEC_PER_SEC);
    timer_arm(s->patience, usec_add(loop_now(), USEC_PER_SEC));
}

struct service *service_new(struct loop *l)
{
    struct service *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->watchdog = timer_new(l, on_watchdog, s);
    s->status_timer = timer_new(l, send_status, s);
    s->patience = timer_new(l, on_patience, s);
    s->watchdog_interval = notify_watchdog_interval();
    if (s->watchdog_interval != USEC_INFINITY)
        on_watchdog(s);
    return s;
}

void service_free(struct service *s)
{
    if (!s)
        return;
    timer_free(s->watchdog);
    timer_free(s->status_timer);
    timer_free(s->patience);
    free(s);
}

void service_starting(usec_t within)
{
    notify_extend_timeout(within);
}

void service_ready(struct service *s)
{
    s->ready = true;
    notify_ready(s->status);
}

void service_status(struct service *s, const char *status)
{
    snprintf(s->status, sizeof s->status, "%s", status);
    timer_arm(s->status_timer, s->status_next_at);
}

void service_reloading(struct service *s)
{
    if (!s->ready)
        return;
    notify_reloading();
    on_patience(s);
}

void service_reloaded(struct service *s)
{
    if (!s->ready || s->stopping)
        return;
    timer_disarm(s->patience);
    notify_ready(s->status);
}

void service_stopping(struct service *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    notify_stopping(s->status);
    on_patience(s);
}
