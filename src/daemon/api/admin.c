/* The admin listeners: opening, closing, and changing them with the configuration. */
#include "daemon/api/admin.h"

#include "daemon/api/api.h"
#include "daemon/api/stream.h"
#include "daemon/api/token.h"
#include "daemon/daemon.h"
#include "io/http/http_server.h"

#include <errno.h>
#include <stdlib.h>

struct listeners {
    struct endpoint endpoints[LIMIT_LISTEN];
    struct http_server *servers[LIMIT_LISTEN];
    unsigned n;
};

struct admin {
    struct daemon *daemon;
    struct http_server *control;
    struct listeners tcp;
};

static void handle(
    const struct http_server_request *request, struct http_server_answer *answer, void *arg)
{
    struct admin *a = arg;
    api_answer(a->daemon, request, answer);
}

static void listeners_close(struct listeners *l)
{
    for (unsigned i = 0; i < l->n; i++)
        http_server_free(l->servers[i]);
    l->n = 0;
}

/* The server of the same endpoint in `old`, taken out of it; NULL if there is none. */
static struct http_server *reuse(struct listeners *old, const struct endpoint *ep)
{
    for (unsigned i = 0; i < old->n; i++) {
        struct http_server *server = old->servers[i];
        if (server && endpoint_equal(&old->endpoints[i], ep)) {
            old->servers[i] = NULL;
            return server;
        }
    }
    return NULL;
}

/* Opens what is new first, so that a failure leaves the old ones untouched. */
static int open_new(
    struct admin *a, const struct config *config, struct listeners *fresh, struct err *e)
{
    for (unsigned i = 0; i < config->admin.n_listen; i++) {
        const struct endpoint *ep = &config->admin.listen[i];
        bool known = false;
        for (unsigned k = 0; k < a->tcp.n; k++)
            known = known || endpoint_equal(&a->tcp.endpoints[k], ep);
        fresh->endpoints[i] = *ep;
        fresh->servers[i] = known ? NULL : http_server_new_tcp(a->daemon->loop, ep, handle, a, e);
        fresh->n = i + 1;
        if (!known && !fresh->servers[i])
            return e->code ? e->code : -EIO;
    }
    return 0;
}

/* Nobody is let in by it yet, but whoever changes the configuration is to hear of it. */
static int check_token(const struct config *config, struct err *e)
{
    const char *path = config->admin.token_credential;
    return path ? token_check_file(path, e) : 0;
}

static int set_hosts(struct listeners *l, const struct config *config, struct err *e)
{
    int r = 0;
    for (unsigned i = 0; r == 0 && i < l->n; i++) {
        if (l->servers[i])
            r = http_server_set_hosts(l->servers[i], &config->admin.allowed_hosts);
    }
    return r == 0 ? 0 : err_sys(e, r, "setting AllowedHosts=");
}

static int configure(struct admin *a, const struct config *config, struct err *e)
{
    struct listeners fresh = {0};
    int r = open_new(a, config, &fresh, e);
    if (r == 0)
        r = set_hosts(&fresh, config, e);
    if (r == 0)
        r = set_hosts(&a->tcp, config, e);
    if (r < 0) {
        listeners_close(&fresh);
        return r;
    }
    for (unsigned i = 0; i < fresh.n; i++) {
        if (!fresh.servers[i])
            fresh.servers[i] = reuse(&a->tcp, &fresh.endpoints[i]);
    }
    listeners_close(&a->tcp);
    a->tcp = fresh;
    return 0;
}

int admin_configure(struct admin *a, const struct config *config, struct err *e)
{
    int r = check_token(config, e);
    return r < 0 ? r : configure(a, config, e);
}

struct admin *admin_new(struct daemon *d, struct err *e)
{
    struct admin *a = calloc(1, sizeof *a);
    if (!a) {
        err_sys(e, -ENOMEM, "opening the admin listeners");
        return NULL;
    }
    a->daemon = d;
    a->control = http_server_new_unix(d->loop, d->config->admin.control_socket, handle, a, e);
    if (!a->control || configure(a, d->config, e) < 0) {
        admin_free(a);
        return NULL;
    }
    /* Not worth an agent that is not served: until it is there, TCP only reads. */
    struct err token = {0};
    if (check_token(d->config, &token) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s; by TCP nothing can be changed", token.msg);
    return a;
}

void admin_end_streams(struct admin *a)
{
    stream_flush(a->daemon->stream);
    if (a->control)
        http_server_end_streams(a->control);
    for (unsigned i = 0; i < a->tcp.n; i++)
        http_server_end_streams(a->tcp.servers[i]);
}

void admin_free(struct admin *a)
{
    if (!a)
        return;
    admin_end_streams(a);
    http_server_free(a->control);
    listeners_close(&a->tcp);
    free(a);
}
