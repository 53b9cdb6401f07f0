/* Who calls now. */
#include "daemon/callers.h"

#include "base/text.h"
#include "daemon/cut.h"
#include "daemon/sweeper.h"
#include "io/sock_diag.h"

#include <stdlib.h>
#include <string.h>

struct callers_counter {
    struct sweeper *sweeper;
    const struct config *config;
    callers_counted_fn *on_counted;
    void *arg;
    bool in_census;
    bool leave_queue;
    struct callers latest;
    struct sock_connections connections;
    struct strbuf tasks; /* JSON arrays of ids, without the brackets */
    struct strbuf sessions;
};

struct callers_counter *callers_counter_new(
    const struct config *config, callers_counted_fn *on_counted, void *arg)
{
    struct callers_counter *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->config = config;
    c->on_counted = on_counted;
    c->arg = arg;
    return c;
}

void callers_counter_free(struct callers_counter *c)
{
    if (!c)
        return;
    sock_connections_fini(&c->connections);
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

void callers_connections(const struct config *config, struct callers *out)
{
    struct sock_connections found = {0};
    int r = sock_diag_list(config->agent.listen, config->agent.n_listen, &found, NULL);
    out->connections.known = r == 0;
    out->connections.n = found.n;
    sock_connections_fini(&found);
}

static void drop_queue(struct sock_connections *found)
{
    size_t n = 0;
    for (size_t i = 0; i < found->n; i++) {
        if (found->items[i].inode != 0)
            found->items[n++] = found->items[i];
    }
    found->n = n;
}

static void count_connections(struct callers_counter *c)
{
    sock_connections_fini(&c->connections);
    c->connections = (struct sock_connections){0};
    int r =
        sock_diag_list(c->config->agent.listen, c->config->agent.n_listen, &c->connections, NULL);
    if (c->leave_queue)
        drop_queue(&c->connections);
    c->latest.connections.known = r == 0;
    c->latest.connections.n = c->connections.n;
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

void callers_count(struct callers_counter *c)
{
    const struct drain_conf *wait = &c->config->drain;
    c->latest = (struct callers){0};
    if (wait->wait_connections)
        count_connections(c);
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

void callers_names_json(const struct callers_counter *c, struct strbuf *out)
{
    strbuf_adds(out, "{\"connections\":[");
    cut_names(&c->connections, out);
    strbuf_addf(out, "],\"tasks\":[%s],\"sessions\":[%s]}", strbuf_text(&c->tasks),
        strbuf_text(&c->sessions));
}
