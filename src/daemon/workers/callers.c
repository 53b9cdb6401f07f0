/* Who calls now. */
#include "daemon/workers/callers.h"

#include "base/text.h"
#include "daemon/sweep/sweeper.h"
#include "daemon/workers/connections.h"
#include "daemon/workers/cut.h"

#include <stdlib.h>

struct callers_counter {
    struct connections *kernel;
    struct connections_question question;
    struct sweeper *sweeper;
    const struct config *config;
    callers_counted_fn *on_counted;
    void *arg;
    bool in_census;
    bool leave_queue;
    struct callers latest;
    /* JSON arrays of names, without the brackets. */
    struct strbuf connections;
    struct strbuf tasks;
    struct strbuf sessions;
};

struct callers_counter *callers_counter_new(struct connections *connections,
    const struct config *config, callers_counted_fn *on_counted, void *arg)
{
    struct callers_counter *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->kernel = connections;
    c->config = config;
    c->on_counted = on_counted;
    c->arg = arg;
    return c;
}

void callers_counter_free(struct callers_counter *c)
{
    if (!c)
        return;
    connections_drop(c->kernel, &c->question);
    strbuf_fini(&c->connections);
    strbuf_fini(&c->tasks);
    strbuf_fini(&c->sessions);
    free(c);
}

void callers_configure(struct callers_counter *c, const struct config *config)
{
    c->config = config;
}

void callers_leave_queue(struct callers_counter *c, bool leave)
{
    c->leave_queue = leave;
}

void callers_use_sweeper(struct callers_counter *c, struct sweeper *sweeper)
{
    bool abandoned = c->in_census;
    c->sweeper = sweeper;
    c->in_census = false;
    if (abandoned)
        c->on_counted(&c->latest, c->arg);
}

void callers_connections(struct connections *connections, struct callers *out)
{
    usec_t age;
    const struct sock_connections *newest = connections_newest(connections, &age);
    out->connections.known = newest != NULL;
    out->connections.n = newest ? newest->n : 0;
    connections_refresh(connections);
}

static void add_name(struct strbuf *list, const char *bytes, size_t len)
{
    if (list->len > 0)
        strbuf_addc(list, ',');
    text_json(list, bytes, len);
}

static void on_census(const struct sweep_summary *summary, void *arg)
{
    struct callers_counter *c = arg;
    strbuf_reset(&c->tasks);
    strbuf_reset(&c->sessions);
    for (unsigned i = 0; i < summary->n_callers; i++) {
        const struct sweep_caller *caller = &summary->callers[i];
        add_name(caller->kind == CONFIG_KEYSPACE_TASK ? &c->tasks : &c->sessions, caller->id,
            caller->id_len);
    }
    c->latest.sessions.known = summary->complete && summary->sessions_known;
    c->latest.sessions.n = summary->live_sessions;
    c->latest.tasks.known = summary->complete && summary->tasks_known;
    c->latest.tasks.n = summary->pending_tasks;
    c->in_census = false;
    c->on_counted(&c->latest, c->arg);
}

static void count_in_redis(struct callers_counter *c)
{
    const struct drain_conf *wait = &c->config->drain;
    if (!c->sweeper) {
        /* Without Redis there are no tasks and no sessions to wait for. */
        c->latest.tasks.known = true;
        c->latest.sessions.known = true;
    } else if (wait->wait_tasks || wait->wait_sessions) {
        const struct sweep_request census = {.census_only = true};
        c->in_census = sweeper_run(c->sweeper, &census, NULL, on_census, c, NULL) == 0;
        if (c->in_census)
            return;
        sweeper_cancel(c->sweeper);
    }
    c->on_counted(&c->latest, c->arg);
}

static void take(struct callers_counter *c, const struct sock_connections *list)
{
    struct sock_connections mine = {.items = reallocarray(NULL, list->n + 1, sizeof *mine.items)};
    if (!mine.items)
        return;
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i].inode != 0 || !c->leave_queue)
            mine.items[mine.n++] = list->items[i];
    }
    c->latest.connections.known = true;
    c->latest.connections.n = mine.n;
    cut_names(&mine, &c->connections);
    sock_connections_fini(&mine);
}

static void on_connections(const struct sock_connections *list, void *arg)
{
    struct callers_counter *c = arg;
    if (list)
        take(c, list);
    count_in_redis(c);
}

void callers_count(struct callers_counter *c)
{
    c->latest = (struct callers){0};
    strbuf_reset(&c->connections);
    if (c->config->drain.wait_connections)
        connections_ask(c->kernel, &c->question, on_connections, c);
    else
        count_in_redis(c);
}

void callers_names_json(const struct callers_counter *c, struct strbuf *out)
{
    strbuf_addf(out, "{\"connections\":[%s],\"tasks\":[%s],\"sessions\":[%s]}",
        strbuf_text(&c->connections), strbuf_text(&c->tasks), strbuf_text(&c->sessions));
}
