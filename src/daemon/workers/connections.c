/* Who is connected to the public listeners. */
#include "daemon/workers/connections.h"

#include "io/http/http_client.h"
#include "io/loop/job.h"
#include "io/loop/loop.h"

#include <stdlib.h>

/* What the other thread works with. It goes by itself, also when the loop ends first. */
struct look {
    struct connections *owner; /* NULL: nobody wants the answer any more */
    struct endpoint at[LIMIT_LISTEN];
    unsigned n_at;
    pid_t pids[LIMIT_WORKERS];
    size_t n_pids;
    usec_t began_at;
    struct sock_connections found;
    int result;
};

struct connections {
    struct loop *loop;
    struct http_client *http;
    const struct config *config;
    connections_owners_fn *owners;
    void *owners_arg;
    struct look *look; /* under way; NULL: none */
    bool telling;      /* what is asked meanwhile is for the next look */
    struct connections_question *open;
    struct sock_connections newest;
    usec_t newest_at; /* 0: none yet */
    bool known;
};

struct connections *connections_new(
    struct loop *l, struct http_client *http, const struct config *config)
{
    struct connections *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->loop = l;
    c->http = http;
    c->config = config;
    return c;
}

void connections_free(struct connections *c)
{
    if (!c)
        return;
    if (c->look)
        c->look->owner = NULL;
    sock_connections_fini(&c->newest);
    free(c);
}

void connections_configure(struct connections *c, const struct config *config)
{
    c->config = config;
}

void connections_of_owners(struct connections *c, connections_owners_fn *owners, void *arg)
{
    c->owners = owners;
    c->owners_arg = arg;
}

static struct look look_at(const struct connections *c)
{
    const struct config_agent *agent = &c->config->agent;
    struct look look = {.began_at = loop_now(), .n_at = agent->n_listen};
    for (unsigned i = 0; i < look.n_at; i++)
        look.at[i] = agent->listen[i];
    look.n_pids = c->owners ? c->owners(look.pids, c->owners_arg) : 0;
    return look;
}

/* Owners are found last: what was listed as accepted then is with its owner, or is gone. */
static void look_work(void *arg)
{
    struct look *look = arg;
    look->result = sock_diag_list(look->at, look->n_at, &look->found, NULL);
    sock_connections_find_owners(&look->found, look->pids, look->n_pids);
}

static void begin(struct connections *c);

/* A callback may ask again, or drop another's question. */
static void tell(struct connections *c)
{
    c->telling = true;
    for (;;) {
        struct connections_question **at = &c->open;
        while (*at && !(*at)->in_flight)
            at = &(*at)->next;
        if (!*at)
            break;
        struct connections_question *q = *at;
        connections_told_fn *on_told = q->on_told;
        *at = q->next;
        q->on_told = NULL;
        on_told(c->known ? &c->newest : NULL, q->arg);
    }
    c->telling = false;
}

static void look_done(void *arg)
{
    struct look *look = arg;
    struct connections *c = look->owner;
    if (!c) {
        sock_connections_fini(&look->found);
        free(look);
        return;
    }
    sock_connections_fini(&c->newest);
    c->newest = look->found;
    c->newest_at = look->began_at;
    c->known = look->result == 0;
    c->look = NULL;
    free(look);
    http_client_drop_own(c->http, &c->newest);
    tell(c);
    if (c->open)
        begin(c);
}

static void begin(struct connections *c)
{
    c->look = calloc(1, sizeof *c->look);
    if (!c->look)
        abort();
    *c->look = look_at(c);
    c->look->owner = c;
    for (struct connections_question *q = c->open; q; q = q->next)
        q->in_flight = true;
    job_run(c->loop, look_work, look_done, c->look);
}

void connections_ask(
    struct connections *c, struct connections_question *q, connections_told_fn *on_told, void *arg)
{
    connections_drop(c, q);
    *q = (struct connections_question){.on_told = on_told, .arg = arg, .next = c->open};
    c->open = q;
    if (!c->look && !c->telling)
        begin(c);
}

void connections_drop(struct connections *c, struct connections_question *q)
{
    struct connections_question **at = &c->open;
    while (*at && *at != q)
        at = &(*at)->next;
    if (*at)
        *at = q->next;
    q->on_told = NULL;
}

void connections_refresh(struct connections *c)
{
    if (!c->look && !c->telling)
        begin(c);
}

const struct sock_connections *connections_newest(const struct connections *c, usec_t *out_age)
{
    if (!c->known)
        return NULL;
    *out_age = usec_sub(loop_now(), c->newest_at);
    return &c->newest;
}

int connections_list_now(struct connections *c, struct sock_connections *out)
{
    struct look look = look_at(c);
    look_work(&look);
    if (look.result < 0)
        return look.result;
    http_client_drop_own(c->http, &look.found);
    *out = look.found;
    return 0;
}
